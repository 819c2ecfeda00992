//===- TaskGraph.cpp - A plan unrolled into single tasks ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/TaskGraph.h"

#include <algorithm>

namespace moec::scheduling {

uint64_t TaskGraph::count(const plan::Plan &plan, uint32_t steps) {
  uint64_t perRank = 0;
  for (const plan::Op &op : plan.ops)
    perRank += plan::instanceCount(plan, op);
  return perRank * plan.ranks * steps;
}

TaskGraph::TaskGraph(const plan::Plan &plan, uint32_t steps) : plan(plan) {
  for (const plan::Op &op : plan.ops) {
    firstOfOp.push_back(tasksOfRank);
    tasksOfRank += plan::instanceCount(plan, op);
  }
  tasks.reserve(tasksOfRank * plan.ranks * steps);
  for (uint32_t step = 1; step <= steps; ++step)
    for (uint32_t rank = 0; rank < plan.ranks; ++rank)
      for (uint32_t op = 0; op < plan.ops.size(); ++op) {
        plan::Scope scope(rank, step);
        plan::forEachPoint(plan.ops[op].domains, plan, scope, [&](const plan::Scope &point) {
          tasks.push_back({op, rank, step, point});
        });
      }
  predecessors.resize(tasks.size() + size_t(plan.ranks) * steps);
  for (TaskId id = 0; id < tasks.size(); ++id)
    addTokens(id);
}

std::string TaskGraph::describe(TaskId id) const {
  const Task &task = tasks[id];
  return "'" + op(id).name + "' of rank " + std::to_string(task.rank) + " in step " +
         std::to_string(task.step);
}

std::string TaskGraph::name(TaskId id) const {
  std::string text = "%" + op(id).name;
  std::span<const int64_t> point = tasks[id].scope.domainValues();
  for (size_t i = 0; i < point.size(); ++i)
    text += (i ? ", " : "(") + std::to_string(point[i]);
  return point.empty() ? text : text + ")";
}

std::vector<TaskId> TaskGraph::getNamed(TaskId id, const plan::After &after) const {
  const Task &task = tasks[id];
  uint64_t base = (uint64_t(task.step - 1) * plan.ranks + task.rank) * tasksOfRank;
  std::vector<TaskId> named;
  plan::forEachNamed(plan, after, task.scope, [&](uint64_t position) {
    named.push_back(static_cast<TaskId>(base + firstOfOp[after.op] + position));
  });
  return named;
}

void TaskGraph::addTokens(TaskId id) {
  const Task &task = tasks[id];
  for (const plan::After &after : plan.ops[task.op].after)
    for (TaskId before : getNamed(id, after))
      addEdge(before, id);
  if (!plan.serialSteps)
    return;
  TaskId ends = size() + (task.step - 1) * plan.ranks + task.rank;
  addEdge(id, ends);
  if (task.step > 1 && predecessors[id].empty())
    addEdge(ends - plan.ranks, id); // the others come after these
}

std::vector<TaskId> TaskGraph::sort() {
  TaskId nodes = static_cast<TaskId>(predecessors.size());
  std::vector<uint32_t> waiting(nodes);
  std::vector<std::vector<TaskId>> successors(nodes);
  std::vector<TaskId> ready;
  for (TaskId node = 0; node < nodes; ++node) {
    waiting[node] = static_cast<uint32_t>(predecessors[node].size());
    for (TaskId before : predecessors[node])
      successors[before].push_back(node);
    if (!waiting[node])
      ready.push_back(node);
  }
  for (size_t next = 0; next < ready.size(); ++next)
    for (TaskId after : successors[ready[next]])
      if (--waiting[after] == 0)
        ready.push_back(after);
  if (ready.size() < nodes)
    return findCycle(waiting);
  closeOver(ready);
  order.clear();
  std::copy_if(ready.begin(), ready.end(), std::back_inserter(order),
               [&](TaskId node) { return node < size(); });
  return {};
}

/// Follows tasks that wait until one comes again.
std::vector<TaskId> TaskGraph::findCycle(const std::vector<uint32_t> &waiting) const {
  std::vector<TaskId> path;
  TaskId node = 0;
  while (!waiting[node])
    ++node;
  auto begin = path.end();
  while ((begin = std::find(path.begin(), path.end(), node)) == path.end()) {
    path.push_back(node);
    node = *std::find_if(predecessors[node].begin(), predecessors[node].end(),
                         [&](TaskId before) { return waiting[before] != 0; });
  }
  std::vector<TaskId> cycle;
  std::copy_if(begin, path.end(), std::back_inserter(cycle),
               [&](TaskId task) { return task < size(); });
  return cycle;
}

void TaskGraph::closeOver(const std::vector<TaskId> &nodes) {
  uint32_t ranks = plan.ranks;
  uint64_t tasksOfAllSteps = ranks ? tasks.size() / ranks : 0;
  sets.assign(ranks, PastSets(tasksOfAllSteps));
  clocks.assign(nodes.size() * ranks, 0);
  std::vector<uint32_t> known;
  std::vector<uint64_t> seen;
  for (TaskId node : nodes)
    for (uint32_t rank = 0; rank < ranks; ++rank) {
      known.clear();
      seen.clear();
      for (TaskId before : predecessors[node]) {
        known.push_back(clocks[size_t(before) * ranks + rank]);
        if (before < size() && tasks[before].rank == rank)
          seen.push_back(numberOnRank(before));
      }
      clocks[size_t(node) * ranks + rank] = sets[rank].unite(known, seen);
    }
}

//===----------------------------------------------------------------------===//
// For people
//===----------------------------------------------------------------------===//

std::vector<TaskId> TaskGraph::explain(TaskId a, TaskId b) const {
  TaskId from = a;
  if (!isBefore(a, b)) {
    auto last = std::find_if(order.rbegin(), order.rend(), [&](TaskId id) {
      return tasks[id].rank == tasks[a].rank && isBefore(id, b);
    });
    if (last == order.rend())
      return {};
    from = *last;
  }
  // Backwards, level by level.
  std::vector<TaskId> next(predecessors.size(), static_cast<TaskId>(predecessors.size()));
  std::vector<TaskId> open{b};
  next[b] = b;
  for (size_t i = 0; i < open.size() && open[i] != from; ++i)
    for (TaskId before : predecessors[open[i]])
      if (next[before] == predecessors.size()) {
        next[before] = open[i];
        open.push_back(before);
      }
  std::vector<TaskId> way;
  for (TaskId node = from; node != b; node = next[node])
    if (node < size())
      way.push_back(node);
  way.push_back(b);
  return way;
}

} // namespace moec::scheduling
