//===- LowerPipes.cpp - Slots become barriers -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/check/ClosedForm.h"
#include "passes/lowering/RoleContext.h"

using namespace mlir;

namespace moec::lowering {

/// What the TMA loads of this role bring into the acquired slot.
static int64_t getLoadedBytes(tile::AcquireOp acquire) {
  int64_t bytes = 0;
  for (Operation *user : acquire->getUsers())
    if (auto buf = dyn_cast<tile::SlotBufOp>(user))
      for (Operation *access : buf->getUsers())
        if (isa<tile::LoadOp>(access))
          bytes += buf.getBuf().getType().getBytes();
  return bytes;
}

static void arrive(Emitter &emit, Value who, Value condition, Value barrier) {
  Value predicate = condition ? emit.bitAnd(who, condition) : who;
  tile::PtxArriveIfOp::create(emit.builder, emit.loc, predicate, barrier);
}

static LogicalResult lowerCommit(tile::CommitOp op, Emitter &emit, RoleContext &context) {
  SlotPlace slot = getSlotPlace(op);
  SlotAccess use = context.uses.of(slot.pipe.getPipe());
  if (use.tensorLoads && (use.copies || use.puts))
    return op.emitError() << kUnsupported << "a role that fills a slot by TMA and by its threads";
  // The bytes of TMA complete the phase; the arrive came with the acquire.
  if (use.tensorLoads)
    return success();
  arrive(emit, context.isLaneZero(), op.getCondition(), context.getFullBarrier(emit, slot));
  // Or ptxas takes the lanes for parted from here on, in the ring of the next tile too.
  if (use.puts)
    emit.warpSync();
  return success();
}

static void lowerRelease(tile::ReleaseOp op, Emitter &emit, RoleContext &context) {
  SlotPlace slot = getSlotPlace(op);
  SlotAccess use = context.uses.of(slot.pipe.getPipe());
  Value barrier = context.getEmptyBarrier(emit, slot);
  if (use.stores)
    return emit.arrive(barrier); // of the thread that stored
  arrive(emit, use.products ? context.leadsWarpgroup() : context.isLaneZero(), op.getCondition(),
         barrier);
}

LogicalResult lowerPipeOp(Operation *op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op->getLoc());
  SlotPlace slot = getSlotPlace(op);
  if (auto acquire = dyn_cast<tile::AcquireOp>(op)) {
    emit.waitBarrier(context.getEmptyBarrier(emit, slot), acquire.getPhase());
    if (int64_t bytes = getLoadedBytes(acquire))
      emit.arriveExpecting(context.getFullBarrier(emit, slot), bytes);
  } else if (auto wait = dyn_cast<tile::WaitOp>(op)) {
    emit.waitBarrier(context.getFullBarrier(emit, slot), wait.getPhase());
  } else if (auto commit = dyn_cast<tile::CommitOp>(op)) {
    return lowerCommit(commit, emit, context);
  } else {
    lowerRelease(cast<tile::ReleaseOp>(op), emit, context);
  }
  return success();
}

} // namespace moec::lowering
