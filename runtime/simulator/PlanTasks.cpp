//===- PlanTasks.cpp - A plan as tasks with sizes -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/PlanTasks.h"

#include "runtime/birkhoff/StageTable.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>

namespace moec::simulator {

using plan::Op;
using plan::OpKind;
using plan::Scope;

double countOf(const traffic::ItemCounts &counts, const plan::ConcreteItems &items) {
  switch (items.kind) {
  case plan::ItemSetKind::A:
    return counts.tokens[items.first];
  case plan::ItemSetKind::D:
    return counts.copies.at(items.first, items.second);
  case plan::ItemSetKind::Y:
    return counts.rows.at(items.first, items.second);
  case plan::ItemSetKind::M:
    return counts.nodeCopies.empty() ? counts.tokens[items.first]
                                     : counts.nodeCopies[items.first * counts.nodes + items.second];
  case plan::ItemSetKind::S: // known to who has made the stages
  case plan::ItemSetKind::P: // to who knows how many pieces there are
  case plan::ItemSetKind::Q:
    return 0;
  }
  return 0;
}

namespace {

/// Counts may be fractions, the table takes whole numbers: parts of a token.
constexpr double partsOfToken = 1024;

birkhoff::StageTable makeTable(const plan::Plan &plan, const traffic::ItemCounts &counts) {
  std::vector<uint64_t> parts;
  for (double copies : counts.nodeCopies)
    parts.push_back(static_cast<uint64_t>(std::llround(copies * partsOfToken)));
  return birkhoff::StageTable(parts, plan.nodes, plan.lanes(), plan.stages,
                              plan::cutsByLanes(plan) ? birkhoff::Cut::Lanes
                                                      : birkhoff::Cut::Stages);
}

TaskClass classOf(OpKind kind) {
  switch (kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
  case OpKind::Copy:
    return TaskClass::Compute;
  case OpKind::Put:
  case OpKind::Pull:
    return TaskClass::Transfer;
  case OpKind::Signal:
    return TaskClass::Signal;
  case OpKind::Wait:
    return TaskClass::Wait;
  }
  return TaskClass::Gate;
}

Reach reachOf(const Op &op) {
  if (op.kind == OpKind::Pull)
    return Reach::Sum;
  return op.via == plan::Path::Multicast ? Reach::All : Reach::Peer;
}

/// One flag on every rank, each a task of its own behind a gate.
bool isManySignals(const Op &op) {
  return op.kind == OpKind::Signal && op.via == plan::Path::Multicast;
}

class Builder {
public:
  Builder(const plan::Plan &plan, const traffic::ItemCounts &counts, const KernelTimes &times)
      : plan(plan), counts(counts), times(times), graph(plan.ranks) {}

  rt::Result<TaskGraph> build(uint32_t steps);

private:
  rt::Status number(uint32_t steps);
  void addRank(uint32_t rank, uint32_t step);
  void addFamily(uint32_t op, uint32_t rank, uint32_t step);
  TaskId addTask(const Op &op, uint32_t number, const Scope &scope, uint32_t step);
  TaskId addKernel(const Op &op, uint32_t number, const Scope &scope);
  TaskId addSignal(const Op &op, uint32_t number, uint32_t to, const Scope &scope);
  void addOrder(TaskId task, const Op &op, const Scope &scope);
  TaskId gateOf(uint32_t op, uint32_t rank);
  double sizeOf(const plan::ConcreteItems &items) const;
  uint32_t cellOf(const Op &op, uint32_t rank, const Scope &scope) const;
  double mostOf(const plan::ConcreteItems &items) const;
  double measure(const std::vector<plan::Region> &regions, const Scope &scope, bool firstOnly,
                 double &bytes) const;

  const plan::Plan &plan;
  const traffic::ItemCounts &counts;
  const KernelTimes &times;
  TaskGraph graph;
  std::optional<birkhoff::StageTable> table; ///< of a plan in stages
  std::vector<uint64_t> instances;           ///< of each op on a rank
  std::vector<uint64_t> firstCell;           ///< of each flag
  std::vector<TaskId> firstTask;             ///< of each op on this rank and step
  static constexpr TaskId none = UINT32_MAX;
  std::vector<TaskId> gates; ///< after all of an op, on this rank and step; or none
  /// Of each rank: the end of its last step, or none.
  std::vector<TaskId> lastStep;
};

/// What can be said before tasks are made: how many there are, and of flags.
rt::Status Builder::number(uint32_t steps) {
  if (counts.ranks != plan.ranks)
    return rt::invalidError("wanted traffic of ", plan.ranks, " ranks, found ", counts.ranks);
  if (plan.nodes > 1 && (counts.nodes != plan.nodes || counts.nodeCopies.empty()))
    return rt::invalidError("wanted traffic of ", plan.nodes, " nodes, found ", counts.nodes);
  if (plan.stages > 1 && plan.nodes > 1)
    table = makeTable(plan, counts);
  uint64_t tasks = 0, edges = 0, cells = 0;
  for (const Op &op : plan.ops) {
    instances.push_back(plan::instanceCount(plan, op));
    tasks += instances.back() + 1;
    edges += (op.after.size() + 2) * instances.back();
    if (isManySignals(op)) {
      tasks += instances.back() * plan.ranks;
      edges += instances.back() * plan.ranks * 2;
    }
  }
  for (const plan::Flag &flag : plan.flags) {
    firstCell.push_back(cells);
    cells += plan::cellCount(flag.extents) * plan.ranks;
  }
  tasks *= uint64_t(plan.ranks) * steps;
  edges *= uint64_t(plan.ranks) * steps;
  if (tasks >= UINT32_MAX || cells >= UINT32_MAX)
    return rt::unsupportedError("wanted at most ", UINT32_MAX, " tasks and flags, found ", tasks,
                                " and ", cells);
  graph.reserve(tasks, edges);
  return rt::Status();
}

rt::Result<TaskGraph> Builder::build(uint32_t steps) {
  MOEC_RETURN_IF_ERROR(number(steps));
  for (const Op &op : plan.ops)
    graph.addFamily({.name = op.name,
                     .kind = classOf(op.kind),
                     .via = plan::flagPathOf(op.via),
                     .window = op.kind == OpKind::Put ? op.window : 0,
                     .eachPeer = op.eachPeer,
                     .reach = reachOf(op),
                     .ratesBySize = op.rates == plan::Rates::Sizes,
                     .copyEngine = op.engine == plan::Engine::Copy});
  lastStep.assign(plan.ranks, none);
  for (uint32_t step = 1; step <= steps; ++step) {
    graph.setStep(step);
    for (uint32_t rank = 0; rank < plan.ranks; ++rank)
      addRank(rank, step);
  }
  return std::move(graph);
}

void Builder::addRank(uint32_t rank, uint32_t step) {
  firstTask.assign(plan.ops.size(), none);
  gates.assign(plan.ops.size(), none);
  auto before = static_cast<TaskId>(graph.getTasks().size());
  for (uint32_t op = 0; op < plan.ops.size(); ++op)
    addFamily(op, rank, step);
  if (!plan.serialSteps)
    return;
  auto end = static_cast<TaskId>(graph.getTasks().size());
  lastStep[rank] = graph.addGate(rank);
  for (TaskId task = before; task < end; ++task)
    graph.addEdge(task, lastStep[rank]);
}

void Builder::addFamily(uint32_t number, uint32_t rank, uint32_t step) {
  const Op &op = plan.ops[number];
  for (const plan::After &after : op.after)
    if (after.all && instances[after.op] > 1)
      gateOf(after.op, rank);
  firstTask[number] = static_cast<TaskId>(graph.getTasks().size());
  Scope scope(rank, step);
  plan::forEachPoint(op.domains, plan, scope, [&](const Scope &point) {
    TaskId task = addTask(op, number, point, step);
    addOrder(task, op, point);
  });
  if (!isManySignals(op))
    return;
  TaskId gate = firstTask[number]; // of the first instance, whose signals come behind all gates
  plan::forEachPoint(op.domains, plan, scope, [&](const Scope &point) {
    for (uint32_t to : plan::targetRanks(plan, op, point))
      graph.addEdge(gate, addSignal(op, number, to, point));
    ++gate;
  });
}

TaskId Builder::addSignal(const Op &op, uint32_t number, uint32_t to, const Scope &scope) {
  return graph.addSignal(number, scope.rank(), to, cellOf(op, to, scope),
                         static_cast<uint32_t>(scope(op.value)));
}

TaskId Builder::addTask(const Op &op, uint32_t number, const Scope &scope, uint32_t step) {
  switch (op.kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
  case OpKind::Copy:
    return addKernel(op, number, scope);
  case OpKind::Put:
  case OpKind::Pull: {
    const plan::Region &target = op.writes[0];
    plan::ConcreteItems set = plan::concreteItems(target.items, scope);
    double items = op.engine == plan::Engine::Copy ? mostOf(set) : sizeOf(set);
    bool isOne = reachOf(op) == Reach::Peer;
    return graph.addTransfer(number, scope.rank(),
                             isOne ? static_cast<uint32_t>(scope(op.to)) : scope.rank(),
                             items * plan.buffers[target.buffer].bytesPerRecord);
  }
  case OpKind::Signal:
    if (isManySignals(op))
      return graph.addGate(scope.rank());
    return addSignal(op, number, static_cast<uint32_t>(scope(op.to)), scope);
  case OpKind::Wait:
    return graph.addWait(number, scope.rank(), cellOf(op, scope.rank(), scope),
                         static_cast<uint32_t>(scope(op.value)));
  }
  assert(false && "an op is of a known kind");
  return none;
}

/// Pieces are even; how much of what goes to one rank is in each is not known, evenly too.
double Builder::sizeOf(const plan::ConcreteItems &items) const {
  if (items.kind == plan::ItemSetKind::P || items.kind == plan::ItemSetKind::Q)
    return countOf(counts, *plan::wholeOf(items)) / plan.stages;
  if (items.kind != plan::ItemSetKind::S || !table)
    return countOf(counts, items);
  Piece piece = table->piece(items.first, items.second, items.stage, items.lane);
  return static_cast<double>(piece.size()) / partsOfToken;
}

/// What whoever gives a copy engine its block knows of its size: that no rank has more
/// tokens than the one that has most.
double Builder::mostOf(const plan::ConcreteItems &items) const {
  double tokens = *std::max_element(counts.tokens.begin(), counts.tokens.end());
  return items.kind == plan::ItemSetKind::Y ? tokens * plan.topK : tokens;
}

/// Items of the first region with its repetitions, or of all; bytes of all.
double Builder::measure(const std::vector<plan::Region> &regions, const Scope &scope,
                        bool firstOnly, double &bytes) const {
  double items = 0;
  // Of rows in their slots a sum of pieces reads those of its piece.
  bool inPieces = !regions.empty() && regions[0].items.kind == plan::ItemSetKind::Q;
  for (const plan::Region &region : regions) {
    Scope inner = scope;
    plan::forEachPoint(region.each, plan, inner, [&](const Scope &point) {
      double count = sizeOf(plan::concreteItems(region.items, point));
      if (inPieces && region.items.kind == plan::ItemSetKind::Y)
        count /= plan.stages;
      bytes += count * plan.buffers[region.buffer].bytesPerRecord;
      if (&region == &regions[0] || !firstOnly)
        items += count;
    });
  }
  return items;
}

TaskId Builder::addKernel(const Op &op, uint32_t number, const Scope &scope) {
  // A copy reads and writes, as packing does.
  KernelWork work{.task = op.kind == OpKind::Copy ? plan::TaskKind::Pack : op.task,
                  .rank = scope.rank()};
  work.tasks = static_cast<uint32_t>(instances[number]);
  work.itemsRead = measure(op.reads, scope, /*firstOnly=*/true, work.bytesRead);
  work.itemsWritten = measure(op.writes, scope, /*firstOnly=*/true, work.bytesWritten);
  return graph.addCompute(number, scope.rank(), times.seconds(work));
}

uint32_t Builder::cellOf(const Op &op, uint32_t rank, const Scope &scope) const {
  const plan::Flag &flag = plan.flags[op.flag];
  return static_cast<uint32_t>(firstCell[op.flag] + rank * plan::cellCount(flag.extents) +
                               plan::flatIndex(flag.extents, op.flagIndex, scope));
}

/// Joins all tasks of `op`, so that many can come after many.
TaskId Builder::gateOf(uint32_t op, uint32_t rank) {
  if (gates[op] != none)
    return gates[op];
  gates[op] = graph.addGate(rank);
  for (uint64_t i = 0; i < instances[op]; ++i)
    graph.addEdge(static_cast<TaskId>(firstTask[op] + i), gates[op]);
  return gates[op];
}

void Builder::addOrder(TaskId task, const Op &op, const Scope &scope) {
  for (const plan::After &after : op.after) {
    if (after.all) {
      graph.addEdge(gates[after.op] != none ? gates[after.op] : firstTask[after.op], task);
      continue;
    }
    plan::forEachNamed(plan, after, scope, [&](uint64_t position) {
      graph.addEdge(static_cast<TaskId>(firstTask[after.op] + position), task);
    });
  }
  if (op.after.empty() && lastStep[scope.rank()] != none)
    graph.addEdge(lastStep[scope.rank()], task);
}

} // namespace

rt::Result<TaskGraph> makePlanTasks(const plan::Plan &plan, const traffic::ItemCounts &counts,
                                    const KernelTimes &times, uint32_t steps) {
  return Builder(plan, counts, times).build(steps);
}

} // namespace moec::simulator
