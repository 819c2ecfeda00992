//===- LowerProducts.cpp - Products of warpgroups -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/check/ClosedForm.h"
#include "passes/lowering/RoleContext.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {

/// A panel of swizzle 128 has rows of 128 bytes; a wgmma takes 32 of them.
static constexpr int64_t kPanelRowBytes = 128;
static constexpr int64_t kStepBytes = 32;
/// Descriptors count in 16 bytes; 14 bits of address, then the leading offset, which a
/// swizzled K-major operand does not use.
static constexpr int64_t kUnit = 16;
static constexpr int64_t kAddressMask = (1 << 14) - 1;
static constexpr int64_t kLeadingOffset = 1 << 16;

/// Low word of the descriptor of shared memory's start, `stride` bytes further on for
/// each warpgroup. What is known is added inside the instruction.
static Value getDescriptor(RoleContext &context, int64_t stride) {
  return context.atTop("descriptor " + std::to_string(stride), [&](Emitter &emit) {
    Value address = emit.pointerToInt(context.shared());
    if (stride)
      address = emit.add(address, emit.mul(context.warpgroup(), stride));
    Value bits = emit.bitAnd(emit.shiftRight(address, 4), kAddressMask);
    return emit.bitOr(bits, kLeadingOffset);
  });
}

/// In units, of step `step` along K of an operand that begins at `row`.
static int64_t getStepOffset(RoleContext &context, Value buf, int64_t row, int64_t step) {
  auto type = cast<tile::BufType>(buf.getType());
  int64_t stepsOfPanel = kPanelRowBytes / kStepBytes;
  int64_t bytes = context.getOffset(buf) + row * kPanelRowBytes +
                  step / stepsOfPanel * type.getPanelBytes() + step % stepsOfPanel * kStepBytes;
  return bytes / kUnit;
}

static bool isProduct(Operation *op) { return isa_and_nonnull<tile::MmaOp>(op); }

/// The next op that is not a mere address.
static Operation *getNext(Operation *op) {
  Operation *next = op->getNextNode();
  while (isa_and_nonnull<tile::SlotBufOp>(next))
    next = next->getNextNode();
  return next;
}
static Operation *getPrevious(Operation *op) {
  Operation *previous = op->getPrevNode();
  while (isa_and_nonnull<tile::SlotBufOp>(previous))
    previous = previous->getPrevNode();
  return previous;
}

static void lowerMma(tile::MmaOp op, Emitter &emit, RoleContext &context) {
  // Neighbours are one group: the lag of a release counts groups.
  if (!isProduct(getPrevious(op)))
    emit.fenceMma();
  Registers acc = context.fragments.lookup(op.getAcc());
  bool splitsM = op.getSplit() == tile::Split::M;
  int64_t columns = cast<tile::FragType>(op.getAcc().getType()).getColumns();
  Value a = getDescriptor(context, splitsM ? 64 * kPanelRowBytes : 0);
  Value b = getDescriptor(context, splitsM ? 0 : columns * kPanelRowBytes);
  tile::BufType type = op.getA().getType();
  Value always = emit.i1(true);
  for (int64_t step = 0, steps = type.getRowBytes() / kStepBytes; step < steps; ++step) {
    Value scaleD = step == 0 && op.getAccumulate() ? op.getAccumulate() : always;
    auto wgmma =
        tile::PtxWgmmaOp::create(emit.builder, emit.loc, ValueRange(acc), a,
                                 int32_t(getStepOffset(context, op.getA(), op.getARow(), step)), b,
                                 int32_t(getStepOffset(context, op.getB(), op.getBRow(), step)),
                                 scaleD, type.getElementType());
    acc.assign(wgmma.getResults().begin(), wgmma.getResults().end());
  }
  context.fragments[op.getResult()] = acc;
  if (!isProduct(getNext(op)))
    emit.commitMma();
}

/// Waits of one place are one instruction: the first of them stands for all.
static void lowerMmaWait(tile::MmaWaitOp op, Emitter &emit, RoleContext &context) {
  if (context.fragments.contains(op.getResult()))
    return;
  SmallVector<tile::MmaWaitOp> waits;
  for (auto wait = op; wait && wait.getPending() == op.getPending();
       wait = dyn_cast_or_null<tile::MmaWaitOp>(wait->getNextNode()))
    waits.push_back(wait);
  if (op.getPending()) {
    emit.waitMma(op.getPending());
    for (tile::MmaWaitOp wait : waits)
      context.fragments[wait.getResult()] = Registers(context.fragments.lookup(wait.getAcc()));
    return;
  }
  // Tied: what reads the sums cannot come before.
  Registers all;
  for (tile::MmaWaitOp wait : waits)
    llvm::append_range(all, context.fragments.lookup(wait.getAcc()));
  auto tied = tile::PtxWgmmaWaitOp::create(emit.builder, emit.loc, ValueRange(all), 0u);
  ValueRange results = tied.getResults();
  for (tile::MmaWaitOp wait : waits) {
    size_t count = context.fragments.lookup(wait.getAcc()).size();
    context.fragments[wait.getResult()] = llvm::to_vector(results.take_front(count));
    results = results.drop_front(count);
  }
}

LogicalResult lowerProduct(Operation *op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op->getLoc());
  if (auto zero = dyn_cast<tile::ZeroOp>(op)) {
    int64_t count = zero.getType().getRegisters();
    Value value = zero.getUnread() ? emit.undefined(emit.f32Type()) : emit.f32(0);
    context.fragments[zero.getFrag()] = Registers(count, value);
  } else if (auto mma = dyn_cast<tile::MmaOp>(op)) {
    lowerMma(mma, emit, context);
  } else if (auto wait = dyn_cast<tile::MmaWaitOp>(op)) {
    lowerMmaWait(wait, emit, context);
  } else {
    auto half = cast<tile::HalfOp>(op);
    Registers whole = context.fragments.lookup(half.getFrag());
    ArrayRef<Value> part =
        ArrayRef<Value>(whole).slice(half.getWhich() * whole.size() / 2, whole.size() / 2);
    context.fragments[half.getResult()] = Registers(part.begin(), part.end());
  }
  return success();
}

} // namespace moec::lowering
