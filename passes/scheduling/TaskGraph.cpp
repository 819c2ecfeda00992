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

void TaskGraph::addTokens(TaskId id) {
  const Task &task = tasks[id];
  uint64_t base = (uint64_t(task.step - 1) * plan.ranks + task.rank) * tasksOfRank;
  for (const plan::After &after : plan.ops[task.op].after)
    plan::forEachNamed(plan, after, task.scope, [&](uint64_t position) {
      addEdge(static_cast<TaskId>(base + firstOfOp[after.op] + position), id);
    });
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
  size_t words = (nodes.size() + 63) / 64;
  past.assign(nodes.size(), std::vector<uint64_t>(words));
  for (TaskId node : nodes)
    for (TaskId before : predecessors[node]) {
      for (size_t i = 0; i < words; ++i)
        past[node][i] |= past[before][i];
      past[node][before / 64] |= uint64_t(1) << (before % 64);
    }
}

} // namespace moec::scheduling
