//===- VerifyPlan.cpp - Prove that a plan neither hangs nor races ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/VerifyPlan.h"

#include "passes/scheduling/AbstractRun.h"
#include "passes/scheduling/AccessRules.h"
#include "passes/scheduling/CanonicalRules.h"
#include "passes/scheduling/Explain.h"
#include "passes/scheduling/FlagRules.h"

#include <algorithm>

namespace moec::scheduling {

const char *nameOf(Rule rule) {
  switch (rule) {
  case Rule::Canonical:
    return "canonical";
  case Rule::Writer:
    return "writer";
  case Rule::SignalOnce:
    return "signal-once";
  case Rule::WaitOnce:
    return "wait-once";
  case Rule::Pairing:
    return "pairing";
  case Rule::Carry:
    return "carry";
  case Rule::Cycle:
    return "cycle";
  case Rule::Monotone:
    return "monotone";
  case Rule::Payload:
    return "payload";
  case Rule::Race:
    return "race";
  case Rule::Reuse:
    return "reuse";
  case Rule::Path:
    return "path";
  case Rule::Undefined:
    return "undefined";
  case Rule::Stale:
    return "stale";
  case Rule::Count:
    return "count";
  case Rule::Content:
    return "content";
  case Rule::Sum:
    return "sum";
  case Rule::Dead:
    return "dead";
  case Rule::Post:
    return "post";
  case Rule::Run:
    return "run";
  }
  return "";
}

//===----------------------------------------------------------------------===//
// What can be judged
//===----------------------------------------------------------------------===//

static constexpr uint32_t smallRanks = 3;
/// Entries of the vector clocks, 4 bytes each: one for each task and rank.
static constexpr uint64_t maxClockEntries = uint64_t(1) << 27;

static plan::Plan shrink(const plan::Plan &plan, Extent extent) {
  plan::Plan small = plan;
  small.ranks = extent.ranks;
  small.nodes = extent.nodes;
  return small;
}

static uint64_t countClockEntries(const plan::Plan &plan, Extent extent) {
  return TaskGraph::count(shrink(plan, extent), extent.steps) * extent.ranks;
}

Extent chooseExtent(const plan::Plan &plan, uint32_t maxRanks) {
  Extent extent{plan.ranks, plan.nodes, plan.depth + 1};
  auto fits = [&](Extent tried) {
    return tried.ranks <= maxRanks && countClockEntries(plan, tried) <= maxClockEntries;
  };
  if (fits(extent))
    return extent;
  // Expressions may hold the number of lanes, so nodes stay as large as they are.
  for (uint32_t nodes = std::min(plan.nodes, smallRanks); nodes > 1; --nodes) {
    Extent fewer{nodes * plan.lanes(), nodes, extent.steps};
    if (fits(fewer))
      return fewer;
  }
  return {std::min(plan.ranks, smallRanks), 1, extent.steps};
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
  TaskGraph graph(small, 1);
  for (TaskId id = 0; id < graph.size(); ++id)
    if (!staysWithin(small, graph.op(id), graph[id].scope))
      return "'" + graph.op(id).name + "' names a rank that is not there when the plan of " +
             std::to_string(plan.ranks) + " ranks is verified for " + std::to_string(extent.ranks);
  return "";
}

//===----------------------------------------------------------------------===//
// All rules, kind by kind
//===----------------------------------------------------------------------===//

static void addCycle(const TaskGraph &graph, const std::vector<TaskId> &cycle, Faults &faults) {
  constexpr size_t shown = 6;
  std::string message = graph.describe(cycle.front());
  for (size_t i = 1; i <= cycle.size(); ++i) {
    if (i == shown && cycle.size() > shown) {
      message += ", and so on over " + std::to_string(cycle.size()) + " tasks";
      break;
    }
    message += (i == 1 ? " waits for " : ", that for ") + graph.describe(cycle[i % cycle.size()]);
  }
  faults.add(Rule::Cycle, graph[cycle.front()].op,
             cycle.size() > 1 ? std::optional(graph[cycle[1]].op) : std::nullopt, message,
             tellTasks(graph, cycle));
}

std::vector<Fault> verifyPlan(const plan::Plan &plan, Extent extent) {
  plan::Plan small = shrink(plan, extent);
  TaskGraph graph(small, extent.steps);
  Faults faults;
  checkWaitNames(small, faults);
  checkDomains(plan, faults);
  checkTargets(small, faults);
  FlagRules flags(small, graph, faults);
  flags.pair();
  if (!faults.empty())
    return faults.take();
  if (std::vector<TaskId> cycle = graph.sort(); !cycle.empty()) {
    addCycle(graph, cycle, faults);
    return faults.take();
  }
  flags.checkOrder();
  checkAccesses(graph, flags.getWaits(), faults);
  checkImplied(graph, faults);
  if (faults.empty())
    runAbstractly(small, graph, extent.steps, faults);
  return faults.take();
}

} // namespace moec::scheduling
