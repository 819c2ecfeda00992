//===- DispatchSend.cpp - Rows and records to the ranks that need them ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A warp takes a part of a token's row, reads it once and stores it to each rank in
// turn, straight into the region that this rank fills there. Neighbouring warps have
// different tokens with different ranks, so all links are busy; the parts spread few
// tokens over the CTA.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/DispatchParts.h"
#include "passes/fusion/stages/LaneList.h"
#include "passes/fusion/stages/LoadQueue.h"
#include "passes/fusion/stages/RoutingSpaces.h"
#include "passes/fusion/stages/TokenShares.h"

namespace moec::fusion {
using namespace mlir;
namespace {

constexpr uint32_t vectorBytes = 16;
/// Vectors of a row that a lane has in flight: 2 KiB a warp.
constexpr uint32_t vectorsInFlight = 4;

class Send {
public:
  Send(KernelBuilder &kernel, WarpCode &code, StepState &state)
      : kernel(kernel), step(kernel.step), code(code), state(state), shares(code, kernel.state()),
        topK(step.layer.router.topK), lane(code.lane()), warp(code.stageWarp()) {}

  void write();

private:
  void writeBases();
  void writeBasesFor(Value peer);
  /// A token's slots, and to which position of which rank each is the first to go.
  struct Targets {
    LaneList owners, ranks;
    LaneList records;         ///< addresses at the rank, of the row or of the record
    SmallVector<Value> masks; ///< lanes with a first slot, by value of the lists
  };
  Targets loadTargets(Value token, Value share, Value isRow);
  /// For each rank that the token goes to, once: `body` with where the row or the record
  /// goes, and the rank.
  void forTargets(const Targets &targets, llvm::function_ref<void(Value target, Value peer)> body);
  void sendItem(Value item);
  void sendPart(Value token, Value part, const Targets &targets);
  void sendRecords(Value token, const Targets &targets);
  void storeRecord(Value record, Value token, Value peer, const Targets &targets,
                   const LaneList &weights);
  void signal();

  uint32_t vectors() const { return uint32_t(step.tokenPitch() / vectorBytes); }
  /// Of a token: parts of its row, and its records.
  uint32_t rowParts() const {
    return (vectors() + vectorsInFlight * warpLanes - 1) / (vectorsInFlight * warpLanes);
  }

  KernelBuilder &kernel;
  const Step &step;
  WarpCode &code;
  StepState &state;
  TokenShares shares;
  uint32_t topK;
  Value lane, warp;
};

//===----------------------------------------------------------------------===//
// Where each share's tokens begin
//===----------------------------------------------------------------------===//

/// A warp a rank: sums of the counts before each share of this CTA, and of all.
void Send::writeBasesFor(Value peer) {
  Value counts = kernel.workspace(sharesSpace(step.ranks));
  counts = code.element(counts, code.mul(code.widen(peer), code.widen(state.maxTokens)), 4);
  LaneList own; // shares of the CTA's warps, then the end
  for (unsigned i = 0; i < stageWarps; ++i)
    own.push_back(shares.own(code.i32(i)));
  own.push_back(shares.count);
  auto shareOf = [&](Value round) { return code.add(code.mul(round, code.i32(warpLanes)), lane); };
  auto load = [&](Value round) {
    Value known = code.min(shareOf(round), code.sub(shares.count, code.i32(1)));
    return LaneList{code.loadI32(code.element(counts, known, 4))};
  };
  auto add = [&](Value round, ValueRange count, ValueRange now) {
    LaneList next(now);
    for (auto [sum, end] : llvm::zip_equal(next, own)) {
      Value isBefore = code.less(shareOf(round), end);
      sum = code.add(sum, code.select(isBefore, count[0], code.i32(0)));
    }
    return next;
  };
  Value rounds = code.divUp(shares.count, code.i32(warpLanes));
  LaneList sums(own.size(), code.i32(0));
  sums = LoadQueue().run(code, rounds, sums, load, add);
  Value base = code.i32(0), share = code.i32(0);
  for (unsigned i = 0; i < stageWarps; ++i) {
    Value isMine = code.equal(lane, code.i32(i));
    base = code.select(isMine, code.warpSum(sums[i]), base);
    share = code.select(isMine, own[i], share);
  }
  Value all = code.warpSum(sums.back());
  Value bases = kernel.workspace(basesSpace(step.ranks));
  Value isUsed = code.bitAnd(code.less(lane, code.i32(stageWarps)), code.less(share, shares.count));
  code.ifThen(isUsed, [&] {
    Value place = code.add(code.mul(code.widen(share), code.i64(step.ranks)), code.widen(peer));
    code.store(base, code.element(bases, place, 4));
  });
  Value sent = code.element(kernel.workspace(sentSpace(step.ranks)), peer, 4);
  Value isTeller = code.equal(code.bitOr(code.cta(), lane), code.i32(0));
  code.ifThen(isTeller, [&] { code.store(all, sent); });
}

void Send::writeBases() {
  code.forRange(warp, code.i32(step.ranks), code.i32(stageWarps), ValueRange(),
                [&](Value peer, ValueRange) {
                  writeBasesFor(peer);
                  return LaneList();
                });
  code.syncStage();
}

//===----------------------------------------------------------------------===//
// Rows and records
//===----------------------------------------------------------------------===//

Send::Targets Send::loadTargets(Value token, Value share, Value isRow) {
  uint64_t rowBytes = step.tokenPitch(), recordBytes = uint64_t(4) * step.recordWords();
  Value region = code.select(isRow, state.ownRegion(step.buffers.received, rowBytes),
                             state.ownRegion(step.buffers.records, recordBytes));
  Value size = code.select(isRow, code.i32(int64_t(rowBytes)), code.i32(int64_t(recordBytes)));
  Value entry = code.element(kernel.buffer(step.buffers.routes), token, uint64_t(12) * topK);
  entry = code.advance(entry, uint64_t(4) * topK);
  Value places = code.element(kernel.workspace(placesSpace(step.layer)), token, uint64_t(4) * topK);
  Value bases =
      code.element(kernel.workspace(basesSpace(step.ranks)), share, uint64_t(4) * step.ranks);
  Targets targets;
  for (uint32_t i = 0; i < laneValues(topK); ++i) {
    Value slot = code.min(entryNumber(code, i), code.i32(topK - 1));
    Value owner = code.loadI32(code.element(entry, slot, 4));
    Value place = code.loadI32(code.element(places, slot, 4));
    Value rank = code.shiftRight(owner, code.i32(16));
    Value isFirst = code.bitAnd(isEntry(code, i, topK), code.notEqual(place, code.i32(noPlace)));
    targets.owners.push_back(owner);
    targets.ranks.push_back(rank);
    Value position = code.add(place, code.loadI32(code.element(bases, rank, 4)));
    Value bytes = code.mul(code.widen(position), code.widen(size));
    targets.records.push_back(code.add(code.add(state.heapOf(rank), region), bytes));
    targets.masks.push_back(code.ballot(isFirst));
  }
  return targets;
}

void Send::forTargets(const Targets &targets, llvm::function_ref<void(Value, Value)> body) {
  for (size_t i = 0; i < targets.masks.size(); ++i)
    code.whileTrue(
        targets.masks[i], [&](ValueRange mask) { return code.notEqual(mask[0], code.i32(0)); },
        [&](ValueRange mask) {
          Value from = code.lowestBit(mask[0]);
          Value target = code.toPointer(code.fromLane64(targets.records[i], from));
          body(target, code.fromLane(targets.ranks[i], from));
          return LaneList{code.bitAnd(mask[0], code.sub(mask[0], code.i32(1)))};
        });
}

void Send::sendPart(Value token, Value part, const Targets &targets) {
  constexpr uint32_t partVectors = vectorsInFlight * warpLanes;
  bool isRagged = vectors() % partVectors != 0; // the last part is not whole
  Value first = code.add(code.mul(part, code.i32(partVectors)), lane);
  Value row = code.element(kernel.buffer(step.buffers.tokens), token, step.tokenPitch());
  LaneList isThere;
  SmallVector<LaneList> words;
  for (uint32_t i = 0; i < vectorsInFlight; ++i) {
    Value vector = code.add(first, code.i32(i * warpLanes));
    Value known = isRagged ? code.min(vector, code.i32(vectors() - 1)) : vector;
    isThere.push_back(isRagged ? code.less(vector, code.i32(vectors())) : code.i1(true));
    words.push_back(code.loadVector(code.element(row, known, vectorBytes)));
  }
  forTargets(targets, [&](Value target, Value) {
    Value place = code.element(target, first, vectorBytes);
    for (uint32_t i = 0; i < vectorsInFlight; ++i)
      code.ifThen(isThere[i], [&] {
        code.storeVector(words[i], code.advance(place, uint64_t(i) * warpLanes * vectorBytes));
      });
  });
}

/// {token, count, slots and local experts, weights}, zero behind `count`.
void Send::storeRecord(Value record, Value token, Value peer, const Targets &targets,
                       const LaneList &weights) {
  Value count = code.i32(0);
  LaneList numbers, isHere;
  for (size_t i = 0; i < targets.ranks.size(); ++i) {
    isHere.push_back(code.bitAnd(isEntry(code, i, topK), code.equal(targets.ranks[i], peer)));
    Value mask = code.ballot(isHere[i]);
    Value below = code.countBits(code.bitAnd(mask, code.lanesBelow()));
    numbers.push_back(code.add(count, below));
    count = code.add(count, code.countBits(mask));
  }
  Value entries = code.advance(record, 8);
  for (size_t i = 0; i < targets.ranks.size(); ++i) {
    Value slot = entryNumber(code, i);
    code.ifThen(isHere[i], [&] {
      Value local = code.bitAnd(targets.owners[i], code.i32(0xffff));
      Value word = code.element(entries, numbers[i], 4);
      code.store(code.bitOr(code.shiftLeft(slot, code.i32(16)), local), word);
      code.store(weights[i], word, uint64_t(4) * topK);
    });
    Value isEmpty = code.bitAnd(isEntry(code, i, topK), code.atLeast(slot, count));
    code.ifThen(isEmpty, [&] {
      Value word = code.element(entries, slot, 4);
      code.store(code.i32(0), word);
      code.store(code.i32(0), word, uint64_t(4) * topK);
    });
  }
  code.ifThen(code.equal(lane, code.i32(0)), [&] {
    code.store(token, record);
    code.store(count, record, 4);
  });
}

void Send::sendRecords(Value token, const Targets &targets) {
  Value entry = code.element(kernel.buffer(step.buffers.routes), token, uint64_t(12) * topK);
  LaneList weights;
  for (size_t i = 0; i < targets.ranks.size(); ++i) {
    Value slot = code.min(entryNumber(code, i), code.i32(topK - 1));
    weights.push_back(code.loadI32(code.element(entry, slot, 4), uint64_t(8) * topK));
  }
  forTargets(targets,
             [&](Value record, Value peer) { storeRecord(record, token, peer, targets, weights); });
}

/// An item is a part of a row, or the records, of a token of one of the CTA's shares.
void Send::sendItem(Value item) {
  Value parts = code.i32(rowParts() + 1);
  Value part = code.rem(item, parts), number = code.div(item, parts);
  Value share = shares.own(code.div(number, shares.length));
  Value token = code.add(shares.first(share), code.rem(number, shares.length));
  code.ifThen(code.less(token, shares.tokens), [&] {
    Value isRow = code.less(part, code.i32(rowParts()));
    Targets targets = loadTargets(token, share, isRow);
    code.ifElse(
        isRow,
        [&] {
          sendPart(token, part, targets);
          return LaneList();
        },
        [&] {
          sendRecords(token, targets);
          return LaneList();
        });
  });
}

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

/// The last CTA tells every rank how many tokens it got, none included: a lane a rank.
void Send::signal() {
  code.syncStage(); // all stores of this CTA
  Value counter = kernel.workspace({"dispatch_counter", Extent{.constant = 4}});
  Value sent = kernel.workspace(sentSpace(step.ranks));
  code.ifThen(code.equal(warp, code.i32(0)), [&] {
    Value isLast = tile::ArriveOp::create(code.builder, code.loc, code.builder.getI1Type(), counter,
                                          code.ctas());
    code.syncWarp(); // one lane has arrived, all go on
    for (uint32_t i = 0; i < laneValues(step.ranks); ++i)
      code.ifThen(code.bitAnd(isLast, isEntry(code, i, step.ranks)), [&] {
        Value peer = entryNumber(code, i);
        Value count = code.loadI32(code.element(sent, peer, 4));
        tile::SignalOp::create(code.builder, code.loc, state.cellAt(step.rowsFlag, peer),
                               state.epoch, count);
      });
  });
}

void Send::write() {
  writeBases();
  Value items = code.mul(shares.length, code.i32(stageWarps * (rowParts() + 1)));
  code.forRange(warp, items, code.i32(stageWarps), ValueRange(), [&](Value item, ValueRange) {
    sendItem(item);
    return LaneList();
  });
  signal();
}

} // namespace

void writeSend(KernelBuilder &kernel, WarpCode &code, StepState &state) {
  Send(kernel, code, state).write();
}

} // namespace moec::fusion
