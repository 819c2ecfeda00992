//===- Processors.h - One computation a rank at a time ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_PROCESSORS_H
#define MOEC_RUNTIME_SIMULATOR_PROCESSORS_H

#include "runtime/simulator/TaskGraph.h"

#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace moec::simulator {

/// Each computation has the whole GPU, and none is broken off: kernels that are
/// worth their launch fill it. Of those that are ready one that links wait for runs before
/// others, and of these one of the latest family, which is nearest to the end of the step;
/// else the first in the graph.
class Processors {
public:
  Processors(const TaskGraph &graph, const TaskGraph::Order &order)
      : graph(graph), order(order), ranks(graph.getRanks()) {}

  /// `task` may run.
  void enqueue(TaskId task);
  /// Starts what can start; calls `started(task)`.
  template <typename Started> void start(double now, const Started &started) {
    for (uint32_t rank : woken) {
      Rank &state = ranks[rank];
      if (state.isBusy || state.ready.empty())
        continue;
      TaskId task = state.ready.top().second;
      state.ready.pop();
      state.isBusy = true;
      running.push({now + graph.getTasks()[task].amount, task});
      started(task);
    }
    woken.clear();
  }
  /// When the next computation ends; infinity: none runs.
  double next() const;
  /// Appends the tasks of those that end by `moment`.
  void end(double moment, std::vector<TaskId> &ended);

private:
  bool feedsLinks(TaskId task) const;

  /// Families that feed links by their distance from the last, others after them.
  using Ready = std::pair<uint32_t, TaskId>;
  using FirstTask = std::priority_queue<Ready, std::vector<Ready>, std::greater<>>;
  struct Rank {
    bool isBusy = false;
    FirstTask ready;
  };
  struct Running {
    double end;
    TaskId task;
    bool operator>(const Running &other) const {
      return end != other.end ? end > other.end : task > other.task;
    }
  };

  const TaskGraph &graph;
  const TaskGraph::Order &order;
  std::vector<Rank> ranks;
  std::vector<uint32_t> woken; ///< ranks that may have something to start
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_PROCESSORS_H
