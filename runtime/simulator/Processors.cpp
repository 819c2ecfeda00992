//===- Processors.cpp - One computation a rank at a time ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Processors.h"

#include <algorithm>
#include <limits>

namespace moec::simulator {

/// Something is put, or told, when the task ends.
bool Processors::feedsLinks(TaskId task) const {
  std::span<const TaskId> followers = order.after(task);
  return std::any_of(followers.begin(), followers.end(), [&](TaskId next) {
    switch (graph.familyOf(next).kind) {
    case TaskClass::Transfer:
    case TaskClass::Signal:
      return true;
    case TaskClass::Gate:
      return feedsLinks(next);
    case TaskClass::Compute:
    case TaskClass::Wait:
      return false;
    }
    return false;
  });
}

void Processors::enqueue(TaskId task) {
  uint32_t rank = graph.getTasks()[task].rank;
  uint32_t families = static_cast<uint32_t>(graph.getFamilies().size());
  uint32_t turn = feedsLinks(task) ? families - graph.getTasks()[task].family : families + 1;
  ranks[rank].ready.push({turn, task});
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
