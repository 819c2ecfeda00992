//===- OneThread.cpp - Ops of one thread, and who that is -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/OneThread.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/SlotAccess.h"
#include "passes/lowering/Uniformity.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {
namespace {

/// Who runs an op.
enum class Runs : uint8_t {
  One,    ///< one thread, or it happens 32 times
  Either, ///< as many as come: waits, arithmetic
  All,    ///< all threads of the warp
};

class Election {
public:
  Election(Operation *role, const RolePlace &place)
      : role(role), place(place), uniformity(role), uses(role) {}

  LogicalResult run();
  /// Is there something for one thread and nothing that its warp does together?
  bool isWhole();

private:
  Runs classifyAlone(Operation *op);
  Runs classify(Operation *op);
  bool isForOne(Region &region, bool &holdsOne);
  Runs classifyRegions(Operation *op);
  bool reachesAll(Operation *op);
  LogicalResult visitBlock(Block &block);
  LogicalResult elect(ArrayRef<Operation *> group);
  void hoist(SmallVectorImpl<Operation *> &group);
  void shareInWarp(Emitter &emit, scf::IfOp branch, ValueRange values);
  void shareAcrossWarps(Emitter &emit, scf::IfOp branch, Value value);

  Operation *role;
  RolePlace place;
  Uniformity uniformity;
  SlotAccesses uses;
};

//===----------------------------------------------------------------------===//
// Who runs what
//===----------------------------------------------------------------------===//

/// Without regard to who needs its results.
Runs Election::classifyAlone(Operation *op) {
  // Each thread has a flag of its own: none may be left out, even where no branch says who
  // comes (a lane a rank of 32 ranks).
  if (auto signal = dyn_cast<tile::SignalOp>(op);
      signal && uniformity.of(signal.getCell()) == Agreement::Nobody)
    return Runs::All;
  if (isa<tile::LoadOp, tile::StoreOp, tile::SignalOp, tile::ArriveOp>(op))
    return Runs::One;
  if (isa<tile::AcquireOp, tile::CommitOp>(op)) {
    // Who loads by TMA also says how many bytes come, behind the acquire.
    SlotAccess use = uses.of(getPipe(op->getOperand(0)));
    if (use.tensorLoads)
      return Runs::One;
    if (isa<tile::CommitOp>(op))
      return Runs::All;
  }
  if (auto release = dyn_cast<tile::ReleaseOp>(op))
    return uses.of(getPipe(release.getSlot())).stores ? Runs::One : Runs::All;
  if (isa<tile::WaitStoresOp>(op) ||
      op->getName().getStringRef() == "nvvm.cp.async.bulk.wait_group")
    return Runs::Either;
  bool loads = op->getName().getStringRef() == "llvm.load";
  if (isa<tile::AcquireOp, tile::WaitOp>(op) || loads || isPure(op))
    return Runs::Either;
  return Runs::All;
}

Runs Election::classify(Operation *op) {
  if (op->getNumRegions())
    return classifyRegions(op);
  Runs runs = classifyAlone(op);
  return runs == Runs::Either && !op->getResults().empty() && reachesAll(op) ? Runs::All : runs;
}

/// A loop or branch with ops of one thread and none of all. Not so a ring with a rest
/// (scf.while) in a role that has ops of all elsewhere: there each op chooses its thread.
Runs Election::classifyRegions(Operation *op) {
  if (!isa<scf::ForOp, scf::IfOp>(op))
    return Runs::All;
  Agreement decision = uniformity.decision(op);
  if (decision == Agreement::Nobody || (decision == Agreement::Warp && place.warps() > 1))
    return Runs::All; // whoever comes there is chosen there
  bool one = false, all = false;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block.without_terminator()) {
        Runs runs = isPure(&inner) ? Runs::Either : classify(&inner);
        one |= runs == Runs::One;
        all |= runs == Runs::All;
      }
  return one && !all ? Runs::One : Runs::All;
}

/// Do all threads need a result of this op?
bool Election::reachesAll(Operation *op) {
  return llvm::any_of(op->getUsers(), [&](Operation *user) {
    if (user->hasTrait<OpTrait::IsTerminator>())
      return true;
    return isPure(user) ? reachesAll(user) : classify(user) == Runs::All;
  });
}

/// Whether no op of the region is one of all threads; notes whether there is one of one.
bool Election::isForOne(Region &region, bool &holdsOne) {
  for (Block &block : region)
    for (Operation &op : block.without_terminator()) {
      if (!op.getNumRegions()) {
        Runs runs = classifyAlone(&op);
        holdsOne |= runs == Runs::One;
        if (runs == Runs::All)
          return false;
        continue;
      }
      if (!isa<scf::ForOp, scf::IfOp, scf::WhileOp>(op) ||
          uniformity.decision(&op) == Agreement::Nobody)
        return false; // the author has chosen threads
      for (Region &below : op.getRegions())
        if (!isForOne(below, holdsOne))
          return false;
    }
  return true;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

bool Election::isWhole() {
  bool holdsOne = false;
  return place.warps() == 1 && isForOne(role->getRegion(0), holdsOne) && holdsOne;
}

/// A warp that has nothing to do together is one thread from its beginning to its end:
/// an election in a loop has code for lanes that came there apart.
LogicalResult Election::run() {
  Region &body = role->getRegion(0);
  if (!isWhole())
    return visitBlock(body.front());
  SmallVector<Operation *> group;
  for (Operation &op : body.front().without_terminator())
    if (!group.empty() || !isPure(&op))
      group.push_back(&op);
  hoist(group);
  return elect(group);
}

LogicalResult Election::visitBlock(Block &block) {
  SmallVector<SmallVector<Operation *>> groups;
  SmallVector<Operation *> inner;
  bool open = false;
  for (Operation &op : block) {
    // What is pure joins a group; hoist() takes it out again where it can.
    Runs runs = op.hasTrait<OpTrait::IsTerminator>() ? Runs::All
                : isPure(&op) && !op.getNumRegions() ? Runs::Either
                                                     : classify(&op);
    if (runs == Runs::One && !open)
      groups.emplace_back();
    if (runs == Runs::One || (runs == Runs::Either && open))
      groups.back().push_back(&op);
    open = runs == Runs::One || (runs == Runs::Either && open);
    if (runs == Runs::All && op.getNumRegions())
      inner.push_back(&op);
  }
  for (Operation *op : inner)
    for (Region &region : op->getRegions())
      for (Block &below : region)
        if (failed(visitBlock(below)))
          return failure();
  for (SmallVector<Operation *> &group : groups) {
    while (classify(group.back()) != Runs::One)
      group.pop_back();
    hoist(group);
    if (failed(elect(group)))
      return failure();
  }
  return success();
}

/// Moves what does not need the chosen thread before the group: others may use it.
void Election::hoist(SmallVectorImpl<Operation *> &group) {
  llvm::SmallPtrSet<Operation *, 16> stays;
  Operation *first = group.front();
  SmallVector<Operation *> kept;
  for (Operation *op : group) {
    bool moves = op != first && isPure(op) && llvm::none_of(op->getOperands(), [&](Value value) {
                   return stays.contains(value.getDefiningOp());
                 });
    if (moves) {
      op->moveBefore(first);
      continue;
    }
    stays.insert(op);
    kept.push_back(op);
  }
  group.assign(kept.begin(), kept.end());
}

/// The values of a group that are used behind it.
static SmallVector<Value> getEscaping(ArrayRef<Operation *> group) {
  llvm::SmallPtrSet<Operation *, 16> inside(group.begin(), group.end());
  Block *block = group.front()->getBlock();
  SmallVector<Value> escaping;
  for (Operation *op : group)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(block->findAncestorOpInBlock(*user));
          }))
        escaping.push_back(result);
  return escaping;
}

static bool holds(ArrayRef<Operation *> group, llvm::function_ref<bool(Operation *)> what) {
  return llvm::any_of(group, [&](Operation *op) {
    return op
        ->walk([&](Operation *below) {
          return what(below) ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  });
}

LogicalResult Election::elect(ArrayRef<Operation *> group) {
  Operation *first = group.front();
  Agreement control = uniformity.control(first);
  if (control == Agreement::Nobody) {
    if (holds(group, llvm::IsaPred<tile::LoadOp, tile::StoreOp>))
      return first->emitError() << kUnsupported << "a tile copy where the threads of a warp part";
    return success(); // the author has chosen the thread
  }
  bool acrossWarps = control == Agreement::Role && place.warps() > 1;
  SmallVector<Value> escaping = getEscaping(group);
  for (Value value : escaping)
    if (!value.getType().isInteger(1))
      return value.getDefiningOp()->emitError()
             << kInternalError << "a result of one thread is used by all";

  if (acrossWarps && escaping.size() > 1)
    return first->emitError() << kUnsupported << "two arrivals in a row, both asked for by all";

  OpBuilder builder(first);
  Emitter emit(builder, first->getLoc());
  // The other warps' part of what is published has to be done.
  if (acrossWarps && holds(group, llvm::IsaPred<tile::SignalOp, tile::ArriveOp>))
    emit.roleBarrier(place);
  Value chosen = emit.elect();
  if (acrossWarps)
    chosen = emit.bitAnd(chosen, emit.compare(Compare::Equal, emit.warpId(), place.first));
  bool yields = !acrossWarps && !escaping.empty();
  auto branch = scf::IfOp::create(builder, first->getLoc(),
                                  yields ? TypeRange(ValueRange(escaping)) : TypeRange(), chosen,
                                  /*addThenBlock=*/true, /*addElseBlock=*/yields);
  for (Operation *op : group)
    op->moveBefore(branch.thenBlock(), branch.thenBlock()->end());
  builder.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(builder, first->getLoc(), yields ? ValueRange(escaping) : ValueRange());
  if (yields)
    shareInWarp(emit, branch, escaping);
  else if (!escaping.empty())
    shareAcrossWarps(emit, branch, escaping.front());
  return success();
}

static void replaceOutside(Operation *branch, Value value, Value shared) {
  value.replaceUsesWithIf(shared,
                          [&](OpOperand &use) { return !branch->isAncestor(use.getOwner()); });
}

void Election::shareInWarp(Emitter &emit, scf::IfOp branch, ValueRange values) {
  emit.builder.setInsertionPointToEnd(branch.elseBlock());
  SmallVector<Value> none;
  for (size_t i = 0; i < values.size(); ++i)
    none.push_back(emit.i1(false));
  scf::YieldOp::create(emit.builder, emit.loc, none);
  emit.builder.setInsertionPointAfter(branch);
  for (auto [value, result] : llvm::zip_equal(values, branch.getResults()))
    replaceOutside(branch, value, emit.voteAny(result));
}

/// Through shared memory. The next answer comes behind the barrier before the next
/// arrival: no second one is needed here.
void Election::shareAcrossWarps(Emitter &emit, scf::IfOp branch, Value value) {
  emit.builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  emit.store(emit.widen(value, emit.i32Type()), emit.offset(emit.sharedBase(), place.answer));
  emit.builder.setInsertionPointAfter(branch);
  emit.roleBarrier(place);
  Value answer = emit.load(emit.i32Type(), emit.offset(emit.sharedBase(), place.answer));
  replaceOutside(branch, value, emit.compare(Compare::NotEqual, answer, 0));
}
} // namespace

bool isOneThread(Operation *role, const RolePlace &place) {
  return Election(role, place).isWhole();
}

LogicalResult electThreads(Operation *role, const RolePlace &place) {
  return Election(role, place).run();
}

} // namespace moec::lowering
