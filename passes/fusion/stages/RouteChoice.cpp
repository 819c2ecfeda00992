//===- RouteChoice.cpp - Each token's experts, destinations, positions ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A token a warp, the tokens of a share one after the other, so that the warp counts
// in registers how many went to each rank and knows each token's position within
// the share. Nothing is exchanged between warps.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/ExpertChoice.h"
#include "passes/fusion/stages/RouteStages.h"
#include "passes/fusion/stages/RoutingSpaces.h"
#include "passes/fusion/stages/TokenShares.h"

namespace moec::fusion {
using namespace mlir;
namespace {

class ChoiceStage {
public:
  explicit ChoiceStage(KernelBuilder &kernel)
      : kernel(kernel), step(kernel.step), layer(step.layer), topK(layer.router.topK),
        code(kernel.builder, kernel.loc) {}

  void write();

private:
  /// A list of f32 per expert in memory.
  LaneList loadExperts(Value address);
  LaneList loadLogits(Value token);
  LaneList findOwners(const LaneList &experts, Value token);
  void storeEntry(Value token, const LaneList &experts, const LaneList &owners,
                  const LaneList &weights);
  void report(Value token, const LaneList &experts, const LaneList &weights);
  LaneList findRepeated(const LaneList &ranks);
  /// Stores the places of a token's slots; returns the counts with the token.
  LaneList place(Value token, const LaneList &owners, LaneList counts);
  void storeSharedGate(Value token);
  /// Returns the counts with the token.
  LaneList chooseToken(Value token, LaneList counts);
  void chooseShare(Value share, Value first, Value end);

  KernelBuilder &kernel;
  const Step &step;
  const Layer &layer;
  uint32_t topK;
  WarpCode code;
  Value lane, maxTokens, rank;
};

//===----------------------------------------------------------------------===//
// Logits
//===----------------------------------------------------------------------===//

LaneList ChoiceStage::loadExperts(Value address) {
  LaneList values;
  uint32_t run = ExpertChoice::runOf(layer);
  if (run > 1) {
    constexpr uint32_t vector = 4;
    for (uint32_t i = 0; i < layer.experts / warpLanes; i += vector)
      for (Value word : code.loadVector(code.element(address, entryNumber(code, i, run), 4)))
        values.push_back(code.floatOf(word));
    return values;
  }
  Value last = code.i32(layer.experts - 1);
  for (uint32_t first = 0; first < layer.experts; first += warpLanes) {
    Value expert = code.add(lane, code.i32(first));
    if (first + warpLanes > layer.experts)
      expert = code.min(expert, last); // there is nothing beyond
    values.push_back(code.loadF32(code.element(address, expert, 4)));
  }
  return values;
}

LaneList ChoiceStage::loadLogits(Value token) {
  RouterCut cut(layer);
  uint64_t rowBytes = uint64_t(4) * cut.rowWords();
  Value logits = code.element(kernel.workspace(logitsSpace(layer)), token, cut.parts * rowBytes);
  LaneList values = loadExperts(logits);
  for (uint32_t part = 1; part < cut.parts; ++part) {
    logits = code.advance(logits, rowBytes);
    for (auto [value, more] : llvm::zip_equal(values, loadExperts(logits)))
      value = code.addFloat(value, more);
  }
  LaneList bias;
  if (layer.router.logitsBias)
    bias = loadExperts(kernel.weight(WeightRole::RouterBias));
  for (size_t i = 0; i < values.size(); ++i) {
    if (layer.router.logitsBias)
      values[i] = code.addFloat(values[i], bias[i]);
    values[i] = code.rounded(values[i], layer.router.logitsType);
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Entries of the route buffer
//===----------------------------------------------------------------------===//

/// Rank and local number of the copy that serves the token: (token + source) modulo
/// the copies, as every backend has it.
LaneList ChoiceStage::findOwners(const LaneList &experts, Value token) {
  LaneList owners;
  Value placement = kernel.placement();
  Value list = code.advance(placement, uint64_t(4) * (layer.experts + 1));
  for (Value expert : experts) {
    Value entry = code.element(placement, expert, 4);
    Value first = code.loadI32(entry), copies = code.sub(code.loadI32(entry, 4), first);
    Value copy = code.rem(code.add(token, rank), copies);
    owners.push_back(code.loadI32(code.element(list, code.add(first, copy), 4)));
  }
  return owners;
}

void ChoiceStage::storeEntry(Value token, const LaneList &experts, const LaneList &owners,
                             const LaneList &weights) {
  Value entry = code.element(kernel.buffer(step.buffers.routes), token, uint64_t(12) * topK);
  for (size_t i = 0; i < experts.size(); ++i)
    code.ifThen(isEntry(code, i, topK), [&] {
      Value word = code.element(entry, entryNumber(code, i), 4);
      code.store(experts[i], word);
      code.store(owners[i], word, uint64_t(4) * topK);
      code.store(weights[i], word, uint64_t(8) * topK);
    });
}

/// What the caller wants to know, where he does.
void ChoiceStage::report(Value token, const LaneList &experts, const LaneList &weights) {
  auto storeAll = [&](Value base, uint64_t size, llvm::function_ref<Value(size_t)> valueOf) {
    Value isWanted = code.notEqual(code.addressOf(base), code.i64(0));
    for (size_t i = 0; i < experts.size(); ++i)
      code.ifThen(code.bitAnd(isWanted, isEntry(code, i, topK)), [&] {
        Value row = code.element(base, token, topK * size);
        code.store(valueOf(i), code.element(row, entryNumber(code, i), size));
      });
  };
  storeAll(kernel.chosenExperts(), 8, [&](size_t i) { return code.widen(experts[i]); });
  storeAll(kernel.chosenWeights(), 4, [&](size_t i) { return weights[i]; });
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

/// For each slot: does an earlier slot of the token go to the same rank?
LaneList ChoiceStage::findRepeated(const LaneList &ranks) {
  if (ranks.size() == 1) {
    Value earlier = code.bitAnd(code.lanesWith(ranks[0]), code.lanesBelow());
    return {code.notEqual(earlier, code.i32(0))};
  }
  LaneList none(ranks.size(), code.i1(false));
  return code.forRange(
      code.i32(0), code.i32(topK), code.i32(1), none, [&](Value earlier, ValueRange now) {
        LaneList next;
        Value there = entryAt(code, ranks, earlier);
        for (size_t i = 0; i < ranks.size(); ++i) {
          Value isSame =
              code.bitAnd(code.less(earlier, entryNumber(code, i)), code.equal(there, ranks[i]));
          next.push_back(code.bitOr(now[i], isSame));
        }
        return next;
      });
}

LaneList ChoiceStage::place(Value token, const LaneList &owners, LaneList counts) {
  LaneList ranks;
  for (Value owner : owners)
    ranks.push_back(code.shiftRight(owner, code.i32(16)));
  LaneList repeated = findRepeated(ranks);
  Value places = code.element(kernel.workspace(placesSpace(layer)), token, uint64_t(4) * topK);
  LaneList sent(counts.size(), code.i32(0)); // bits of ranks
  for (size_t i = 0; i < ranks.size(); ++i) {
    Value position = entryOfLane(code, counts, ranks[i]);
    Value word = code.select(repeated[i], code.i32(noPlace), position);
    code.ifThen(isEntry(code, i, topK),
                [&] { code.store(word, code.element(places, entryNumber(code, i), 4)); });
    Value bit = code.shiftLeft(code.i32(1), code.bitAnd(ranks[i], code.i32(31)));
    for (size_t j = 0; j < sent.size(); ++j) {
      Value isHere = code.equal(code.shiftRight(ranks[i], code.i32(5)), code.i32(int64_t(j)));
      isHere = code.bitAnd(isHere, isEntry(code, i, topK));
      sent[j] = code.bitOr(sent[j], code.select(isHere, bit, code.i32(0)));
    }
  }
  for (size_t j = 0; j < sent.size(); ++j) {
    Value isSent = code.bitAnd(code.shiftRight(code.warpOr(sent[j]), lane), code.i32(1));
    counts[j] = code.add(counts[j], isSent);
  }
  return counts;
}

//===----------------------------------------------------------------------===//
// The stage
//===----------------------------------------------------------------------===//

/// sigmoid(ws . x) of the shared expert.
void ChoiceStage::storeSharedGate(Value token) {
  constexpr uint64_t vectorBytes = 16;
  uint64_t vectors = step.tokenPitch() / vectorBytes;
  Value row = code.element(kernel.buffer(step.buffers.tokens), token, step.tokenPitch());
  Value scale = kernel.weight(WeightRole::SharedScale);
  Value rounds = code.i32(int64_t((vectors + warpLanes - 1) / warpLanes));
  Value sum = code.forRange(code.i32(0), rounds, code.i32(1), code.f32(0),
                            [&](Value round, ValueRange sums) {
                              Value vector = code.add(code.mul(round, code.i32(warpLanes)), lane);
                              Value isThere = code.less(vector, code.i32(int64_t(vectors)));
                              Value place = code.min(vector, code.i32(int64_t(vectors) - 1));
                              LaneList a = code.loadVector(code.element(row, place, vectorBytes));
                              LaneList b = code.loadVector(code.element(scale, place, vectorBytes));
                              Value sum = sums[0];
                              for (auto [x, w] : llvm::zip_equal(a, b)) {
                                auto [x0, x1] = code.floatsOf(code.select(isThere, x, code.i32(0)));
                                auto [w0, w1] = code.floatsOf(w);
                                sum = code.addFloat(sum, code.mulFloat(x0, w0));
                                sum = code.addFloat(sum, code.mulFloat(x1, w1));
                              }
                              return LaneList{sum};
                            })[0];
  Value gate = code.sigmoid(code.warpSumFloat(sum));
  Value target = code.element(kernel.workspace(sharedGateSpace()), token, 4);
  code.ifThen(code.equal(lane, code.i32(0)), [&] { code.store(gate, target); });
}

void ChoiceStage::write() {
  Value state = kernel.state();
  lane = code.lane();
  maxTokens = code.loadI32(state, offsetof(RankState, maxTokens));
  rank = code.loadI32(state, offsetof(RankState, rank));

  TokenShares shares(code, state);
  Value share = shares.own(code.stageWarp());
  Value first = shares.first(share), end = shares.end(share);
  code.ifThen(code.less(first, end), [&] { chooseShare(share, first, end); });
}

LaneList ChoiceStage::chooseToken(Value token, LaneList counts) {
  LaneList logits = loadLogits(token), bias;
  if (layer.router.selectionBias) // again for each token: registers are scarcer than loads
    bias = loadExperts(kernel.weight(WeightRole::SelectionBias));
  auto [experts, weights] = ExpertChoice(code, layer, bias).choose(logits);
  LaneList owners = findOwners(experts, token);
  storeEntry(token, experts, owners, weights);
  report(token, experts, weights);
  if (layer.shared && layer.shared->gate)
    storeSharedGate(token);
  return place(token, owners, std::move(counts));
}

/// Of a share with tokens: the loop needs no look before its first turn.
void ChoiceStage::chooseShare(Value share, Value first, Value end) {
  LaneList carried(1 + laneValues(step.ranks), code.i32(0));
  carried[0] = first;
  carried = code.whileTrue(
      carried, [&](ValueRange now) { return code.less(now[0], end); },
      [&](ValueRange now) {
        LaneList next = {code.add(now[0], code.i32(1))};
        next.append(chooseToken(now[0], LaneList(now.drop_front())));
        return next;
      });
  LaneList counts(llvm::drop_begin(carried));
  Value own = code.element(kernel.workspace(sharesSpace(step.ranks)), share, 4);
  Value pitch = code.shiftLeft(maxTokens, code.i32(2));
  for (size_t i = 0; i < counts.size(); ++i) {
    code.ifThen(isEntry(code, i, step.ranks), [&] {
      Value row = code.mul(code.widen(entryNumber(code, i)), code.widen(pitch));
      code.store(counts[i], code.advance(own, row));
    });
  }
}

} // namespace

void buildChoice(KernelBuilder &kernel) {
  kernel.startStage("choose");
  kernel.role("choose", firstStageWarp, firstStageWarp + stageWarps - 1,
              [&] { ChoiceStage(kernel).write(); });
}

} // namespace moec::fusion
