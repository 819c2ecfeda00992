//===- Processors.cpp - One computation a rank at a time ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Processors.h"

#include <limits>

namespace moec::simulator {

void Processors::enqueue(TaskId task) {
  uint32_t rank = graph.getTasks()[task].rank;
  ranks[rank].ready.push(task);
  if (!ranks[rank].isBusy)
    woken.push_back(rank);
}

double Processors::next() const {
  return running.empty() ? std::numeric_limits<double>::infinity() : running.top().end;
}

void Processors::end(double moment, std::vector<TaskId> &ended) {
  for (; !running.empty() && running.top().end <= moment; running.pop()) {
    TaskId task = running.top().task;
    uint32_t rank = graph.getTasks()[task].rank;
    ranks[rank].isBusy = false;
    woken.push_back(rank);
    ended.push_back(task);
  }
}

} // namespace moec::simulator
