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

#include "passes/scheduling/PastSets.h"
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
  /// "%pd(3)": the op and the values of its domain variables.
  std::string name(TaskId id) const;
  const plan::Plan &getPlan() const { return plan; }

  /// `to` runs after `from`.
  void addEdge(TaskId from, TaskId to) { predecessors[to].push_back(from); }
  /// What a task directly waits for. Numbers from size() on stand for the end of a
  /// step of a rank.
  const std::vector<TaskId> &getPredecessors(TaskId node) const { return predecessors[node]; }
  /// The tasks of `id`'s own rank and step that dependence `after` of its op names.
  std::vector<TaskId> getNamed(TaskId id, const plan::After &after) const;

  /// Sorts the tasks so that each comes after those it waits for, and notes for
  /// each all that happen before it. Returns one cycle if there is any, each
  /// task waiting for the next and the last for the first; empty if all is well.
  std::vector<TaskId> sort();
  /// All tasks in such an order. After sort().
  const std::vector<TaskId> &sorted() const { return order; }
  /// Whether `a` happens before `b` in every run. After sort().
  bool isBefore(TaskId a, TaskId b) const {
    uint32_t rank = tasks[a].rank;
    return sets[rank].contains(clocks[size_t(b) * plan.ranks + rank], numberOnRank(a));
  }
  bool isOrdered(TaskId a, TaskId b) const { return isBefore(a, b) || isBefore(b, a); }
  /// The shortest way by which `b` knows of `a`, both ends included, or of what `a`'s
  /// rank did last that `b` knows of; empty if it knows nothing of that rank.
  std::vector<TaskId> explain(TaskId a, TaskId b) const;

private:
  void addTokens(TaskId id);
  std::vector<TaskId> findCycle(const std::vector<uint32_t> &waiting) const;
  void closeOver(const std::vector<TaskId> &nodes);
  /// Position of a task among all of its rank.
  uint64_t numberOnRank(TaskId id) const {
    return (tasks[id].step - 1) * tasksOfRank + id % tasksOfRank;
  }

  const plan::Plan &plan;
  std::vector<uint64_t> firstOfOp; ///< within one rank and step
  uint64_t tasksOfRank = 0;        ///< in one step
  std::vector<Task> tasks;
  /// By node: the tasks, then for each step and rank its end, which serial
  /// steps wait for.
  std::vector<std::vector<TaskId>> predecessors;
  std::vector<TaskId> order;
  /// Vector clocks: for each node and rank, the tasks of the rank that happen before.
  std::vector<uint32_t> clocks;
  std::vector<PastSets> sets; ///< by rank: what the numbers in clocks mean
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_TASKGRAPH_H
