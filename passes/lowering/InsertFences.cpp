//===- InsertFences.cpp - What must be over before a slot changes hands ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads write shared memory in the generic proxy, TMA and wgmma read it in the
// async proxy: each writing thread needs a fence between its last write and the
// arrive that tells of it. Products and stores run on by themselves: who gives a
// slot back waits for those that read it.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Passes.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/SlotAccess.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILEINSERTFENCESPASS
#include "passes/Passes.h.inc"

using namespace lowering;

namespace {
class FenceInserter {
public:
  explicit FenceInserter(tile::RoleOp role) : role(role), uses(role) {}

  void run() {
    Block &body = role.getBody().front();
    visitBlock(body);
    // What a later stage or the host reads must have left shared memory.
    bool stores = holds<tile::StoreOp, tile::ScatterOp>();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    if (stores && (body.empty() || !isa<tile::WaitStoresOp>(body.back())))
      tile::WaitStoresOp::create(builder, role.getLoc());
  }

private:
  template <class... Ops> bool holds() {
    return role
        ->walk([](Operation *op) {
          return isa<Ops...>(op) ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  }

  void visitBlock(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      visit(&op);
  }

  void visit(Operation *op) {
    if (auto mma = dyn_cast<tile::MmaOp>(op)) {
      llvm::erase(running, mma.getAcc());
      running.push_back(mma.getResult());
    } else if (auto wait = dyn_cast<tile::MmaWaitOp>(op)) {
      llvm::erase(running, wait.getAcc());
      if (wait.getPending())
        running.push_back(wait.getResult());
    } else if (auto release = dyn_cast<tile::ReleaseOp>(op)) {
      beforeRelease(release);
    } else if (auto commit = dyn_cast<tile::CommitOp>(op)) {
      beforeCommit(commit);
    } else if (auto copy = dyn_cast<tile::GatherCopyOp>(op)) {
      afterCopy(copy);
    } else if (isa<tile::WaitStoresOp>(op) && holds<tile::ScatterOp>()) {
      // Every lane has waited for its own rows: one of them may speak for all behind this.
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      Emitter(builder, op->getLoc()).warpSync();
    } else if (isa<tile::FlagWaitOp>(op)) {
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      Emitter emit(builder, op->getLoc());
      emit.warpSync();
      emit.fenceProxy(Proxy::All);
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      visitLoop(loop);
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      visitWhile(loop);
    } else {
      visitOther(op);
    }
  }

  /// What runs in one of `from` is in one of `to` then.
  void handOn(ValueRange from, ValueRange to) {
    for (auto [before, after] : llvm::zip_equal(from, to))
      if (llvm::is_contained(running, before)) {
        llvm::erase(running, before);
        running.push_back(after);
      }
  }

  /// A loop that carries running products hands them on, running.
  void visitLoop(scf::ForOp loop) {
    handOn(loop.getInitArgs(), loop.getRegionIterArgs());
    visitBlock(*loop.getBody());
    handOn(loop.getBody()->getTerminator()->getOperands(), loop.getResults());
  }

  void visitWhile(scf::WhileOp loop) {
    handOn(loop.getInits(), loop.getBeforeArguments());
    visitBlock(*loop.getBeforeBody());
    handOn(loop.getConditionOp().getArgs(), loop.getAfterArguments());
    visitBlock(*loop.getAfterBody());
    handOn(loop.getAfterBody()->getTerminator()->getOperands(), loop.getResults());
  }

  void visitOther(Operation *op) {
    bool terminator = op->hasTrait<OpTrait::IsTerminator>();
    bool reads = llvm::any_of(op->getOperands(),
                              [&](Value value) { return llvm::is_contained(running, value); });
    if (reads && !terminator)
      waitProducts(op, 0);
    if (isa<tile::MapOp, tile::ScatterOp>(op))
      return;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        visitBlock(block);
  }

  void waitProducts(Operation *before, unsigned pending) {
    OpBuilder builder(before);
    for (Value &value : running) {
      auto wait =
          tile::MmaWaitOp::create(builder, before->getLoc(), value.getType(), value, pending);
      value.replaceAllUsesExcept(wait.getResult(), wait);
      value = wait.getResult();
    }
    if (!pending)
      running.clear();
  }

  void beforeRelease(tile::ReleaseOp release) {
    SlotAccess use = uses.of(getPipe(release.getSlot()));
    OpBuilder builder(release);
    Emitter emit(builder, release.getLoc());
    if (use.products)
      return waitProducts(release, release.getAfter());
    if (use.stores || use.scatters)
      emit.waitStores(0, /*onlyRead=*/true);
    if (!use.stores)
      emit.warpSync();
  }

  void beforeCommit(tile::CommitOp commit) {
    SlotAccess use = uses.of(getPipe(commit.getSlot()));
    if (!use.copies && !use.puts)
      return;
    OpBuilder builder(commit);
    Emitter emit(builder, commit.getLoc());
    if (use.copies)
      emit.waitCopies(commit.getAfter());
    emit.fenceProxy(Proxy::Shared);
    emit.warpSync();
  }

  /// One group a slot: it ends behind the last copy into it. In a block without copies it is
  /// empty: who waits counts groups.
  void afterCopy(tile::GatherCopyOp copy) {
    Value slot = getSlot(copy.getBuf());
    for (Operation *next = copy->getNextNode(); next; next = next->getNextNode())
      if (auto other = dyn_cast<tile::GatherCopyOp>(next))
        if (getSlot(other.getBuf()) == slot)
          return;
    OpBuilder builder(copy.getContext());
    auto branch = dyn_cast<scf::IfOp>(copy->getParentOp());
    builder.setInsertionPointAfter(branch ? branch.getOperation() : copy.getOperation());
    Emitter(builder, copy.getLoc()).commitCopies();
  }

  tile::RoleOp role;
  SlotAccesses uses;
  SmallVector<Value> running; ///< accumulators of products that may be in flight
};

struct TileInsertFencesPass : impl::TileInsertFencesPassBase<TileInsertFencesPass> {
  using TileInsertFencesPassBase::TileInsertFencesPassBase;

  void getDependentDialects(DialectRegistry &registry) const override { insertDialects(registry); }

  void runOnOperation() override {
    getOperation()->walk([](tile::RoleOp role) { FenceInserter(role).run(); });
  }
};
} // namespace
} // namespace moec
