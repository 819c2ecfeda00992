//===- PhaseTable.cpp - Which phase each pipe of a role is in -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/PhaseTable.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/Emitter.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {

bool fillsSlots(Operation *op) {
  if (auto ring = dyn_cast<tile::RingOp>(op))
    return llvm::any_of(ring.getTicket().getUsers(), llvm::IsaPred<tile::AcquireOp>);
  return isa<tile::AcquireOp>(op);
}

/// The pipe that an op moves on, if any.
static Value getMovedPipe(Operation *op) {
  if (auto ring = dyn_cast<tile::RingOp>(op))
    return ring.getPipe();
  if (isa<tile::AcquireOp, tile::WaitOp>(op) && isa<tile::PipeType>(op->getOperand(0).getType()))
    return op->getOperand(0);
  return Value();
}

PhaseTable::Entry *PhaseTable::find(Value pipe, bool fills) {
  auto *found = llvm::find_if(
      entries, [&](const Entry &entry) { return entry.pipe == pipe && entry.fills == fills; });
  return found == entries.end() ? nullptr : found;
}

LogicalResult PhaseTable::note(Operation *op) {
  Value pipe = getMovedPipe(op);
  if (!pipe)
    return success();
  RingShape shape{1, cast<tile::PipeType>(pipe.getType()).getSlots()};
  if (auto ring = dyn_cast<tile::RingOp>(op))
    shape.count = ring.getCount();
  bool fills = fillsSlots(op);
  Entry *known = find(pipe, fills);
  if (!known) {
    entries.push_back({pipe, fills, shape, {}});
    return success();
  }
  if (known->shape.rest() != shape.rest())
    return op->emitError() << kUnsupported << "rings of " << known->shape.count << " and "
                           << shape.count << " blocks in a pipe of " << shape.slots << " slots";
  return success();
}

LogicalResult PhaseTable::collect(Operation *role, OpBuilder &builder) {
  WalkResult result = role->walk<WalkOrder::PreOrder>([&](Operation *op) {
    return failed(note(op)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  Emitter emit(builder, role->getLoc());
  for (Entry &entry : entries) {
    entry.phases.late = emit.i32(entry.fills);
    if (entry.shape.rest())
      entry.phases.early = emit.i32(entry.fills);
  }
  return success();
}

Phases &PhaseTable::at(Value pipe, bool fills) { return find(pipe, fills)->phases; }

bool PhaseTable::usesPipe(Operation *op) {
  return op
      ->walk([](Operation *below) {
        return getMovedPipe(below) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

SmallVector<Value *> PhaseTable::usedBelow(Operation *op) {
  SmallVector<Value *> values;
  for (Entry &entry : entries) {
    bool used = false;
    op->walk([&](Operation *below) {
      used |= getMovedPipe(below) == entry.pipe && fillsSlots(below) == entry.fills;
    });
    if (used && entry.phases.early)
      values.push_back(&entry.phases.early);
    if (used)
      values.push_back(&entry.phases.late);
  }
  return values;
}

} // namespace moec::lowering
