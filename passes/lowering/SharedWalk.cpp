//===- SharedWalk.cpp - Roles that go over the same tiles -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/SharedWalk.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace moec::lowering {

/// Without an effect that a thread of another role would not have.
static bool onlyReads(Operation *op) {
  return !op->getNumRegions() && (isPure(op) || op->getName().getStringRef() == "llvm.load");
}

/// Notes the ops of `block` that make `value`, operands first; false where one has effects.
static bool collectMakers(Value value, Block *block, llvm::SetVector<Operation *> &makers) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != block || makers.contains(op))
    return true;
  if (op->getNumRegions() || !isPure(op))
    return false;
  bool all = llvm::all_of(op->getOperands(),
                          [&](Value operand) { return collectMakers(operand, block, makers); });
  makers.insert(op);
  return all;
}

static std::optional<Walk> getWalk(tile::RoleOp role) {
  Walk walk;
  walk.role = role;
  for (Operation &op : role.getBody().front()) {
    if (auto loop = dyn_cast<tile::ForTilesOp>(op)) {
      if (walk.loop)
        return std::nullopt;
      walk.loop = loop;
    } else if (walk.loop) {
      // Threads without stores wait for nothing. The rest is of the role's warps alone.
      if (!isa<tile::WaitStoresOp>(op))
        return std::nullopt;
      walk.after.push_back(&op);
    } else if (onlyReads(&op)) {
      walk.before.push_back(&op);
    } else {
      return std::nullopt;
    }
  }
  if (!walk.loop)
    return std::nullopt;
  Block *body = &walk.loop->getRegion(0).front();
  llvm::SetVector<Operation *> makers;
  for (Value yielded : body->getTerminator()->getOperands())
    if (!collectMakers(yielded, body, makers))
      return std::nullopt;
  walk.carried = makers.takeVector();
  return walk;
}

/// The same value, or made in the same way.
static bool isSame(Value a, Value b) {
  if (a == b)
    return true;
  Operation *first = a ? a.getDefiningOp() : nullptr;
  Operation *second = b ? b.getDefiningOp() : nullptr;
  return first && second && first->getName() == second->getName() && onlyReads(first) &&
         first->getAttrDictionary() == second->getAttrDictionary() &&
         first->getNumOperands() == second->getNumOperands() && first->getNumResults() == 1 &&
         llvm::all_of(llvm::zip_equal(first->getOperands(), second->getOperands()),
                      [](auto pair) { return isSame(std::get<0>(pair), std::get<1>(pair)); });
}

static bool walkTogether(tile::ForTilesOp a, tile::ForTilesOp b) {
  return a.getRows() == b.getRows() && a.getCols() == b.getCols() && a.getOrder() == b.getOrder() &&
         isSame(a.getOffsets(), b.getOffsets()) && isSame(a.getExperts(), b.getExperts()) &&
         isSame(a.getTotal(), b.getTotal());
}

static bool gathers(const Walk &walk) {
  return tile::RoleOp(walk.role)
      ->walk([](tile::GatherRowsOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

static bool scatters(const Walk &walk) {
  return tile::RoleOp(walk.role)
      ->walk([](tile::ScatterOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// Slots by number, see RolledRing.h. Beside a ring that is not rolled ptxas has taken two
/// instructions more a block of the products (gpt-oss-120b, 128 rows).
static bool isSmall(const Walk &walk) {
  unsigned slots = 0;
  tile::RoleOp(walk.role)->walk(
      [&](Operation *op) { slots += isa<tile::AcquireOp, tile::WaitOp>(op); });
  return slots <= 1;
}

SmallVector<Walk> findSharedWalk(ArrayRef<tile::RoleOp> roles) {
  SmallVector<Walk> walks;
  for (tile::RoleOp role : roles)
    if (std::optional<Walk> walk = getWalk(role))
      if (walks.empty() || walkTogether(walks.front().loop, walk->loop))
        walks.push_back(std::move(*walk));
  bool isWanted = llvm::any_of(walks, scatters) ||
                  (llvm::any_of(walks, gathers) && llvm::all_of(walks, isSmall));
  if (walks.size() < 2 || !isWanted)
    walks.clear();
  return walks;
}

} // namespace moec::lowering
