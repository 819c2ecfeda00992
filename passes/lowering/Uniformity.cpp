//===- Uniformity.cpp - Which threads agree on a value --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/Uniformity.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace moec::lowering {

/// Ops whose result differs from thread to thread, whatever their operands.
static bool tellsThreads(Operation *op) {
  return llvm::StringSwitch<bool>(op->getName().getStringRef())
      .Cases({"nvvm.read.ptx.sreg.tid.x", "nvvm.read.ptx.sreg.laneid", "nvvm.elect.sync"}, true)
      .Cases({"nvvm.read.ptx.sreg.globaltimer", "tile.ptx.atom"}, true)
      .Default(false);
}

/// Ops whose result is the same in all lanes of a warp.
static bool joinsLanes(Operation *op) {
  return llvm::StringSwitch<bool>(op->getName().getStringRef())
      .Cases({"nvvm.vote.sync", "nvvm.redux.sync"}, true)
      .Case("nvvm.shfl.sync", true)
      .Default(false);
}

Uniformity::Uniformity(Operation *root) : root(root) {
  bool changed = true;
  while (changed) {
    changed = false;
    root->walk([&](Operation *op) { changed |= visit(op); });
  }
}

Agreement Uniformity::of(Value value) const {
  auto found = levels.find(value);
  return found == levels.end() ? Agreement::Role : found->second;
}

bool Uniformity::raise(Value value, Agreement to) {
  if (of(value) >= to)
    return false;
  levels[value] = to;
  return true;
}

static Agreement weakest(const Uniformity &values, ValueRange of) {
  Agreement level = Agreement::Role;
  for (Value value : of)
    level = std::max(level, values.of(value));
  return level;
}

bool Uniformity::visit(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitFor(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return visitWhile(loop);
  Agreement level = weakest(*this, op->getOperands());
  if (tellsThreads(op))
    level = Agreement::Nobody;
  if (joinsLanes(op))
    level = std::min(level, Agreement::Warp);
  bool changed = false;
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    Agreement yielded = level;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (block.mightHaveTerminator() && i < block.getTerminator()->getNumOperands())
          yielded = std::max(yielded, of(block.getTerminator()->getOperand(i)));
    changed |= raise(result, yielded);
  }
  return changed;
}

bool Uniformity::visitFor(scf::ForOp loop) {
  Agreement turns = weakest(*this, {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
  bool changed = raise(loop.getInductionVar(), turns);
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (auto [init, arg, next, result] : llvm::zip_equal(
           loop.getInitArgs(), loop.getRegionIterArgs(), yield.getResults(), loop.getResults())) {
    Agreement level = std::max({turns, of(init), of(next)});
    changed |= raise(arg, level);
    changed |= raise(result, level);
  }
  return changed;
}

bool Uniformity::visitWhile(scf::WhileOp loop) {
  scf::ConditionOp condition = loop.getConditionOp();
  Agreement turns = of(condition.getCondition());
  bool changed = false;
  for (auto [init, arg, next] : llvm::zip_equal(loop.getInits(), loop.getBeforeArguments(),
                                                loop.getYieldOp()->getOperands()))
    changed |= raise(arg, std::max({turns, of(init), of(next)}));
  for (auto [passed, arg, result] :
       llvm::zip_equal(condition.getArgs(), loop.getAfterArguments(), loop.getResults())) {
    changed |= raise(arg, std::max(turns, of(passed)));
    changed |= raise(result, std::max(turns, of(passed)));
  }
  return changed;
}

Agreement Uniformity::decision(Operation *op) const {
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return of(loop.getConditionOp().getCondition());
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return of(loop.getInductionVar());
  return weakest(*this, op->getOperands());
}

Agreement Uniformity::control(Operation *op) const {
  Agreement level = Agreement::Role;
  for (Operation *parent = op->getParentOp(); parent && parent != root;
       parent = parent->getParentOp())
    level = std::max(level, decision(parent));
  return level;
}

} // namespace moec::lowering
