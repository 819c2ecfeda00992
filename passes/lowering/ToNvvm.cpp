//===- ToNvvm.cpp - From tile ops to llvm, nvvm and tile.ptx --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From top to bottom, since the registers of a fragment are known once the op that
// makes it is lowered. Loops that carry fragments carry their registers.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/ApproximateMath.h"
#include "passes/lowering/RoleContext.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILETONVVMPASS
#include "passes/Passes.h.inc"

using namespace lowering;

namespace {
class RoleLowering {
public:
  RoleLowering(Operation *role, OpBuilder &builder) : role(role), context(role, builder) {}

  LogicalResult lower() {
    if (failed(lowerBlock(role->getRegion(0).front())))
      return failure();
    for (Operation *op : llvm::reverse(lowered))
      op->erase();
    context.finish();
    inlineRole();
    return success();
  }

private:
  LogicalResult lowerBlock(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (failed(lowerOp(&op)))
        return failure();
    return success();
  }

  LogicalResult lowerOp(Operation *op) {
    if (isa_and_nonnull<tile::TileDialect>(op->getDialect()) &&
        !op->getName().getStringRef().starts_with("tile.ptx.")) {
      lowered.push_back(op);
      return lowerTileOp(op);
    }
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return lowerLoop(loop);
    if (auto loop = dyn_cast<scf::WhileOp>(op))
      return lowerWhile(loop);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (failed(lowerBlock(block)))
          return failure();
    return success();
  }

  LogicalResult lowerTileOp(Operation *op) {
    if (isa<tile::SlotBufOp>(op))
      return success(); // an address, made where it is used
    if (isa<tile::AcquireOp, tile::WaitOp, tile::CommitOp, tile::ReleaseOp>(op))
      return lowerPipeOp(op, context);
    if (isa<tile::LoadOp, tile::StoreOp, tile::ScatterOp, tile::GatherRowsOp, tile::GatherCopyOp,
            tile::WaitStoresOp>(op))
      return lowerCopy(op, context);
    if (isa<tile::ZeroOp, tile::MmaOp, tile::MmaWaitOp, tile::HalfOp>(op))
      return lowerProduct(op, context);
    if (isa<tile::MapOp, tile::PutOp, tile::RowValuesOp, tile::ColValuesOp>(op))
      return lowerFragmentOp(op, context);
    if (isa<tile::FlagWaitOp, tile::SignalOp, tile::ArriveOp, tile::GridSyncOp>(op))
      return lowerFlagOp(op, context);
    return op->emitError() << kInternalError << "'" << op->getName().getStringRef()
                           << "' in the code of a role";
  }

  /// Values with fragments replaced by their registers.
  SmallVector<Value> spread(ValueRange values) {
    SmallVector<Value> flat;
    for (Value value : values) {
      auto found = context.fragments.find(value);
      if (found == context.fragments.end())
        flat.push_back(value);
      else
        llvm::append_range(flat, found->second);
    }
    return flat;
  }

  /// Says that `values`, of which some are fragments, are now `flat`.
  void gather(ValueRange values, ValueRange flat) {
    for (Value value : values) {
      auto frag = dyn_cast<tile::FragType>(value.getType());
      size_t count = frag ? frag.getRegisters() : 1;
      if (frag)
        context.fragments[value] = llvm::to_vector(flat.take_front(count));
      else
        value.replaceAllUsesWith(flat.front());
      flat = flat.drop_front(count);
    }
  }

  LogicalResult lowerLoop(scf::ForOp loop) {
    if (llvm::none_of(loop.getResultTypes(), llvm::IsaPred<tile::FragType>))
      return lowerBlock(*loop.getBody());
    lowered.push_back(loop); // before what is in it: erased from the end
    OpBuilder builder(loop);
    auto flat =
        scf::ForOp::create(builder, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(),
                           loop.getStep(), spread(loop.getInitArgs()));
    flat->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    loop.getInductionVar().replaceAllUsesWith(flat.getInductionVar());
    gather(loop.getRegionIterArgs(), flat.getRegionIterArgs());
    Block *body = flat.getBody();
    body->getOperations().splice(body->end(), loop.getBody()->getOperations());
    auto yield = cast<scf::YieldOp>(body->getTerminator());
    for (Operation &op : llvm::make_early_inc_range(body->without_terminator()))
      if (failed(lowerOp(&op)))
        return failure();
    builder.setInsertionPoint(yield);
    scf::YieldOp::create(builder, yield.getLoc(), spread(yield.getResults()));
    yield.erase();
    gather(loop.getResults(), flat.getResults());
    return success();
  }

  LogicalResult lowerWhile(scf::WhileOp loop) {
    if (llvm::none_of(loop.getResultTypes(), llvm::IsaPred<tile::FragType>))
      return success(succeeded(lowerBlock(*loop.getBeforeBody())) &&
                     succeeded(lowerBlock(*loop.getAfterBody())));
    lowered.push_back(loop); // before what is in it: erased from the end
    OpBuilder builder(loop);
    SmallVector<Value> inits = spread(loop.getInits());
    auto types = llvm::to_vector(ValueRange(inits).getTypes());
    auto flat = scf::WhileOp::create(builder, loop.getLoc(), types, inits);
    auto move = [&](Region &from, Region &to) -> LogicalResult {
      SmallVector<Location> places(types.size(), loop.getLoc());
      Block *body = builder.createBlock(&to, {}, types, places);
      gather(from.getArguments(), body->getArguments());
      body->getOperations().splice(body->end(), from.front().getOperations());
      for (Operation &op : llvm::make_early_inc_range(body->without_terminator()))
        if (failed(lowerOp(&op)))
          return failure();
      Operation *end = body->getTerminator();
      builder.setInsertionPoint(end);
      if (auto condition = dyn_cast<scf::ConditionOp>(end))
        scf::ConditionOp::create(builder, end->getLoc(), condition.getCondition(),
                                 spread(condition.getArgs()));
      else
        scf::YieldOp::create(builder, end->getLoc(), spread(end->getOperands()));
      end->erase();
      return success();
    };
    if (failed(move(loop.getBefore(), flat.getBefore())) ||
        failed(move(loop.getAfter(), flat.getAfter())))
      return failure();
    gather(loop.getResults(), flat.getResults());
    return success();
  }

  /// The region of the role has done its duty.
  void inlineRole() {
    Block &body = role->getRegion(0).front();
    body.getTerminator()->erase();
    role->getBlock()->getOperations().splice(Block::iterator(role), body.getOperations());
    role->erase();
  }

  Operation *role;
  RoleContext context;
  SmallVector<Operation *> lowered; ///< erased at the end: others still ask them
};

/// Who wants several rounds of a loop at once has written them into its body: LLVM and
/// ptxas would unroll it again, for nothing but code size.
static void keepRolled(LLVM::LLVMFuncOp function) {
  OpBuilder builder(function.getContext());
  Attribute annotation = Emitter(builder, function.getLoc()).noUnroll();
  function.walk([&](scf::ForOp loop) { loop->setAttr("loop_annotation", annotation); });
}

struct TileToNvvmPass : impl::TileToNvvmPassBase<TileToNvvmPass> {
  using TileToNvvmPassBase::TileToNvvmPassBase;

  void getDependentDialects(DialectRegistry &registry) const override { insertDialects(registry); }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function->hasAttr(tile::kInfoAttrName) && failed(lower(function)))
        return signalPassFailure();
  }

  static LogicalResult lower(LLVM::LLVMFuncOp function) {
    SmallVector<Operation *> roles;
    function.walk([&](Operation *op) {
      if (op->hasAttr(kPlaceAttrName))
        roles.push_back(op);
    });
    OpBuilder builder(function.getContext());
    for (Operation *role : roles)
      if (failed(RoleLowering(role, builder).lower()))
        return failure();
    SmallVector<Operation *> unused;
    function.walk([&](Operation *op) {
      if (isa<tile::PipeOp, UnrealizedConversionCastOp>(op))
        unused.push_back(op);
    });
    for (Operation *op : unused)
      op->erase();
    keepRolled(function);
    approximateMath(function, /*divisions=*/false);
    return success();
  }
};
} // namespace
} // namespace moec
