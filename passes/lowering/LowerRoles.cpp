//===- LowerRoles.cpp - From roles to branches of one function ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One branch for each register budget, and in it, stage after stage, the roles of
// its warps. Arguments are loaded inside each role: what lives across roles would
// hold a register in all of them.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/GridBarrier.h"
#include "passes/lowering/KernelFunction.h"
#include "passes/lowering/OneThread.h"
#include "passes/lowering/RolePlace.h"
#include "passes/lowering/Schedule.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILELOWERROLESPASS
#include "passes/Passes.h.inc"

using namespace lowering;

namespace {
/// Neighbouring warpgroups with the same budget. 0: as at the launch.
struct Branch {
  unsigned first = 0, last = 0; ///< warps
  unsigned registers = 0;
};

class KernelLowering {
public:
  explicit KernelLowering(tile::KernelOp kernel)
      : kernel(kernel), function(createFunction(kernel)),
        table(function->getRegion(0).getArgument(0)),
        builder(OpBuilder::atBlockEnd(&function->getRegion(0).front())),
        emit(builder, kernel.getLoc()) {}

  LogicalResult lower() {
    auto info = function->getAttrOfType<tile::KernelInfoAttr>(tile::kInfoAttrName);
    if (info.getSharedBytes() > tile::maxSharedBytes)
      return kernel.emitError() << kUnsupported << "a kernel with " << info.getSharedBytes()
                                << " bytes of shared memory, the answers of arrivals included";
    cloneShared(kernel.getBody().front());
    emit.warpId(); // before any branch
    emitPrologue();
    emitBranches(getBranches());
    createReturn(builder, kernel.getLoc());
    kernel.erase();
    return lowerRoles();
  }

private:
  auto getArguments() {
    return llvm::zip_equal(kernel.getBindings().getAsRange<tile::BindingAttr>(),
                           kernel.getBody().getArguments());
  }

  /// Pipes, and constants that a folder put beside them.
  void cloneShared(Block &block) {
    for (Operation &op : block) {
      if (auto stage = dyn_cast<tile::StageOp>(op))
        cloneShared(stage.getBody().front());
      else if (!isa<tile::RoleOp>(op))
        builder.clone(op, shared);
    }
  }

  //===--------------------------------------------------------------------===//
  // Prologue
  //===--------------------------------------------------------------------===//

  void emitPrologue() {
    Value isFirst = emit.compare(Compare::Equal, emit.threadId(), 0);
    emit.ifThen(isFirst, [&] {
      bool barriers = false;
      for (tile::StageOp stage : kernel.getStages())
        for (tile::PipeOp pipe : stage.getPipes()) {
          initBarriers(pipe);
          barriers = true;
        }
      if (barriers) {
        emit.fenceBarrierInit();
        emit.fenceProxy(Proxy::Shared);
      }
      for (auto [binding, arg] : getArguments())
        if (binding.getKind() == tile::ArgKind::View)
          emit.fenceTensorMap(loadArgument(binding));
    });
    emit.ctaBarrier();
  }

  void initBarriers(tile::PipeOp pipe) {
    int64_t slots = pipe.getType().getSlots(), base = *pipe.getBarrier();
    Value shared = emit.sharedBase();
    for (int64_t slot = 0; slot < slots; ++slot)
      emit.initBarrier(emit.offset(shared, base + 8 * slot), *pipe.getFullCount());
    for (int64_t slot = 0; slot < slots; ++slot)
      emit.initBarrier(emit.offset(shared, base + 8 * (slots + slot)), *pipe.getEmptyCount());
  }

  //===--------------------------------------------------------------------===//
  // Arguments
  //===--------------------------------------------------------------------===//

  Value loadArgument(tile::BindingAttr binding) {
    Value rank = emit.widen(emit.ctaZ(), emit.i64Type());
    Value block = emit.offset(table, emit.mul(rank, kernel.getArgBytes().value_or(0)));
    Value place = emit.offset(block, binding.getOffset().value_or(0));
    switch (binding.getKind()) {
    case tile::ArgKind::View:
      return emit.genericPointer(place);
    case tile::ArgKind::Pointer:
      return emit.load(emit.globalPointerType(), place, /*invariant=*/true);
    case tile::ArgKind::Scalar:
      return emit.load(emit.i64Type(), place, /*invariant=*/true);
    }
    llvm_unreachable("unknown kind of argument");
  }

  /// Views stay views, of the map that they stand for, until their uses are lowered.
  Value getView(Value map, Type type) {
    return UnrealizedConversionCastOp::create(builder, kernel.getLoc(), type, map).getResult(0);
  }

  //===--------------------------------------------------------------------===//
  // Branches
  //===--------------------------------------------------------------------===//

  SmallVector<Branch> getBranches() {
    SmallVector<unsigned> budgets(llvm::divideCeil(kernel.getWarps(), 4));
    kernel->walk([&](tile::RoleOp role) {
      for (unsigned warp = role.getFirstWarp(); warp <= role.getLastWarp(); ++warp)
        budgets[warp / 4] = std::max(budgets[warp / 4], unsigned(role.getRegs().value_or(0)));
    });
    SmallVector<Branch> branches;
    for (auto [group, registers] : llvm::enumerate(budgets)) {
      unsigned first = group * 4, last = std::min(first + 3, kernel.getWarps() - 1);
      if (branches.empty() || branches.back().registers != registers)
        branches.push_back({first, last, registers});
      branches.back().last = last;
    }
    return branches;
  }

  void emitBranches(ArrayRef<Branch> branches) {
    if (branches.size() == 1)
      return emitBranch(branches.front());
    Value here = emit.compare(Compare::Less, emit.warpId(), branches.front().last + 1);
    emit.ifThenElse(
        here, [&] { emitBranch(branches.front()); }, [&] { emitBranches(branches.drop_front()); });
  }

  void emitBranch(const Branch &branch) {
    unsigned atLaunch = tile::registersPerCta / kernel.getThreads() / 8 * 8;
    if (branch.registers && branch.registers != atLaunch)
      emit.setMaxRegisters(branch.registers, branch.registers > atLaunch);
    bool later = false;
    for (tile::StageOp stage : kernel.getStages()) {
      if (later)
        emitStageEnd(branch);
      later = true;
      for (tile::RoleOp role : stage.getRoles())
        emitRole(role, branch);
    }
  }

  void emitStageEnd(const Branch &branch) {
    Value counter;
    bool leads = branch.first == 0;
    if (leads)
      counter =
          loadArgument(cast<tile::BindingAttr>(kernel.getBindings()[*kernel.getGridCounter()]));
    emitGridBarrier(emit, {0, kernel.getWarps() - 1, kernel.getWarps(), 0}, counter, leads);
  }

  void emitRole(tile::RoleOp role, const Branch &branch) {
    unsigned first = std::max<unsigned>(role.getFirstWarp(), branch.first);
    unsigned last = std::min<unsigned>(role.getLastWarp(), branch.last);
    if (first > last)
      return;
    if (first == branch.first && last == branch.last)
      return emitBody(role);
    emit.ifThen(isBetween(first, last, branch), [&] { emitBody(role); });
  }

  Value isBetween(unsigned first, unsigned last, const Branch &branch) {
    Value warp = emit.warpId();
    if (first == last)
      return emit.compare(Compare::Equal, warp, first);
    if (last == branch.last)
      return emit.compare(Compare::AtLeast, warp, first);
    if (first == branch.first)
      return emit.compare(Compare::Less, warp, last + 1);
    return emit.bitAnd(emit.compare(Compare::AtLeast, warp, first),
                       emit.compare(Compare::Less, warp, last + 1));
  }

  void emitBody(tile::RoleOp role) {
    auto region = scf::ExecuteRegionOp::create(builder, role.getLoc(), TypeRange());
    RolePlace place{role.getFirstWarp(), role.getLastWarp(), kernel.getWarps(),
                    getAnswersOffset(kernel) + 4 * role.getFirstWarp()};
    region->setAttr(kPlaceAttrName, place.toAttribute(kernel.getContext()));
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&region.getRegion());
    IRMapping map = shared;
    for (auto [binding, arg] : getArguments()) {
      if (llvm::none_of(arg.getUsers(), [&](Operation *user) { return role->isAncestor(user); }))
        continue;
      Value value = loadArgument(binding);
      map.map(arg,
              binding.getKind() == tile::ArgKind::View ? getView(value, arg.getType()) : value);
    }
    for (Operation &op : role.getBody().front())
      builder.clone(op, map);
    scf::YieldOp::create(builder, role.getLoc());
    roles.push_back(region);
  }

  LogicalResult lowerRoles() {
    for (Operation *role : roles) {
      SmallVector<tile::ForTilesOp> loops;
      role->walk([&](tile::ForTilesOp loop) { loops.push_back(loop); });
      for (tile::ForTilesOp loop : loops)
        lowerTiles(loop);
      if (failed(electThreads(role, RolePlace::of(role))))
        return failure();
    }
    return success();
  }

  tile::KernelOp kernel;
  Operation *function;
  Value table;
  OpBuilder builder;
  Emitter emit;
  IRMapping shared; ///< what roles use from outside
  SmallVector<Operation *> roles;
};

struct TileLowerRolesPass : impl::TileLowerRolesPassBase<TileLowerRolesPass> {
  using TileLowerRolesPassBase::TileLowerRolesPassBase;

  void getDependentDialects(DialectRegistry &registry) const override { insertDialects(registry); }

  void runOnOperation() override {
    SmallVector<tile::KernelOp> kernels = llvm::to_vector(getOperation().getOps<tile::KernelOp>());
    if (!kernels.empty())
      prepareModule(getOperation());
    for (tile::KernelOp kernel : kernels)
      if (failed(KernelLowering(kernel).lower()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace moec
