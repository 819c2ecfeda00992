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
#include "passes/scheduling/Extent.h"
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

/// Whether it is between steps, or may be.
static bool isAcrossSteps(Rule rule) {
  switch (rule) {
  case Rule::Payload:
  case Rule::Reuse:
  case Rule::Stale:
    return true;
  case Rule::Canonical:
  case Rule::Writer:
  case Rule::SignalOnce:
  case Rule::WaitOnce:
  case Rule::Pairing:
  case Rule::Carry:
  case Rule::Cycle:
  case Rule::Monotone:
  case Rule::Race:
  case Rule::Path:
  case Rule::Undefined:
  case Rule::Count:
  case Rule::Content:
  case Rule::Sum:
  case Rule::Dead:
  case Rule::Post:
  case Rule::Run:
    return false;
  }
  return false;
}

/// A dependence that is missing leaves all before it unordered with all behind it, and this
/// step with the next: the pair that is nearest to it, in the order of the text, comes first.
static std::vector<Fault> nearestFirst(std::vector<Fault> faults) {
  auto rankOf = [](const Fault &fault) {
    uint32_t op = fault.op.value_or(0), other = fault.other.value_or(op);
    return std::pair(isAcrossSteps(fault.rule), std::max(op, other) - std::min(op, other));
  };
  std::stable_sort(faults.begin(), faults.end(),
                   [&](const Fault &a, const Fault &b) { return rankOf(a) < rankOf(b); });
  return faults;
}

std::vector<Fault> verifyPlan(const plan::Plan &plan, Extent extent) {
  plan::Plan small = shrink(plan, extent);
  TaskGraph graph(small, extent.steps);
  Faults faults;
  checkWaitNames(small, faults);
  checkDomains(plan, faults);
  checkTargets(small, faults);
  checkFills(small, faults);
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
  if (!faults.empty())
    return nearestFirst(faults.take());
  runAbstractly(small, graph, extent.steps, faults);
  return faults.take();
}

} // namespace moec::scheduling
