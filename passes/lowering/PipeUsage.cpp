//===- PipeUsage.cpp - How often a role uses a pipe -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/PipeUsage.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moec::lowering {

std::optional<int64_t> getStaticTrips(Operation *loop) {
  if (auto ring = dyn_cast<tile::RingOp>(loop))
    return ring.getCount();
  auto range = dyn_cast<scf::ForOp>(loop);
  if (!range)
    return std::nullopt;
  std::optional<int64_t> low = getConstantIntValue(range.getLowerBound()),
                         high = getConstantIntValue(range.getUpperBound()),
                         step = getConstantIntValue(range.getStep());
  if (!low || !high || !step || *step <= 0)
    return std::nullopt;
  return std::max<int64_t>(0, llvm::divideCeilSigned(*high - *low, *step));
}

/// The use as one entry of its own.
static PipeUsage getUse(Operation *op) {
  PipeUsage use{{}, 1, op};
  for (Operation *parent = op->getParentOp(); !isa<tile::RoleOp>(parent);
       parent = parent->getParentOp()) {
    if (std::optional<int64_t> trips = getStaticTrips(parent); trips && use.loops.empty())
      use.count *= *trips;
    else
      use.loops.insert(use.loops.begin(), parent);
  }
  return use;
}

SmallVector<PipeUsage> getUsage(tile::RoleOp role, Value pipe) {
  SmallVector<PipeUsage> usage;
  role->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!isa<tile::AcquireOp, tile::WaitOp>(op) || tile::getPipeOf(op->getResult(0)) != pipe)
      return;
    PipeUsage use = getUse(op);
    if (!usage.empty() && usage.back().loops == use.loops)
      usage.back().count += use.count;
    else
      usage.push_back(use);
  });
  return usage;
}

/// Whether two values are computed alike from the same kernel arguments. A load
/// counts: what schedules depend on does not change while a stage runs.
static bool areSame(Value a, Value b, unsigned depth = 16) {
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || depth == 0 || x->getName() != y->getName() || x->getNumRegions() != 0 ||
      x->getAttrDictionary() != y->getAttrDictionary() ||
      x->getNumOperands() != y->getNumOperands() ||
      cast<OpResult>(a).getResultNumber() != cast<OpResult>(b).getResultNumber())
    return false;
  return llvm::all_of(llvm::zip(x->getOperands(), y->getOperands()), [&](auto pair) {
    return areSame(std::get<0>(pair), std::get<1>(pair), depth - 1);
  });
}

static bool areSameOrNone(Value a, Value b) { return a && b ? areSame(a, b) : !a && !b; }

bool haveSameTrips(Operation *a, Operation *b) {
  if (std::optional<int64_t> trips = getStaticTrips(a))
    return trips == getStaticTrips(b);
  auto x = dyn_cast<tile::ForTilesOp>(a), y = dyn_cast<tile::ForTilesOp>(b);
  if (x && y)
    return x.getRows() == y.getRows() && x.getCols() == y.getCols() &&
           x.getOrder() == y.getOrder() && areSameOrNone(x.getOffsets(), y.getOffsets()) &&
           areSameOrNone(x.getExperts(), y.getExperts()) &&
           areSameOrNone(x.getTotal(), y.getTotal());
  auto from = dyn_cast<scf::ForOp>(a), to = dyn_cast<scf::ForOp>(b);
  return from && to && areSame(from.getLowerBound(), to.getLowerBound()) &&
         areSame(from.getUpperBound(), to.getUpperBound()) && areSame(from.getStep(), to.getStep());
}

} // namespace moec::lowering
