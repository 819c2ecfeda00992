//===- VerifyPlan.cpp - Prove that a plan neither hangs nor races ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/VerifyPlan.h"

#include "passes/scheduling/AbstractRun.h"
#include "passes/scheduling/Faults.h"
#include "passes/scheduling/TaskGraph.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace moec::scheduling {

const char *nameOf(Rule rule) {
  switch (rule) {
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
  }
  return "";
}

//===----------------------------------------------------------------------===//
// What can be judged
//===----------------------------------------------------------------------===//

static constexpr uint32_t smallRanks = 3;
/// The order of all tasks is a square of bits.
static constexpr uint64_t maxTasks = 16384;

Extent chooseExtent(const plan::Plan &plan, uint32_t maxRanks) {
  Extent extent{plan.ranks, plan.depth + 1};
  if (plan.ranks > maxRanks || TaskGraph::count(plan, extent.steps) > maxTasks)
    extent.ranks = std::min(plan.ranks, smallRanks);
  return extent;
}

static plan::Plan shrink(const plan::Plan &plan, Extent extent) {
  plan::Plan small = plan;
  small.ranks = extent.ranks;
  return small;
}

static bool isRank(const plan::Expr &expr, const plan::Scope &scope, uint32_t ranks) {
  int64_t value = scope(expr);
  return value >= 0 && value < int64_t(ranks);
}

static bool namesRanks(const plan::ItemSet &items, const plan::Scope &scope, uint32_t ranks) {
  return std::all_of(items.args.begin(), items.args.end(),
                     [&](const plan::Expr &arg) { return isRank(arg, scope, ranks); });
}

/// Whether every rank that a task names is one of the plan's.
static bool staysWithin(const plan::Plan &small, const plan::Op &op, const plan::Scope &scope) {
  uint32_t ranks = small.ranks;
  if (!op.to.nodes.empty() && !isRank(op.to, scope, ranks))
    return false;
  if (op.hasPayload && !namesRanks(op.payload, scope, ranks))
    return false;
  for (const plan::After &after : op.after)
    for (const plan::Expr &arg : after.args)
      if (!isRank(arg, scope, ranks))
        return false;
  for (const auto *regions : {&op.reads, &op.writes})
    for (const plan::Region &region : *regions) {
      bool within = true;
      plan::Scope inner = scope;
      plan::forEachPoint(region.each, small, inner, [&](const plan::Scope &point) {
        within &= namesRanks(region.items, point, ranks);
      });
      if (!within)
        return false;
    }
  return true;
}

std::string checkExtent(const plan::Plan &plan, Extent extent) {
  for (const plan::Op &op : plan.ops)
    if (op.via == plan::Path::Rail)
      return "'" + op.name + "' goes by rail, which is not verified";
  plan::Plan small = shrink(plan, extent);
  if (uint64_t count = TaskGraph::count(small, extent.steps); count > maxTasks)
    return "the plan has " + std::to_string(count) + " tasks for " + std::to_string(extent.ranks) +
           " ranks and " + std::to_string(extent.steps) + " steps, at most " +
           std::to_string(maxTasks) + " are verified";
  TaskGraph graph(small, 1);
  for (TaskId id = 0; id < graph.size(); ++id)
    if (!staysWithin(small, graph.op(id), graph[id].scope))
      return "'" + graph.op(id).name + "' names a rank that is not there when the plan of " +
             std::to_string(plan.ranks) + " ranks is verified for " + std::to_string(extent.ranks);
  return "";
}

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

namespace {
/// One flag word: whose memory, which flag, which cell.
using CellKey = std::tuple<uint32_t, uint32_t, uint64_t>;
struct Cell {
  std::map<int64_t, TaskId> signals; ///< by value
  std::map<int64_t, TaskId> waits;
};

class FlagRules {
public:
  FlagRules(const plan::Plan &plan, TaskGraph &graph, Faults &faults)
      : plan(plan), graph(graph), faults(faults) {}
  /// Pairs signals with waits and adds the order that they give.
  void pair();
  /// Needs the graph sorted.
  void checkOrder();

private:
  CellKey getCell(TaskId id) const;
  void checkWriter(TaskId signal);
  void checkPayloads(TaskId signal, TaskId wait);
  std::string describe(const CellKey &key) const;

  const plan::Plan &plan;
  TaskGraph &graph;
  Faults &faults;
  std::map<CellKey, Cell> cells;
};
} // namespace

CellKey FlagRules::getCell(TaskId id) const {
  const plan::Op &op = graph.op(id);
  const plan::Scope &scope = graph[id].scope;
  uint32_t rank =
      op.kind == plan::OpKind::Signal ? static_cast<uint32_t>(scope(op.to)) : graph[id].rank;
  return {rank, op.flag, plan::flatIndex(plan.flags[op.flag].extents, op.flagIndex, scope)};
}

std::string FlagRules::describe(const CellKey &key) const {
  auto [rank, flag, cell] = key;
  return "cell " + std::to_string(cell) + " of flag '" + plan.flags[flag].name + "' on rank " +
         std::to_string(rank);
}

void FlagRules::checkWriter(TaskId signal) {
  const plan::Op &op = graph.op(signal);
  const plan::Scope &scope = graph[signal].scope;
  plan::Scope cell(static_cast<uint32_t>(scope(op.to)), graph[signal].step);
  for (const plan::Expr &index : op.flagIndex)
    cell.push(scope(index));
  int64_t writer = cell(plan.flags[op.flag].writer);
  if (writer != int64_t(graph[signal].rank))
    faults.add(Rule::Writer, graph[signal].op, {},
               graph.describe(signal) + " writes " + describe(getCell(signal)) +
                   ", whose writer is rank " + std::to_string(writer));
}

void FlagRules::checkPayloads(TaskId signal, TaskId wait) {
  const plan::Op &from = graph.op(signal), &to = graph.op(wait);
  if (!to.hasPayload)
    return;
  plan::ConcreteItems carried = plan::concreteItems(from.payload, graph[signal].scope);
  plan::ConcreteItems taken = plan::concreteItems(to.payload, graph[wait].scope);
  if (carried != taken)
    faults.add(Rule::Carry, graph[wait].op, graph[signal].op,
               graph.describe(wait) + " takes " + toString(taken) + ", " + graph.describe(signal) +
                   " carries " + toString(carried));
}

void FlagRules::pair() {
  for (TaskId id = 0; id < graph.size(); ++id) {
    const plan::Op &op = graph.op(id);
    bool isSignal = op.kind == plan::OpKind::Signal;
    if (!isSignal && op.kind != plan::OpKind::Wait)
      continue;
    if (isSignal)
      checkWriter(id);
    CellKey key = getCell(id);
    Cell &cell = cells[key];
    int64_t value = graph[id].scope(op.value);
    auto [first, isNew] = (isSignal ? cell.signals : cell.waits).try_emplace(value, id);
    if (!isNew)
      faults.add(
          isSignal ? Rule::SignalOnce : Rule::WaitOnce, graph[id].op, graph[first->second].op,
          graph.describe(id) + (isSignal ? " signals " : " waits for ") + std::to_string(value) +
              " in " + describe(key) + ", and so does " + graph.describe(first->second));
  }
  for (auto &[key, cell] : cells) {
    for (auto [value, signal] : cell.signals)
      if (!cell.waits.count(value))
        faults.add(Rule::Pairing, graph[signal].op, {},
                   graph.describe(signal) + " signals " + std::to_string(value) + " in " +
                       describe(key) + ", which nobody waits for");
    for (auto [value, wait] : cell.waits) {
      auto signal = cell.signals.find(value);
      if (signal == cell.signals.end()) {
        faults.add(Rule::Pairing, graph[wait].op, {},
                   graph.describe(wait) + " waits for " + std::to_string(value) + " in " +
                       describe(key) + ", which nobody signals");
        continue;
      }
      checkPayloads(signal->second, wait);
      graph.addEdge(signal->second, wait);
    }
  }
}

void FlagRules::checkOrder() {
  for (auto &[key, cell] : cells)
    for (auto next = cell.signals.begin(); next != cell.signals.end();) {
      auto earlier = next++;
      if (next == cell.signals.end())
        break;
      TaskId first = earlier->second, second = next->second;
      if (!graph.isBefore(first, second))
        faults.add(Rule::Monotone, graph[second].op, graph[first].op,
                   graph.describe(second) + " may overtake " + graph.describe(first) + " in " +
                       describe(key));
      TaskId reader = cell.waits.at(earlier->first);
      if (graph.op(reader).hasPayload && !graph.isBefore(reader, second))
        faults.add(Rule::Payload, graph[second].op, graph[reader].op,
                   graph.describe(second) + " replaces the count in " + describe(key) + " that " +
                       graph.describe(reader) + " may still need");
    }
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

namespace {
struct Access {
  RegionKey region;
  plan::ConcreteItems items;
  TaskId task;
  bool write;
};
} // namespace

static std::vector<Access> getAccesses(const plan::Plan &plan, const TaskGraph &graph) {
  std::vector<Access> accesses;
  for (TaskId id = 0; id < graph.size(); ++id) {
    const plan::Op &op = graph.op(id);
    for (const plan::Region &region : op.reads)
      for (const plan::ConcreteRegion &part : plan::expandRegion(plan, region, graph[id].scope))
        accesses.push_back(
            {{graph[id].rank, part.buffer, part.region}, part.items, id, /*write=*/false});
    for (const plan::Region &region : op.writes)
      for (const plan::ConcreteRegion &part : plan::expandRegion(plan, region, graph[id].scope))
        accesses.push_back(
            {{getTargetRank(graph, id), part.buffer, part.region}, part.items, id, true});
  }
  std::sort(accesses.begin(), accesses.end(), [](const Access &a, const Access &b) {
    return std::tie(a.region, a.task) < std::tie(b.region, b.task);
  });
  return accesses;
}

static void checkPair(const plan::Plan &plan, const TaskGraph &graph, const Access &a,
                      const Access &b, Faults &faults) {
  auto [rank, buffer, region] = a.region;
  if (a.task == b.task || !(a.write || b.write) ||
      !overlaps(plan.buffers[buffer].layout, a.items, b.items) || graph.isOrdered(a.task, b.task))
    return;
  bool sameStep = graph[a.task].step == graph[b.task].step;
  const Access &writer = b.write ? b : a, &other = b.write ? a : b;
  faults.add(sameStep ? Rule::Race : Rule::Reuse, graph[writer.task].op, graph[other.task].op,
             graph.describe(writer.task) + " writes " + describeRegion(plan, a.region) + " while " +
                 graph.describe(other.task) + (other.write ? " may write it" : " may read it"));
}

static void checkAccesses(const plan::Plan &plan, const TaskGraph &graph, Faults &faults) {
  std::vector<Access> accesses = getAccesses(plan, graph);
  for (size_t begin = 0, end = 0; begin < accesses.size(); begin = end) {
    while (end < accesses.size() && accesses[end].region == accesses[begin].region)
      ++end;
    for (size_t i = begin; i < end; ++i)
      for (size_t j = i + 1; j < end; ++j)
        checkPair(plan, graph, accesses[i], accesses[j], faults);
  }
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
             cycle.size() > 1 ? std::optional(graph[cycle[1]].op) : std::nullopt, message);
}

std::vector<Fault> verifyPlan(const plan::Plan &plan, Extent extent) {
  plan::Plan small = shrink(plan, extent);
  TaskGraph graph(small, extent.steps);
  Faults faults;
  FlagRules flags(small, graph, faults);
  flags.pair();
  if (!faults.empty())
    return faults.take();
  if (std::vector<TaskId> cycle = graph.sort(); !cycle.empty()) {
    addCycle(graph, cycle, faults);
    return faults.take();
  }
  flags.checkOrder();
  checkAccesses(small, graph, faults);
  if (faults.empty())
    runAbstractly(small, graph, extent.steps, faults);
  return faults.take();
}

} // namespace moec::scheduling
