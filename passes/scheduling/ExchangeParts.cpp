//===- ExchangeParts.cpp - What expanders of exchanges share --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ExchangeParts.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::RegionUse;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static bool isTask(Operation &op) { return isa<comm::FamilyOp>(op); }

static std::string getUnused(StringRef wanted, llvm::function_ref<bool(StringRef)> isUsed) {
  std::string label = wanted.str();
  for (unsigned i = 1; isUsed(label); ++i)
    label = (wanted + "_" + Twine(i)).str();
  return label;
}

ExchangeParts::ExchangeParts(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
    : plan(plan), solution(solution), builder(plan.getContext()) {
  for (Operation &op : plan.getBody().front()) {
    if (auto buffer = dyn_cast<comm::BufferOp>(op))
      labels.insert(buffer.getLabel());
    else if (auto flag = dyn_cast<comm::FlagOp>(op))
      labels.insert(flag.getLabel());
    else if (auto family = dyn_cast<comm::FamilyOp>(op))
      labels.insert(family.getLabel());
  }
}

std::string ExchangeParts::getLabel(StringRef wanted) {
  std::string label = getUnused(wanted, [&](StringRef name) { return labels.contains(name); });
  labels.insert(label);
  return label;
}

std::string ExchangeParts::makeTask(Location loc, StringRef wanted, comm::TaskKind kind) {
  SymbolTable symbols(plan);
  std::string name =
      getUnused(wanted, [&](StringRef used) { return symbols.lookup(used) != nullptr; });
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&plan.getBody().front());
  for (auto task : plan.getOps<comm::TaskOp>())
    builder.setInsertionPointAfter(task);
  comm::TaskOp::create(builder, loc, builder.getStringAttr(name),
                       comm::TaskKindAttr::get(builder.getContext(), kind), Attribute());
  return name;
}

//===----------------------------------------------------------------------===//
// Memory and flags
//===----------------------------------------------------------------------===//

comm::BufferOp ExchangeParts::makeBuffer(Location loc, StringRef label, comm::BufferSpace space,
                                         comm::BufferLayout layout, ArrayRef<int64_t> extents,
                                         int64_t recordsPerToken, int64_t bytesPerRecord) {
  OpBuilder::InsertionGuard guard(builder);
  Block &body = plan.getBody().front();
  builder.setInsertionPoint(&body, llvm::find_if(body, isTask));
  return comm::BufferOp::create(builder, loc, getLabel(label), space, layout, extents,
                                recordsPerToken, bytesPerRecord);
}

static SmallVector<int64_t> withCopies(int64_t depth, ArrayRef<int64_t> extents) {
  SmallVector<int64_t> all{depth};
  llvm::append_range(all, extents);
  return all;
}

comm::BufferOp ExchangeParts::makeCopies(Location loc, StringRef label, comm::BufferLayout layout,
                                         ArrayRef<int64_t> extents, int64_t recordsPerToken,
                                         int64_t bytesPerRecord) {
  return makeBuffer(loc, label, comm::BufferSpace::Sym, layout, withCopies(solution.depth, extents),
                    recordsPerToken, bytesPerRecord);
}

comm::FlagOp ExchangeParts::makeFlag(Location loc, StringRef label, ArrayRef<int64_t> extents,
                                     bool carry, AffineExpr writer) {
  OpBuilder::InsertionGuard guard(builder);
  Block &body = plan.getBody().front();
  builder.setInsertionPoint(&body, llvm::find_if(body, isTask));
  return comm::FlagOp::create(builder, loc, getLabel(label), withCopies(solution.depth, extents),
                              carry, writer);
}

/// Puts `n mod depth` in front of every index into `buffer`, and copies behind it.
static ArrayAttr prependIndex(OperandRange buffers, ArrayAttr regions, Value buffer,
                              llvm::function_ref<comm::RegionAttr(comm::RegionAttr)> rewrite) {
  SmallVector<Attribute> rewritten;
  for (auto [operand, region] : llvm::zip(buffers, regions.getAsRange<comm::RegionAttr>()))
    rewritten.push_back(operand == buffer ? rewrite(region) : region);
  return ArrayAttr::get(regions.getContext(), rewritten);
}

void ExchangeParts::makeSymmetric(Value buffer) {
  auto made = buffer.getDefiningOp<comm::BufferOp>();
  made.setSpace(comm::BufferSpace::Sym);
  SmallVector<int64_t> extents{int64_t(solution.depth)};
  llvm::append_range(extents, made.getExtents());
  made.setExtents(extents);

  auto rewrite = [&](comm::RegionAttr region) {
    AffineMap index = region.getIndex();
    SmallVector<AffineExpr> exprs{builder.getAffineDimExpr(comm::stepDim) %
                                  int64_t(solution.depth)};
    llvm::append_range(exprs, index.getResults());
    return comm::RegionAttr::get(builder.getContext(),
                                 AffineMap::get(index.getNumDims(), 0, exprs, builder.getContext()),
                                 region.getItems(), region.getEach(), region.getFrame());
  };
  auto rewriteCall = [&](auto call) {
    call.setReadRegionsAttr(prependIndex(call.getReads(), call.getReadRegions(), buffer, rewrite));
    call.setWriteRegionsAttr(
        prependIndex(call.getWrites(), call.getWriteRegions(), buffer, rewrite));
  };
  auto rewriteMove = [&](auto move) {
    if (move.getTarget() == buffer)
      move.setTargetRegionAttr(rewrite(move.getTargetRegion()));
    if (move.getSource() == buffer)
      move.setSourceRegionAttr(rewrite(move.getSourceRegion()));
  };
  llvm::SetVector<Operation *> users(buffer.user_begin(), buffer.user_end());
  for (Operation *user : users) {
    if (auto compute = dyn_cast<comm::ComputeOp>(user))
      rewriteCall(compute);
    else if (auto reduce = dyn_cast<comm::ReduceOp>(user))
      rewriteCall(reduce);
    else if (auto put = dyn_cast<comm::PutOp>(user))
      rewriteMove(put);
    else if (auto copy = dyn_cast<comm::CopyOp>(user))
      rewriteMove(copy);
  }
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

SmallVector<AfterUse> ExchangeParts::getAfterUses(comm::FamilyOp op) {
  SmallVector<AfterUse> uses;
  for (auto [token, instance] : llvm::zip(op.getAfter(), op.getAfterInstances())) {
    auto args = dyn_cast<AffineMapAttr>(instance);
    if (args && args.getValue().getNumResults())
      uses.push_back(AfterUse(token, args.getValue().getResults()));
    else
      uses.push_back(AfterUse(token));
  }
  return uses;
}

Operation *ExchangeParts::getFirstUser(Value value) {
  Operation *first = nullptr;
  for (Operation *user : value.getUsers())
    if (!first || user->isBeforeInBlock(first))
      first = user;
  return first;
}

void ExchangeParts::replaceToken(Value old, Value token) {
  // An exchange has no domain, so whoever runs after it runs after all of it.
  for (Operation *user : llvm::make_early_inc_range(old.getUsers())) {
    auto family = cast<comm::FamilyOp>(user);
    SmallVector<Attribute> instances(family.getAfterInstances().getValue());
    for (auto [i, used] : llvm::enumerate(family.getAfter()))
      if (used == old)
        instances[i] = builder.getUnitAttr();
    family.setAfterInstancesAttr(builder.getArrayAttr(instances));
  }
  old.replaceAllUsesWith(token);
}

void ExchangeParts::addToken(Value old, Value token) {
  for (Operation *user : llvm::make_early_inc_range(old.getUsers())) {
    auto family = cast<comm::FamilyOp>(user);
    SmallVector<Attribute> instances(family.getAfterInstances().getValue());
    instances.push_back(builder.getUnitAttr());
    family.getAfterMutable().append(token);
    family.setAfterInstancesAttr(builder.getArrayAttr(instances));
  }
}

void ExchangeParts::replaceSlotSum(comm::CombineOp combine, RegionUse parts, comm::SumTree tree) {
  plan.setResult(tree);
  SmallVector<comm::ReduceOp> sums;
  for (Operation *user : combine.getReturned().getUsers())
    if (auto sum = dyn_cast<comm::ReduceOp>(user))
      sums.push_back(sum);
  for (comm::ReduceOp sum : sums) {
    SmallVector<RegionUse> reads = sum.getReadUses();
    reads[1] = parts; // route, rows, then what is added at the end
    bool isSwitch = tree == comm::SumTree::Switch;
    if (isSwitch) // every token has one sum, wherever its rows came from
      reads.erase(reads.begin());
    auto called = SymbolTable::lookupNearestSymbolFrom<comm::TaskOp>(plan, sum.getCalleeAttr());
    std::string task = makeTask(called.getLoc(), isSwitch ? "switch_sum" : "part_sum",
                                isSwitch ? comm::TaskKind::SwitchSum : comm::TaskKind::PartSum);
    builder.setInsertionPoint(sum);
    comm::Scope scope(builder.getContext());
    auto made = comm::ReduceOp::create(builder, sum.getLoc(), sum.getLabel(), task, scope, reads,
                                       sum.getWriteUses(), getAfterUses(sum));
    sum.getToken().replaceAllUsesWith(made.getToken());
    sum.erase();
    if (SymbolTable::symbolKnownUseEmpty(called, plan))
      called.erase();
  }
}

} // namespace moec
