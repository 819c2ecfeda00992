//===- Reduce.cpp - A token's result from its rows ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In f32, slot after slot, the shared expert last: the order is the token's own, so
// that the bits do not depend on how many ranks there are. A warp takes a part of a
// token's row; the vectors of all slots of a batch are in flight at once.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/LaneList.h"
#include "passes/fusion/stages/StepState.h"

namespace moec::fusion {
using namespace mlir;
namespace {

constexpr uint32_t vectorBytes = 16;
/// Slots whose vectors are in flight.
constexpr uint32_t slotsInFlight = 8;

class Reduce {
public:
  Reduce(KernelBuilder &kernel, WarpCode &code)
      : kernel(kernel), step(kernel.step), layer(step.layer), code(code), state(kernel, code),
        topK(layer.router.topK), lane(code.lane()), warp(code.stageWarp()) {}

  void write();

private:
  void sumPart(Value token, Value part);
  LaneList addSlots(LaneList sums, Value row, Value firstSlot, uint32_t count);
  LaneList addShared(LaneList sums, Value token, Value bytes);
  LaneList addResidual(LaneList sums, Value token, Value bytes);
  void storeResult(const LaneList &sums, Value token, Value bytes);
  /// Is the vector `bytes` into a row of f32 still in it? A piece of bf16 may be longer
  /// than what is left of one.
  Value isInRow(Value bytes) { return code.less(bytes, code.i64(int64_t(step.resultPitch()))); }
  void endStep();

  /// Elements of one vector of a row that comes back, the piece of a lane.
  uint32_t pieceElements() const { return layer.combineType == DType::F32 ? 4 : 8; }
  uint32_t pieces() const { return uint32_t(step.returnedPitch() / vectorBytes); }
  LaneList floatsOf(const LaneList &words);

  KernelBuilder &kernel;
  const Step &step;
  const Layer &layer;
  WarpCode &code;
  StepState state;
  uint32_t topK;
  Value lane, warp;
};

LaneList Reduce::floatsOf(const LaneList &words) {
  LaneList floats;
  for (Value word : words) {
    switch (layer.combineType) {
    case DType::F32:
      floats.push_back(code.floatOf(word));
      break;
    case DType::BF16: {
      auto [low, high] = code.floatsOf(word);
      floats.append({low, high});
      break;
    }
    }
  }
  return floats;
}

/// `row` is this lane's piece of the token's first slot.
LaneList Reduce::addSlots(LaneList sums, Value row, Value firstSlot, uint32_t count) {
  SmallVector<LaneList> pieces;
  for (uint32_t i = 0; i < count; ++i) {
    Value slot = code.add(firstSlot, code.i32(i));
    pieces.push_back(code.loadVector(code.element(row, slot, step.returnedPitch())));
  }
  for (const LaneList &piece : pieces)
    for (auto [sum, value] : llvm::zip_equal(sums, floatsOf(piece)))
      sum = code.addFloat(sum, value);
  return sums;
}

/// `bytes`: of this lane's piece in an f32 row.
LaneList Reduce::addShared(LaneList sums, Value token, Value bytes) {
  Value row = code.element(kernel.buffer(*step.buffers.shared), token, step.resultPitch());
  for (size_t first = 0; first < sums.size(); first += vectorBytes / 4) {
    Value place = code.add(bytes, code.i64(int64_t(4 * first)));
    place = code.min(place, code.i64(int64_t(step.resultPitch() - vectorBytes)));
    LaneList words = code.loadVector(code.advance(row, place));
    for (size_t i = 0; i < words.size(); ++i)
      sums[first + i] = code.addFloat(sums[first + i], code.floatOf(words[i]));
  }
  return sums;
}

/// The token's own row, bf16: four elements at a time, so half as far into the row.
LaneList Reduce::addResidual(LaneList sums, Value token, Value bytes) {
  Value row = code.element(kernel.buffer(step.buffers.tokens), token, step.tokenPitch());
  Value half = code.div(code.narrow(bytes), code.i32(2));
  for (size_t first = 0; first < sums.size(); first += 4) {
    Value place = code.add(half, code.i32(int64_t(2 * first)));
    place = code.min(place, code.i32(int64_t(step.tokenPitch() - 8)));
    Value four = code.loadI64(code.advance(row, code.widen(place)));
    for (size_t i = 0; i < 4; i += 2) {
      Value word = code.narrow(i ? code.shiftRight(four, code.i64(32)) : four);
      auto [low, high] = code.floatsOf(word);
      sums[first + i] = code.addFloat(sums[first + i], low);
      sums[first + i + 1] = code.addFloat(sums[first + i + 1], high);
    }
  }
  return sums;
}

void Reduce::storeResult(const LaneList &sums, Value token, Value bytes) {
  Value row = code.element(kernel.buffer(step.buffers.result), token, step.resultPitch());
  for (size_t first = 0; first < sums.size(); first += vectorBytes / 4) {
    LaneList words;
    for (Value sum : ArrayRef<Value>(sums).slice(first, vectorBytes / 4))
      words.push_back(code.bitsOf(sum));
    Value place = code.add(bytes, code.i64(int64_t(4 * first)));
    code.ifThen(isInRow(place), [&] { code.storeVector(words, code.advance(row, place)); });
  }
}

void Reduce::sumPart(Value token, Value part) {
  Value piece = code.add(code.mul(part, code.i32(warpLanes)), lane);
  code.ifThen(code.less(piece, code.i32(pieces())), [&] {
    Value firstRow = code.mul(code.widen(token), code.i64(topK));
    Value region = code.mul(code.widen(state.returnedRegion()),
                            code.mul(code.widen(state.maxTokens), code.i64(topK)));
    Value row = code.element(kernel.buffer(step.buffers.returned), code.add(region, firstRow),
                             step.returnedPitch());
    row = code.element(row, piece, vectorBytes);
    LaneList sums(pieceElements(), code.f32(0));
    uint32_t batched = topK / slotsInFlight * slotsInFlight;
    if (batched > slotsInFlight)
      sums = code.forRange(code.i32(0), code.i32(batched), code.i32(slotsInFlight), sums,
                           [&](Value slot, ValueRange now) {
                             return addSlots(LaneList(now), row, slot, slotsInFlight);
                           });
    else if (batched)
      sums = addSlots(sums, row, code.i32(0), batched);
    if (batched < topK)
      sums = addSlots(sums, row, code.i32(batched), topK - batched);
    Value bytes = code.mul(code.widen(piece), code.i64(4 * pieceElements()));
    if (step.buffers.shared)
      sums = addShared(sums, token, bytes);
    if (layer.residual)
      sums = addResidual(sums, token, bytes);
    storeResult(sums, token, bytes);
  });
}

/// The last CTA ends the step: nobody reads its number any more.
void Reduce::endStep() {
  code.syncStage();
  Value counter = kernel.workspace({"reduce_counter", Extent{.constant = 4}});
  code.ifThen(code.equal(warp, code.i32(0)), [&] {
    Value isLast = tile::ArriveOp::create(code.builder, code.loc, code.builder.getI1Type(), counter,
                                          code.ctas());
    code.syncWarp(); // one lane has arrived, all go on
    code.ifThen(code.bitAnd(isLast, code.equal(lane, code.i32(0))),
                [&] { code.store(state.epoch, kernel.state(), offsetof(RankState, step)); });
  });
}

void Reduce::write() {
  code.ifThen(code.equal(warp, code.i32(0)), [&] { state.waitForAll(step.returnedFlag); });
  code.syncStage();
  uint32_t parts = laneValues(pieces());
  // Neighbouring items are on different CTAs: few tokens meet many.
  Value first = code.add(code.mul(warp, code.ctas()), code.cta());
  Value warps = code.mul(code.ctas(), code.i32(stageWarps));
  Value items = code.mul(state.tokens, code.i32(parts));
  code.forRange(first, items, warps, ValueRange(), [&](Value item, ValueRange) {
    sumPart(code.div(item, code.i32(parts)), code.rem(item, code.i32(parts)));
    return LaneList();
  });
  endStep();
}

} // namespace

LogicalResult buildReduce(KernelBuilder &kernel) {
  kernel.startStage("reduce");
  kernel.role("reduce", firstStageWarp, firstStageWarp + stageWarps - 1, [&] {
    WarpCode code(kernel.builder, kernel.loc);
    Reduce(kernel, code).write();
  });
  return success();
}

} // namespace moec::fusion
