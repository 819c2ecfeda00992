//===- Extent.cpp - What of a plan can be judged --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Extent.h"

#include "passes/scheduling/TaskGraph.h"
#include "runtime/plan/Limits.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace moec::scheduling {

static constexpr uint32_t smallRanks = 3;
/// Entries of the vector clocks, 4 bytes each: one for each task and rank.
static constexpr uint64_t maxClockEntries = uint64_t(1) << 27;

plan::Plan shrink(const plan::Plan &plan, Extent extent) {
  plan::Plan small = plan;
  small.ranks = extent.ranks;
  small.nodes = extent.nodes;
  return small;
}

static uint64_t countClockEntries(const plan::Plan &plan, Extent extent) {
  return TaskGraph::count(shrink(plan, extent), extent.steps) * extent.ranks;
}

/// Every expression of an op or a region of it.
template <typename Body> static void forEachExpr(const plan::Region &region, const Body &body) {
  auto ofItems = [&](const plan::ItemSet &items) {
    std::for_each(items.args.begin(), items.args.end(), body);
  };
  std::for_each(region.index.begin(), region.index.end(), body);
  ofItems(region.items);
  if (region.frame)
    ofItems(*region.frame);
}

template <typename Body> static void forEachExpr(const plan::Op &op, const Body &body) {
  for (const auto *regions : {&op.reads, &op.writes})
    for (const plan::Region &region : *regions)
      forEachExpr(region, body);
  for (const auto *exprs : {&op.flagIndex, &op.payload.args})
    std::for_each(exprs->begin(), exprs->end(), body);
  for (const plan::After &after : op.after)
    std::for_each(after.args.begin(), after.args.end(), body);
  body(op.to);
  body(op.value);
}

/// Calls `body(divisor, ofStep)` for every quotient and remainder of an expression; whether
/// it is of the step, else it is of ranks or of domain variables.
template <typename Body> static void forEachDivisor(const plan::Expr &expr, const Body &body) {
  using Kind = plan::ExprNode::Kind;
  struct Operand {
    int64_t value = 0;
    bool ofStep = false;
  };
  std::vector<Operand> stack;
  for (const plan::ExprNode &node : expr.nodes) {
    if (node.kind == Kind::Constant || node.kind == Kind::Variable) {
      stack.push_back(
          {node.value, node.kind == Kind::Variable && node.value == plan::stepVariable});
      continue;
    }
    Operand right = stack.back();
    stack.pop_back();
    if (node.kind == Kind::FloorDiv || node.kind == Kind::Mod)
      body(right.value, stack.back().ofStep);
    stack.back().ofStep |= right.ofStep;
  }
}

template <typename Body> static void forEachDivisor(const plan::Plan &plan, const Body &body) {
  auto ofExpr = [&](const plan::Expr &expr) { forEachDivisor(expr, body); };
  for (const plan::Flag &flag : plan.flags)
    ofExpr(flag.writer);
  for (const plan::Op &op : plan.ops)
    forEachExpr(op, ofExpr);
}

/// Steps after which the plan's copies of regions and cells come round again: its depth,
/// and what expressions divide the step by.
static uint32_t periodOf(const plan::Plan &plan) {
  uint64_t period = plan.depth;
  forEachDivisor(plan, [&](int64_t divisor, bool ofStep) {
    if (ofStep)
      period = std::min<uint64_t>(std::lcm(period, uint64_t(divisor)), plan::maxDepth * 64);
  });
  return static_cast<uint32_t>(period);
}

/// A rank or node that is divided by something other than the ranks of a node: with fewer
/// ranks the expression says something else.
static std::optional<int64_t> findOtherDivisor(const plan::Plan &plan, uint32_t lanes) {
  std::optional<int64_t> other;
  forEachDivisor(plan, [&](int64_t divisor, bool ofStep) {
    if (!ofStep && divisor != lanes)
      other = divisor;
  });
  return other;
}

Extent chooseExtent(const plan::Plan &plan, uint32_t maxRanks) {
  Extent extent{plan.ranks, plan.nodes, periodOf(plan) + 1};
  auto canBeHeld = [&](Extent tried) { return countClockEntries(plan, tried) <= maxClockEntries; };
  auto fits = [&](Extent tried) { return tried.ranks <= maxRanks && canBeHeld(tried); };
  if (fits(extent))
    return extent;
  // Expressions may hold the number of lanes, so nodes stay as large as they are.
  for (uint32_t nodes = std::min(plan.nodes, smallRanks); nodes > 1; --nodes) {
    Extent fewer{nodes * plan.lanes(), nodes, extent.steps};
    if (fits(fewer) || (nodes == 2 && canBeHeld(fewer)))
      return fewer;
  }
  // What would say something else of fewer ranks is judged for all, if that can be.
  uint32_t few = std::min(plan.ranks, smallRanks);
  if (findOtherDivisor(plan, few) && canBeHeld(extent))
    return extent;
  return {few, 1, extent.steps};
}

static bool isRank(const plan::Expr &expr, const plan::Scope &scope, uint32_t ranks) {
  int64_t value = scope(expr);
  return value >= 0 && value < int64_t(ranks);
}

static uint32_t countOf(plan::ArgumentKind kind, const plan::Plan &plan) {
  switch (kind) {
  case plan::ArgumentKind::Rank:
    return plan.ranks;
  case plan::ArgumentKind::Node:
    return plan.nodes;
  case plan::ArgumentKind::Stage:
    return plan.stages;
  case plan::ArgumentKind::Lane:
    return plan.lanes();
  }
  return 0;
}

static bool namesRanks(const plan::ItemSet &items, const plan::Scope &scope,
                       const plan::Plan &plan) {
  std::span<const plan::ArgumentKind> arguments = plan::argumentsOf(items.kind);
  for (size_t i = 0; i < items.args.size(); ++i)
    if (!isRank(items.args[i], scope, countOf(arguments[i], plan)))
      return false;
  return true;
}

/// Whether every rank that a task names is one of the plan's.
static bool staysWithin(const plan::Plan &small, const plan::Op &op, const plan::Scope &scope) {
  if (!op.to.nodes.empty() && !isRank(op.to, scope, small.ranks))
    return false;
  if (op.hasPayload && !namesRanks(op.payload, scope, small))
    return false;
  for (const plan::After &after : op.after)
    for (size_t i = 0; i < after.args.size(); ++i) {
      uint32_t size = plan::domainLimit(small, small.ops[after.op].domains[i].kind);
      if (!after.args[i].nodes.empty() && !isRank(after.args[i], scope, size))
        return false;
    }
  for (const auto *regions : {&op.reads, &op.writes})
    for (const plan::Region &region : *regions) {
      bool within = true;
      plan::Scope inner = scope;
      plan::forEachPoint(region.each, small, inner, [&](const plan::Scope &point) {
        within &= namesRanks(region.items, point, small) &&
                  (!region.frame || namesRanks(*region.frame, point, small));
      });
      if (!within)
        return false;
    }
  return true;
}

std::string checkExtent(const plan::Plan &plan, Extent extent) {
  plan::Plan small = shrink(plan, extent);
  if (countClockEntries(plan, extent) > maxClockEntries)
    return "the plan has " + std::to_string(TaskGraph::count(small, extent.steps)) + " tasks for " +
           std::to_string(extent.ranks) + " ranks and " + std::to_string(extent.steps) +
           " steps, too many to verify";
  uint32_t lanes = small.lanes();
  if (std::optional<int64_t> other = findOtherDivisor(plan, lanes);
      other && extent.ranks != plan.ranks)
    return "its expressions divide ranks by " + std::to_string(*other) +
           ", so that it says something else for the " + std::to_string(extent.ranks) +
           " ranks that can be judged of its " + std::to_string(plan.ranks);
  TaskGraph graph(small, 1);
  for (TaskId id = 0; id < graph.size(); ++id)
    if (!staysWithin(small, graph.op(id), graph[id].scope))
      return "'" + graph.op(id).name + "' names a rank that is not there when the plan of " +
             std::to_string(plan.ranks) + " ranks is verified for " + std::to_string(extent.ranks);
  return "";
}

} // namespace moec::scheduling
