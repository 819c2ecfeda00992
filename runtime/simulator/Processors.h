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
#include <vector>

namespace moec::simulator {

/// Each computation has the whole GPU, and none is broken off: kernels that are
/// worth their launch fill it. Of those that are ready the first in the graph runs.
class Processors {
public:
  Processors(const TaskGraph &graph) : graph(graph), ranks(graph.getRanks()) {}

  /// `task` may run.
  void enqueue(TaskId task);
  /// Starts what can start; calls `started(task)`.
  template <typename Started> void start(double now, const Started &started) {
    for (uint32_t rank : woken) {
      Rank &state = ranks[rank];
      if (state.isBusy || state.ready.empty())
        continue;
      TaskId task = state.ready.top();
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
  using FirstTask = std::priority_queue<TaskId, std::vector<TaskId>, std::greater<>>;
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
  std::vector<Rank> ranks;
  std::vector<uint32_t> woken; ///< ranks that may have something to start
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_PROCESSORS_H
