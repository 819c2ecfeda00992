//===- CheckPipes.cpp - Do the roles of a stage agree on their pipes? -----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Passes.h"
#include "passes/lowering/PipeParties.h"
#include "passes/lowering/PipeRun.h"
#include "passes/lowering/PipeUsage.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILECHECKPIPESPASS
#include "passes/Passes.h.inc"

using namespace lowering;

//===----------------------------------------------------------------------===//
// One role: what is entered is left, once, on all paths
//===----------------------------------------------------------------------===//

static StringRef nameOf(Value pipe) { return pipe.getDefiningOp<tile::PipeOp>().getLabel(); }

/// Whether every turn of the loops around `op` runs it.
static LogicalResult checkPath(Operation *op) {
  for (Operation *parent = op->getParentOp(); !isa<tile::RoleOp>(parent);
       parent = parent->getParentOp())
    if (!isa<tile::ForTilesOp, tile::RingOp, scf::ForOp>(parent))
      return op->emitError() << "pipe '" << nameOf(tile::getPipeOf(op->getResult(0)))
                             << "' is used inside '" << parent->getName()
                             << "', so not on all paths";
  return success();
}

/// Who no longer holds a slot must not touch it.
static LogicalResult checkUses(Operation *enter, Operation *left) {
  for (Operation *buf : enter->getUsers())
    for (Operation *user : buf->getUsers()) {
      Operation *place = left->getBlock()->findAncestorOpInBlock(*user);
      if (place && place->isBeforeInBlock(left))
        continue;
      InFlightDiagnostic error = user->emitError() << "touches a slot that the role has left";
      error.attachNote(left->getLoc()) << "here";
      return error;
    }
  return success();
}

/// The slot leaves by one `Leave` in the same block.
template <typename Leave> static LogicalResult checkLeft(Operation *op, StringRef verb) {
  Operation *left = nullptr;
  for (Operation *user : op->getUsers()) {
    if (!isa<Leave>(user)) // a buffer of it
      continue;
    if (left) {
      // (uses are listed from the last)
      InFlightDiagnostic error = left->emitError() << "slot is " << verb << " twice";
      error.attachNote(user->getLoc()) << "also here";
      return error;
    }
    left = user;
  }
  if (!left)
    return op->emitError() << "slot of pipe '" << nameOf(tile::getPipeOf(op->getResult(0)))
                           << "' is never " << verb;
  if (left->getBlock() != op->getBlock())
    return left->emitError() << "slot is " << verb << " on some paths only";
  return checkUses(op, left);
}

static LogicalResult checkEnter(Operation *op) {
  if (failed(checkPath(op)))
    return failure();
  if (isa<tile::AcquireOp>(op))
    return checkLeft<tile::CommitOp>(op, "committed");
  return checkLeft<tile::ReleaseOp>(op, "released");
}

static LogicalResult checkRing(tile::RingOp ring) {
  Value ticket = ring.getTicket();
  if (ticket.hasOneUse() && ticket.use_begin()->getOwner()->getParentOp() == ring)
    return success();
  return ring.emitError() << "ring must use its ticket once a block, but has "
                          << llvm::range_size(ticket.getUses()) << " uses of it"
                          << (ticket.hasOneUse() ? " in an inner loop" : "");
}

static LogicalResult checkLag(Operation *op) {
  auto after = op->getAttrOfType<IntegerAttr>("after");
  if (!after || after.getInt() == 0 || isa<tile::RingOp>(op->getParentOp()))
    return success();
  return op->emitError() << "nothing is in flight outside a ring: 'after " << after.getInt()
                         << "' must be 0";
}

static LogicalResult checkRole(tile::RoleOp role) {
  bool right = true;
  role->walk([&](Operation *op) {
    if (isa<tile::AcquireOp, tile::WaitOp>(op))
      right &= succeeded(checkEnter(op));
    else if (isa<tile::CommitOp, tile::ReleaseOp>(op))
      right &= succeeded(checkLag(op));
    else if (auto ring = dyn_cast<tile::RingOp>(op))
      right &= succeeded(checkRing(ring));
  });
  return success(right);
}

//===----------------------------------------------------------------------===//
// One pipe: both ends fit
//===----------------------------------------------------------------------===//

static LogicalResult checkSameUsage(tile::PipeOp pipe, tile::RoleOp one, tile::RoleOp other) {
  SmallVector<PipeUsage> a = getUsage(one, pipe.getPipe()), b = getUsage(other, pipe.getPipe());
  for (auto [x, y] : llvm::zip(a, b)) {
    bool same = x.count == y.count && x.loops.size() == y.loops.size() &&
                llvm::all_of(llvm::zip(x.loops, y.loops), [](auto pair) {
                  return haveSameTrips(std::get<0>(pair), std::get<1>(pair));
                });
    if (same)
      continue;
    InFlightDiagnostic error = y.first->emitError()
                               << "role '" << other.getLabel() << "' uses pipe '" << pipe.getLabel()
                               << "' " << y.count << " times a turn of its loops, role '"
                               << one.getLabel() << "' " << x.count << " times"
                               << (x.count == y.count ? ", but the loops differ" : "");
    error.attachNote(x.first->getLoc()) << "in this role";
    return error;
  }
  if (a.size() != b.size())
    return pipe.emitError() << "roles '" << one.getLabel() << "' and '" << other.getLabel()
                            << "' use pipe '" << pipe.getLabel() << "' in " << a.size() << " and "
                            << b.size() << " loops";
  return success();
}

/// The most that a side keeps in flight.
template <typename Leave> static int64_t getLag(ArrayRef<PipeParty> parties, Value pipe) {
  int64_t lag = 0;
  for (const PipeParty &party : parties)
    tile::RoleOp(party.role)->walk([&](Leave leave) {
      if (tile::getPipeOf(leave.getSlot()) == pipe)
        lag = std::max<int64_t>(lag, leave.getAfter());
    });
  return lag;
}

static LogicalResult checkPipe(tile::PipeOp pipe) {
  PipeParties parties = getParties(pipe);
  if (parties.producers.empty() || parties.consumers.empty())
    return pipe.emitError() << "pipe '" << pipe.getLabel() << "' has no "
                            << (parties.producers.empty() ? "writer" : "reader");
  int64_t writing = getLag<tile::CommitOp>(parties.producers, pipe.getPipe());
  int64_t reading = getLag<tile::ReleaseOp>(parties.consumers, pipe.getPipe());
  if (writing + reading >= pipe.getType().getSlots())
    return pipe.emitError() << "pipe '" << pipe.getLabel() << "' has " << pipe.getType().getSlots()
                            << " slots, too few for " << writing << " that a writer and " << reading
                            << " that a reader keeps in flight";
  tile::RoleOp first = parties.producers.front().role;
  for (const auto &side : {parties.producers, parties.consumers})
    for (const PipeParty &party : side)
      if (party.role != first && failed(checkSameUsage(pipe, first, party.role)))
        return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// The stage: nobody waits for ever
//===----------------------------------------------------------------------===//

static LogicalResult checkWaits(tile::StageOp stage) {
  // Every slot is used a second time, and the first slot of a tile once more.
  unsigned turns = 3;
  for (tile::PipeOp pipe : stage.getPipes())
    turns = std::max(turns, pipe.getType().getSlots() + 2);
  SmallVector<Operation *> blocked = findDeadlock(stage, turns);
  if (blocked.empty())
    return success();
  auto describe = [](Operation *op) {
    return (op->getParentOfType<tile::RoleOp>().getLabel() + "' waits for ever for pipe '" +
            nameOf(tile::getPipeOf(op->getResult(0))) + "'")
        .str();
  };
  InFlightDiagnostic error = blocked.front()->emitError() << "role '" << describe(blocked.front());
  for (Operation *op : ArrayRef(blocked).drop_front())
    error.attachNote(op->getLoc()) << "and role '" << describe(op);
  return error;
}

static LogicalResult checkStage(tile::StageOp stage) {
  bool right = true;
  for (tile::RoleOp role : stage.getRoles())
    right &= succeeded(checkRole(role));
  if (!right) // the rest would speak of the same
    return failure();
  for (tile::PipeOp pipe : stage.getPipes())
    right &= succeeded(checkPipe(pipe));
  return right ? checkWaits(stage) : failure();
}

namespace {
struct TileCheckPipesPass : impl::TileCheckPipesPassBase<TileCheckPipesPass> {
  void runOnOperation() override {
    getOperation()->walk([&](tile::StageOp stage) {
      if (failed(checkStage(stage)))
        signalPassFailure(); // other stages may have faults of their own
    });
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace moec
