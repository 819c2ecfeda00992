//===- FoldRings.cpp - Loops over slots become constants ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks the body of a role from top to bottom and keeps, for each pipe, the parity
// of the phase that its slots are in. Loops carry the parities; a ring computes
// those behind it from those before it, so that no value leaves the loop, which a
// single thread may run.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/PhaseTable.h"
#include "passes/lowering/RingBlocks.h"
#include "passes/lowering/RolledRing.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILEFOLDRINGSPASS
#include "passes/Passes.h.inc"

using namespace lowering;

namespace {
class RoleFolder {
public:
  explicit RoleFolder(tile::RoleOp role) : role(role) {}

  LogicalResult fold() {
    OpBuilder builder = OpBuilder::atBlockBegin(&role.getBody().front());
    if (failed(phases.collect(role, builder)))
      return failure();
    return foldBlock(role.getBody().front());
  }

private:
  LogicalResult foldBlock(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (failed(foldOp(&op)))
        return failure();
    return success();
  }

  LogicalResult foldOp(Operation *op) {
    if (auto ring = dyn_cast<tile::RingOp>(op))
      return foldRing(ring);
    if (isa<tile::AcquireOp, tile::WaitOp>(op))
      return success(foldSingle(op));
    if (!phases.usesPipe(op))
      return success();
    if (auto tiles = dyn_cast<tile::ForTilesOp>(op))
      return foldLoop(tiles);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return foldLoop(loop);
    return op->emitError() << kUnsupported << "'" << op->getName().getStringRef()
                           << "' around a pipe";
  }

  /// Outside rings a pipe has one slot.
  bool foldSingle(Operation *op) {
    Value pipe = op->getOperand(0);
    Phases &at = phases.at(pipe, fillsSlots(op));
    OpBuilder builder(op);
    op->setAttr("index", builder.getI32IntegerAttr(0));
    if (auto acquire = dyn_cast<tile::AcquireOp>(op))
      acquire.getPhaseMutable().assign(at.late);
    else
      cast<tile::WaitOp>(op).getPhaseMutable().assign(at.late);
    Emitter emit(builder, op->getLoc());
    builder.setInsertionPointAfter(op);
    at.late = emit.bitXor(at.late, 1);
    return true;
  }

  LogicalResult foldRing(tile::RingOp ring) {
    Phases &at = phases.at(ring.getPipe(), fillsSlots(ring));
    OpBuilder builder(ring);
    if (failed(checkRing(ring)))
      return failure();
    RingShape shape = getShape(ring);
    if (isRolled(ring)) {
      emitRolled(ring, at, builder);
    } else {
      RingBlocks blocks(ring, at, builder);
      blocks.emit();
      ring->replaceAllUsesWith(blocks.getResults());
    }
    Emitter emit(builder, ring.getLoc());
    if (at.early && shape.flips(true))
      at.early = emit.bitXor(at.early, 1);
    if (shape.flips(false))
      at.late = emit.bitXor(at.late, 1);
    ring->erase();
    return success();
  }

  /// Carries the parities of the pipes that the loop uses.
  template <typename LoopOp> LogicalResult foldLoop(LoopOp loop) {
    SmallVector<Value *> carried = phases.usedBelow(loop);
    SmallVector<Value> inits = llvm::map_to_vector(carried, [](Value *v) { return *v; });
    LoopOp wider = withInits(loop, inits);
    unsigned had = wider.getNumResults() - carried.size();
    for (auto [i, value] : llvm::enumerate(carried))
      *value = getCarried(wider)[had + i];
    if (failed(foldBlock(wider->getRegion(0).front())))
      return failure();
    Operation *yield = wider->getRegion(0).front().getTerminator();
    for (auto [i, value] : llvm::enumerate(carried)) {
      yield->insertOperands(yield->getNumOperands(), *value);
      *value = wider->getResult(had + i);
    }
    return success();
  }

  static Block::BlockArgListType getCarried(tile::ForTilesOp loop) { return loop.getIterArgs(); }
  static Block::BlockArgListType getCarried(scf::ForOp loop) { return loop.getRegionIterArgs(); }

  static void takeBody(Operation *from, Operation *to, unsigned firstArgument) {
    Block &old = from->getRegion(0).front(), &body = to->getRegion(0).front();
    body.getOperations().clear();
    body.getOperations().splice(body.end(), old.getOperations());
    for (auto [was, is] : llvm::zip(old.getArguments(), body.getArguments()))
      was.replaceAllUsesWith(is);
    from->replaceAllUsesWith(to->getResults().take_front(from->getNumResults()));
    from->erase();
  }

  static tile::ForTilesOp withInits(tile::ForTilesOp loop, ValueRange more) {
    OpBuilder builder(loop);
    SmallVector<Value> inits = llvm::to_vector(loop.getInits());
    llvm::append_range(inits, more);
    auto pass = [](OpBuilder &, Location, const tile::TileStep &, ValueRange args) {
      return llvm::to_vector(args);
    };
    tile::ForTilesOp wider;
    if (loop.getTotal())
      wider = tile::ForTilesOp::create(builder, loop.getLoc(), loop.getTotal(), loop.getRows(),
                                       loop.getCols(), loop.getOrder(), inits, pass);
    else
      wider =
          tile::ForTilesOp::create(builder, loop.getLoc(), loop.getOffsets(), loop.getExperts(),
                                   loop.getRows(), loop.getCols(), loop.getOrder(), inits, pass);
    takeBody(loop, wider, 5);
    return wider;
  }

  static scf::ForOp withInits(scf::ForOp loop, ValueRange more) {
    OpBuilder builder(loop);
    SmallVector<Value> inits = llvm::to_vector(loop.getInitArgs());
    llvm::append_range(inits, more);
    auto wider = scf::ForOp::create(builder, loop.getLoc(), loop.getLowerBound(),
                                    loop.getUpperBound(), loop.getStep(), inits);
    takeBody(loop, wider, 1);
    return wider;
  }

  tile::RoleOp role;
  PhaseTable phases;
};

struct TileFoldRingsPass : impl::TileFoldRingsPassBase<TileFoldRingsPass> {
  using TileFoldRingsPassBase::TileFoldRingsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override { insertDialects(registry); }

  void runOnOperation() override {
    SmallVector<tile::RoleOp> roles;
    getOperation()->walk([&](tile::RoleOp role) { roles.push_back(role); });
    for (tile::RoleOp role : roles)
      if (failed(RoleFolder(role).fold()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace moec
