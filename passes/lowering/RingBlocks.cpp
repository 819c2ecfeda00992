//===- RingBlocks.cpp - The blocks of one ring, slots static --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/RingBlocks.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/RolledRing.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {

RingShape getShape(tile::RingOp ring) {
  return {ring.getCount(), cast<tile::PipeType>(ring.getPipe().getType()).getSlots()};
}

LogicalResult checkRing(tile::RingOp ring) {
  RingShape shape = getShape(ring);
  for (Operation &op : ring.getBody().front()) {
    unsigned after = 0;
    if (auto commit = dyn_cast<tile::CommitOp>(op))
      after = commit.getAfter();
    if (auto release = dyn_cast<tile::ReleaseOp>(op))
      after = release.getAfter();
    if (after >= shape.slots)
      return op.emitError() << kUnsupported << "after " << after << " in a pipe of " << shape.slots
                            << " slots";
    bool elsewhere = isa<tile::AcquireOp, tile::WaitOp>(op) && op.getOperand(0) != ring.getTicket();
    if (elsewhere || isa<tile::RingOp, tile::ForTilesOp>(op))
      return op.emitError() << kUnsupported << "a second pipe inside a ring";
    auto gather = dyn_cast<tile::GatherOp>(op);
    if (gather && !getPieces(gather))
      return op.emitError() << kUnsupported << "a gather whose threads get unequal parts of "
                            << gather.getBuf().getType();
    if (gather && !isRolled(ring))
      return op.emitError() << kUnsupported << "a gather in a ring that does more than copy";
  }
  return success();
}

RingBlocks::RingBlocks(Operation *op, const Phases &phases, OpBuilder &builder)
    : ring(cast<tile::RingOp>(op)), shape(moec::lowering::getShape(ring)), phases(phases),
      builder(builder), make(builder, op->getLoc()), values(llvm::to_vector(ring.getInits())) {}

void RingBlocks::emit() {
  startProducts();
  if (!shape.rounds())
    emitFew();
  else if (shape.rest())
    emitBrokenRounds();
  else
    emitRounds();
  emitLagging();
}

/// A product that starts at zero does not read its accumulators in the first block.
void RingBlocks::startProducts() {
  for (auto [init, arg] : llvm::zip_equal(values, ring.getIterArgs())) {
    auto zero = init.getDefiningOp<tile::ZeroOp>();
    bool unread = zero && arg.hasOneUse() && isa<tile::MmaOp>(*arg.user_begin());
    startsZero.push_back(unread);
    if (!unread)
      continue;
    auto fresh = tile::ZeroOp::create(builder, zero.getLoc(), zero.getType());
    fresh.setUnread(true);
    init = fresh;
  }
}

//===----------------------------------------------------------------------===//
// Rounds
//===----------------------------------------------------------------------===//

/// The state of a place in the loop.
SmallVector<Value> RingBlocks::pack() const {
  SmallVector<Value> state = {phases.late};
  if (phases.early)
    state.push_back(phases.early);
  llvm::append_range(state, values);
  return state;
}

void RingBlocks::unpack(ValueRange state) {
  phases.late = state.front();
  state = state.drop_front();
  if (phases.early) {
    phases.early = state.front();
    state = state.drop_front();
  }
  llvm::copy(state, values.begin());
}

void RingBlocks::flipPhases() {
  phases.late = make.bitXor(phases.late, 1);
  if (phases.early)
    phases.early = make.bitXor(phases.early, 1);
}

/// The blocks of a round, from block `first` on, that lie in slots `begin` to `end` - 1.
void RingBlocks::emitSlots(Value first, unsigned begin, unsigned end) {
  Value laterRound = make.compare(Compare::NotEqual, first, 0);
  for (unsigned slot = begin; slot < end; ++slot)
    emitTurn({make.add(first, slot), slot, std::nullopt, laterRound,
              shape.isEarly(slot) ? phases.early : phases.late});
}

void RingBlocks::emitRounds() {
  auto loop =
      scf::ForOp::create(builder, ring.getLoc(), make.i32(0),
                         make.i32(shape.rounds() * shape.slots), make.i32(shape.slots), pack());
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    unpack(loop.getRegionIterArgs());
    emitSlots(loop.getInductionVar(), 0, shape.slots);
    flipPhases();
    scf::YieldOp::create(builder, ring.getLoc(), pack());
  }
  unpack(loop.getResults());
}

/// The rest is the beginning of one more round, which the loop leaves there.
void RingBlocks::emitBrokenRounds() {
  SmallVector<Value> inits = pack();
  inits.push_back(make.i32(0)); // the first block of the round
  auto types = llvm::to_vector(ValueRange(inits).getTypes());
  SmallVector<Location> places(types.size(), ring.getLoc());
  auto loop = scf::WhileOp::create(builder, ring.getLoc(), types, inits);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&loop.getBefore(), {}, types, places);
  unpack(loop.getBeforeArguments().drop_back());
  Value first = loop.getBeforeArguments().back();
  emitSlots(first, 0, shape.rest());
  SmallVector<Value> state = pack();
  state.push_back(first);
  Value goesOn = make.compare(Compare::Less, first, shape.rounds() * shape.slots);
  scf::ConditionOp::create(builder, ring.getLoc(), goesOn, state);

  builder.createBlock(&loop.getAfter(), {}, types, places);
  unpack(loop.getAfterArguments().drop_back());
  first = loop.getAfterArguments().back();
  emitSlots(first, shape.rest(), shape.slots);
  flipPhases();
  state = pack();
  state.push_back(make.add(first, shape.slots));
  scf::YieldOp::create(builder, ring.getLoc(), state);
  unpack(loop.getResults().drop_back());
}

/// Less than a round: all are known.
void RingBlocks::emitFew() {
  for (unsigned slot = 0; slot < shape.rest(); ++slot)
    emitTurn({make.i32(slot), slot, slot, Value(), phases.early});
}

void RingBlocks::emitLagging() {
  unsigned last = (shape.count - 1) % shape.slots;
  for (Operation &op : ring.getBody().front()) {
    if (!isa<tile::CommitOp, tile::ReleaseOp>(op))
      continue;
    unsigned lag = cast<IntegerAttr>(op.getAttr("after")).getInt();
    for (unsigned due = std::min(lag, shape.count); due-- > 0;)
      leave(&op, shape.slotBefore(last, due), due, Value());
  }
}

//===----------------------------------------------------------------------===//
// One block
//===----------------------------------------------------------------------===//

void RingBlocks::emitTurn(const Turn &turn) {
  IRMapping map;
  map.map(ring.getBlock(), turn.block);
  map.map(ring.getIterArgs(), values);
  for (Operation &op : ring.getBody().front().without_terminator())
    emitOp(turn, &op, map);
  for (auto [value, yielded] : llvm::zip_equal(values, ring.getYield().getValues()))
    value = map.lookupOrDefault(yielded);
}

void RingBlocks::emitOp(const Turn &turn, Operation *op, IRMapping &map) {
  if (isa<tile::AcquireOp>(op)) {
    auto slot =
        tile::AcquireOp::create(builder, op->getLoc(), ring.getPipe(), turn.slot, turn.parity);
    return map.map(op->getResult(0), slot.getSlot());
  }
  if (isa<tile::WaitOp>(op)) {
    auto slot = tile::WaitOp::create(builder, op->getLoc(), ring.getPipe(), turn.slot, turn.parity);
    return map.map(op->getResult(0), slot.getSlot());
  }
  if (isa<tile::CommitOp, tile::ReleaseOp>(op))
    return emitLeave(turn, op);
  if (auto mma = dyn_cast<tile::MmaOp>(op))
    return emitProduct(turn, mma, map);
  builder.clone(*op, map);
}

void RingBlocks::leave(Operation *like, unsigned slot, unsigned after, Value condition) {
  auto index = builder.getI32IntegerAttr(slot);
  if (isa<tile::CommitOp>(like)) {
    auto commit = tile::CommitOp::create(builder, like->getLoc(), ring.getPipe(), index);
    commit.setAfter(after);
    if (condition)
      commit.getConditionMutable().assign(condition);
    return;
  }
  auto release = tile::ReleaseOp::create(builder, like->getLoc(), ring.getPipe(), index);
  release.setAfter(after);
  if (condition)
    release.getConditionMutable().assign(condition);
}

void RingBlocks::emitLeave(const Turn &turn, Operation *op) {
  unsigned lag = cast<IntegerAttr>(op->getAttr("after")).getInt();
  if (turn.number && *turn.number < lag)
    return;
  Value condition = turn.slot < lag && !turn.number ? turn.laterRound : Value();
  leave(op, shape.slotBefore(turn.slot, lag), lag, condition);
}

void RingBlocks::emitProduct(const Turn &turn, tile::MmaOp op, IRMapping &map) {
  auto mma = cast<tile::MmaOp>(builder.clone(*op, map));
  bool starts = llvm::any_of(llvm::zip_equal(ring.getIterArgs(), startsZero), [&](auto pair) {
    return std::get<0>(pair) == op.getAcc() && std::get<1>(pair);
  });
  if (!starts || turn.slot != 0 || (turn.number && *turn.number != 0))
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(mma);
  mma.getAccumulateMutable().assign(turn.number ? make.i1(false) : turn.laterRound);
}

} // namespace moec::lowering
