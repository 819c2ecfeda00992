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
#include "passes/lowering/SharedWalk.h"
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
      SmallVector<tile::RoleOp> within;
      for (tile::RoleOp role : stage.getRoles())
        if (role.getFirstWarp() >= branch.first && role.getLastWarp() <= branch.last)
          within.push_back(role);
      SmallVector<Walk> walks = findSharedWalk(within);
      for (tile::RoleOp role : stage.getRoles())
        if (llvm::none_of(walks, [&](const Walk &walk) { return walk.role == role; }))
          emitRole(role, branch);
      if (!walks.empty())
        emitShared(walks, branch);
    }
  }

  //===--------------------------------------------------------------------===//
  // One walk of several roles
  //===--------------------------------------------------------------------===//

  /// What stands before the loops and what they hand on is done by all; the rest by the warps
  /// of each role.
  void emitShared(ArrayRef<Walk> walks, const Branch &branch) {
    IRMapping arguments = mapArguments([&](Operation *user) {
      return llvm::any_of(
          walks, [&](const Walk &walk) { return tile::RoleOp(walk.role)->isAncestor(user); });
    });
    SmallVector<IRMapping> maps(walks.size(), arguments);
    SmallVector<Value> inits;
    for (auto [walk, map] : llvm::zip_equal(walks, maps)) {
      for (Operation *op : walk.before)
        builder.clone(*op, map);
      for (Value init : tile::ForTilesOp(walk.loop).getInits())
        inits.push_back(map.lookupOrDefault(init));
    }
    chosen = emit.elect();
    tile::ForTilesOp loop = createLike(walks.front().loop, maps.front(), inits);
    fillShared(loop, walks, maps, branch);
    chosen = {};
    sharedLoops.push_back(loop);
    auto results = loop.getResults();
    for (auto [walk, map] : llvm::zip_equal(walks, maps)) {
      auto own = tile::ForTilesOp(walk.loop).getResults();
      map.map(own, results.take_front(own.size()));
      results = results.drop_front(own.size());
      if (!walk.after.empty())
        emitRegion(walk.role, map, walk.after);
    }
  }

  tile::ForTilesOp createLike(tile::ForTilesOp like, const IRMapping &map, ValueRange inits) {
    auto pass = [](OpBuilder &, Location, const tile::TileStep &, ValueRange args) {
      return llvm::to_vector(args);
    };
    if (like.getTotal())
      return tile::ForTilesOp::create(builder, like.getLoc(), map.lookupOrDefault(like.getTotal()),
                                      like.getRows(), like.getCols(), like.getOrder(), inits, pass);
    return tile::ForTilesOp::create(builder, like.getLoc(), map.lookupOrDefault(like.getOffsets()),
                                    map.lookupOrDefault(like.getExperts()), like.getRows(),
                                    like.getCols(), like.getOrder(), inits, pass);
  }

  void fillShared(tile::ForTilesOp loop, ArrayRef<Walk> walks, MutableArrayRef<IRMapping> maps,
                  const Branch &branch) {
    OpBuilder::InsertionGuard guard(builder);
    Block &body = loop->getRegion(0).front();
    Operation *yield = body.getTerminator();
    builder.setInsertionPoint(yield);
    constexpr unsigned fields = 5; // of a step
    auto carried = body.getArguments().drop_front(fields);
    SmallVector<Value> next;
    for (auto [walk, map] : llvm::zip_equal(walks, maps)) {
      Block &own = tile::ForTilesOp(walk.loop)->getRegion(0).front();
      size_t count = own.getNumArguments() - fields;
      map.map(own.getArguments().take_front(fields), body.getArguments().take_front(fields));
      map.map(own.getArguments().drop_front(fields), carried.take_front(count));
      carried = carried.drop_front(count);
      IRMapping outside = map;
      for (Operation *op : walk.carried)
        builder.clone(*op, outside);
      for (Value yielded : own.getTerminator()->getOperands())
        next.push_back(outside.lookupOrDefault(yielded));
      SmallVector<Operation *> ops;
      for (Operation &op : own.without_terminator())
        ops.push_back(&op);
      emitForWarps(walk.role, branch, map, ops);
    }
    yield->setOperands(next);
  }

  void emitForWarps(tile::RoleOp role, const Branch &branch, IRMapping map,
                    ArrayRef<Operation *> ops) {
    emit.ifThen(isBetween(role.getFirstWarp(), role.getLastWarp(), branch),
                [&] { emitRegion(role, map, ops); });
  }

  void emitStageEnd(const Branch &branch) {
    Value counter;
    BranchPlace place{branch.first, branch.last, kernel.getWarps(), unsigned(getBranches().size())};
    if (place.leads())
      counter =
          loadArgument(cast<tile::BindingAttr>(kernel.getBindings()[*kernel.getGridCounter()]));
    emitGridBarrier(emit, place, counter);
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
    SmallVector<Operation *> ops;
    for (Operation &op : role.getBody().front())
      ops.push_back(&op);
    emitRegion(role, std::nullopt, ops);
  }

  /// The ops, for the threads of a role; without a map its arguments are loaded in there.
  void emitRegion(tile::RoleOp role, std::optional<IRMapping> map, ArrayRef<Operation *> ops) {
    auto region = scf::ExecuteRegionOp::create(builder, role.getLoc(), TypeRange());
    RolePlace place{role.getFirstWarp(), role.getLastWarp(), kernel.getWarps(),
                    getAnswersOffset(kernel) + 4 * role.getFirstWarp()};
    region->setAttr(kPlaceAttrName, place.toAttribute(kernel.getContext()));
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&region.getRegion());
    if (!map)
      map = mapArguments([&](Operation *user) { return role->isAncestor(user); });
    for (Operation *op : ops)
      builder.clone(*op, *map);
    scf::YieldOp::create(builder, role.getLoc());
    roles.push_back({region, chosen});
  }

  /// Loads the arguments that `uses` uses.
  IRMapping mapArguments(llvm::function_ref<bool(Operation *)> uses) {
    IRMapping map = shared;
    for (auto [binding, arg] : getArguments()) {
      if (llvm::none_of(arg.getUsers(), uses))
        continue;
      Value value = loadArgument(binding);
      map.map(arg,
              binding.getKind() == tile::ArgKind::View ? getView(value, arg.getType()) : value);
    }
    return map;
  }

  LogicalResult lowerRoles() {
    for (tile::ForTilesOp loop : sharedLoops)
      lowerTiles(loop);
    for (auto [role, chosen] : roles) {
      SmallVector<tile::ForTilesOp> loops;
      role->walk([&](tile::ForTilesOp loop) { loops.push_back(loop); });
      for (tile::ForTilesOp loop : loops)
        lowerTiles(loop);
      if (chosen && isOneThread(role, RolePlace::of(role)))
        addCondition(cast<scf::IfOp>(role->getParentOp()), chosen);
      else if (failed(electThreads(role, RolePlace::of(role))))
        return failure();
    }
    return success();
  }

  static void addCondition(scf::IfOp branch, Value condition) {
    OpBuilder builder(branch);
    Emitter emit(builder, branch.getLoc());
    branch.getConditionMutable().assign(emit.bitAnd(branch.getCondition(), condition));
  }

  tile::KernelOp kernel;
  Operation *function;
  Value table;
  OpBuilder builder;
  Emitter emit;
  IRMapping shared; ///< what roles use from outside
  /// The code of a role, or of its part in a shared loop.
  struct Part {
    Operation *region;
    Value chosen; ///< where that loop goes on, one lane of each warp, elected before it; else null
  };
  SmallVector<Part> roles;
  SmallVector<tile::ForTilesOp> sharedLoops;
  Value chosen; ///< of the parts that are emitted
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
