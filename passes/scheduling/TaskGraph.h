//===- TaskGraph.h - A plan unrolled into single tasks ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every family of a plan becomes one task for each step, rank and value of its
// domains, with the order between them that tokens and the order of steps give.
// Flags are added by whoever has matched them.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_TASKGRAPH_H
#define MOEC_PASSES_SCHEDULING_TASKGRAPH_H

#include "runtime/plan/Expand.h"
#include "runtime/plan/Plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::scheduling {

using TaskId = uint32_t;

struct Task {
  uint32_t op = 0;
  uint32_t rank = 0;
  uint32_t step = 1;
  plan::Scope scope; ///< r, n and the values of the op's domain variables
};

class TaskGraph {
public:
  /// The plan for plan.ranks ranks and steps 1 to `steps`. The plan has passed
  /// plan::checkPlan and outlives the graph.
  TaskGraph(const plan::Plan &plan, uint32_t steps);

  /// How many tasks the constructor would make.
  static uint64_t count(const plan::Plan &plan, uint32_t steps);

  TaskId size() const { return static_cast<TaskId>(tasks.size()); }
  const Task &operator[](TaskId id) const { return tasks[id]; }
  const plan::Op &op(TaskId id) const { return plan.ops[tasks[id].op]; }
  /// "'pd' of rank 0 in step 2"
  std::string describe(TaskId id) const;

  /// `to` runs after `from`.
  void addEdge(TaskId from, TaskId to) { predecessors[to].push_back(from); }

  /// Sorts the tasks so that each comes after those it waits for, and notes for
  /// each all that happen before it. Returns one cycle if there is any, each
  /// task waiting for the next and the last for the first; empty if all is well.
  std::vector<TaskId> sort();
  /// All tasks in such an order. After sort().
  const std::vector<TaskId> &sorted() const { return order; }
  /// Whether `a` happens before `b` in every run. After sort().
  bool isBefore(TaskId a, TaskId b) const { return past[b][a / 64] >> (a % 64) & 1; }
  bool isOrdered(TaskId a, TaskId b) const { return isBefore(a, b) || isBefore(b, a); }

private:
  void addTokens(TaskId id);
  std::vector<TaskId> findCycle(const std::vector<uint32_t> &waiting) const;
  void closeOver(const std::vector<TaskId> &nodes);

  const plan::Plan &plan;
  std::vector<uint64_t> firstOfOp; ///< within one rank and step
  uint64_t tasksOfRank = 0;        ///< in one step
  std::vector<Task> tasks;
  /// By node: the tasks, then for each step and rank its end, which serial
  /// steps wait for.
  std::vector<std::vector<TaskId>> predecessors;
  std::vector<TaskId> order;
  std::vector<std::vector<uint64_t>> past; ///< bit sets of nodes
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_TASKGRAPH_H
