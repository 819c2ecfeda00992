//===- CanonicalRules.cpp - One plan, one way to write it -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/CanonicalRules.h"

#include "passes/scheduling/Explain.h"
#include "runtime/plan/Names.h"

#include <algorithm>

namespace moec::scheduling {

//===----------------------------------------------------------------------===//
// Waits
//===----------------------------------------------------------------------===//

static bool usesDomainVariable(const plan::Expr &expr) {
  return std::any_of(expr.nodes.begin(), expr.nodes.end(), [](const plan::ExprNode &node) {
    return node.kind == plan::ExprNode::Kind::Variable && node.value >= plan::firstDomainVariable;
  });
}

static bool isAscending(plan::DomainKind kind) {
  return kind == plan::DomainKind::All || kind == plan::DomainKind::Nodes ||
         kind == plan::DomainKind::Lanes || kind == plan::DomainKind::Stages;
}

/// What is not as it must be; empty if all is.
static std::string findOtherName(const plan::Op &op) {
  for (const plan::Domain &domain : op.domains)
    if (!isAscending(domain.kind))
      return "runs through its cells in the order " + std::string(plan::nameOf(domain.kind)) +
             ", which waits do not have";
  uint32_t next = 0;
  for (const plan::Expr &index : op.flagIndex) {
    if (!usesDomainVariable(index))
      continue;
    if (next == op.domains.size() || index != plan::domainVariable(next))
      return "names its cells by something other than its own variables in their order";
    ++next;
  }
  if (next != op.domains.size())
    return "has the variable '" + op.domains[next].variable + "', which names no cell";
  return "";
}

void checkWaitNames(const plan::Plan &plan, Faults &faults) {
  for (uint32_t i = 0; i < plan.ops.size(); ++i)
    if (plan.ops[i].kind == plan::OpKind::Wait)
      if (std::string other = findOtherName(plan.ops[i]); !other.empty())
        faults.add(Rule::Canonical, i, {}, "'" + plan.ops[i].name + "' " + other);
}

static bool isOtherName(const plan::Plan &plan, plan::DomainKind kind) {
  switch (kind) {
  case plan::DomainKind::All:
  case plan::DomainKind::Stagger:
  case plan::DomainKind::OtherNodes:
  case plan::DomainKind::Stages:
    return false;
  case plan::DomainKind::Nodes:
  case plan::DomainKind::StaggerNodes:
    return plan.lanes() == 1;
  case plan::DomainKind::Lanes:
  case plan::DomainKind::StaggerLanes:
    return plan.nodes == 1;
  }
  return false;
}

void checkDomains(const plan::Plan &plan, Faults &faults) {
  for (uint32_t i = 0; i < plan.ops.size(); ++i) {
    std::vector<plan::Domain> domains = plan.ops[i].domains;
    for (const auto *regions : {&plan.ops[i].reads, &plan.ops[i].writes})
      for (const plan::Region &region : *regions)
        for (const plan::Domain &domain : region.each) {
          domains.push_back(domain);
          if (!isAscending(domain.kind))
            faults.add(
                plan.ops[i].kind == plan::OpKind::Reduce ? Rule::Sum : Rule::Canonical, i, {},
                "'" + plan.ops[i].name + "' has regions each " + domain.variable + " in " +
                    plan::nameOf(domain.kind) + ", which have no other order than ascending");
        }
    for (const plan::Domain &domain : domains)
      if (isOtherName(plan, domain.kind))
        faults.add(Rule::Canonical, i, {},
                   "'" + plan.ops[i].name + "' runs through the ranks as " +
                       plan::nameOf(domain.kind) + ": the plan has " + std::to_string(plan.nodes) +
                       " nodes of " + std::to_string(plan.lanes()));
  }
}

//===----------------------------------------------------------------------===//
// Where puts and signals go
//===----------------------------------------------------------------------===//

/// Whether a family goes to a rank by some sum of the one variable that runs through all
/// ranks: it may as well name them by the variable.
static bool renamesRanks(const plan::Op &op) {
  std::optional<int64_t> variable;
  for (const plan::ExprNode &node : op.to.nodes) {
    if (node.kind != plan::ExprNode::Kind::Variable)
      continue;
    if (node.value < plan::firstDomainVariable || (variable && *variable != node.value))
      return false;
    variable = node.value;
  }
  if (!variable)
    return false;
  auto number = static_cast<uint32_t>(*variable - plan::firstDomainVariable);
  plan::DomainKind kind = op.domains[number].kind;
  bool isOfRanks = kind == plan::DomainKind::All || kind == plan::DomainKind::Stagger;
  return isOfRanks && op.to != plan::domainVariable(number);
}

void checkTargets(const plan::Plan &plan, Faults &faults) {
  for (uint32_t i = 0; i < plan.ops.size(); ++i) {
    const plan::Op &op = plan.ops[i];
    bool isSignal = op.kind == plan::OpKind::Signal;
    if ((isSignal || op.kind == plan::OpKind::Put) && renamesRanks(op))
      faults.add(Rule::Canonical, i, {},
                 "'" + op.name +
                     "' names the ranks that it goes to by something other than its "
                     "variable");
    plan::Path path = plan::flagPathOf(op.via);
    bool covers = std::any_of(op.after.begin(), op.after.end(), [&](const plan::After &after) {
      const plan::Op &earlier = plan.ops[after.op];
      return earlier.kind == plan::OpKind::Put && plan::flagPathOf(earlier.via) == path;
    });
    if (isSignal && path != plan::Path::NVLink && !covers)
      faults.add(Rule::Canonical, i, {},
                 "'" + op.name + "' goes by " +
                     (path == plan::Path::Rail ? "rail" : "host memory") +
                     " and covers no put there");
  }
}

//===----------------------------------------------------------------------===//
// Puts that share a link and a buffer
//===----------------------------------------------------------------------===//

static bool hasOtherNodes(const plan::Op &op) {
  return std::any_of(op.domains.begin(), op.domains.end(), [](const plan::Domain &domain) {
    return domain.kind == plan::DomainKind::OtherNodes;
  });
}

/// Whether `near` puts what is the own node's where `far` puts what is other nodes'.
static bool areOneFill(const plan::Op &far, const plan::Op &near) {
  return far.kind == plan::OpKind::Put && near.kind == plan::OpKind::Put && hasOtherNodes(far) &&
         !hasOtherNodes(near) && far.writes[0].buffer == near.writes[0].buffer &&
         plan::flagPathOf(far.via) == plan::flagPathOf(near.via);
}

void checkFills(const plan::Plan &plan, Faults &faults) {
  for (uint32_t far = 0; far < plan.ops.size(); ++far)
    for (uint32_t near = 0; near < plan.ops.size(); ++near) {
      if (!areOneFill(plan.ops[far], plan.ops[near]))
        continue;
      const std::vector<plan::After> &after = plan.ops[near].after;
      bool isBehind = std::any_of(after.begin(), after.end(), [&](const plan::After &earlier) {
        return earlier.all && earlier.op == far;
      });
      if (!isBehind)
        faults.add(Rule::Canonical, near, far,
                   "'" + plan.ops[near].name + "' fills the same buffer by the same path as '" +
                       plan.ops[far].name + "', which has a further hop to go, and is not behind");
    }
}

//===----------------------------------------------------------------------===//
// Dependences
//===----------------------------------------------------------------------===//

namespace {
/// A dependence between two tasks that a third one in between makes needless.
struct Implied {
  TaskId task, before, between;
};
} // namespace

/// Whether what the dependence adds for one task follows from all else that the task
/// waits for.
static std::optional<Implied> findImplied(const TaskGraph &graph, TaskId id,
                                          const plan::After &after) {
  std::vector<TaskId> named = graph.getNamed(id, after);
  std::vector<TaskId> others = graph.getPredecessors(id);
  for (TaskId task : named) // once: a task may be named by another dependence too
    others.erase(std::find(others.begin(), others.end(), task));
  std::optional<Implied> found;
  for (TaskId task : named) {
    auto between = std::find_if(others.begin(), others.end(), [&](TaskId other) {
      return other == task || graph.isBefore(task, other);
    });
    if (between == others.end())
      return std::nullopt;
    found = Implied{id, task, *between};
  }
  return found;
}

void checkImplied(const TaskGraph &graph, Faults &faults) {
  const plan::Plan &plan = graph.getPlan();
  std::vector<std::vector<TaskId>> tasks(plan.ops.size());
  for (TaskId id = 0; id < graph.size(); ++id)
    tasks[graph[id].op].push_back(id);
  for (uint32_t op = 0; op < plan.ops.size(); ++op)
    for (const plan::After &after : plan.ops[op].after) {
      std::optional<Implied> example;
      for (TaskId id : tasks[op]) {
        std::optional<Implied> implied = findImplied(graph, id, after);
        if (!implied) {
          example.reset();
          break;
        }
        example = example ? example : implied;
      }
      if (!example)
        continue;
      std::vector<TaskId> way = graph.explain(example->before, example->between);
      way.push_back(example->task);
      faults.add(Rule::Canonical, op, after.op,
                 "'" + plan.ops[op].name + "' runs after '" + plan.ops[after.op].name +
                     "' whether it says so or not",
                 tellTasks(graph, way));
    }
}

} // namespace moec::scheduling
