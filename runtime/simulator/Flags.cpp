//===- Flags.cpp - Flags under way, and who waits for them ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Flags.h"

#include "runtime/simulator/LargeArray.h"

#include <algorithm>
#include <limits>

namespace moec::simulator {

Flags::Flags(const TaskGraph &graph)
    : graph(graph), values(makeLarge<uint32_t>(graph.getCells(), 0)),
      waiting(makeLarge(graph.getCells(), none)),
      alsoWaits(makeLarge(graph.getTasks().size(), none)) {}

void Flags::raise(TaskId signal, double now, double latency) {
  auto lane = std::find_if(lanes.begin(), lanes.end(),
                           [&](const Lane &candidate) { return candidate.latency == latency; });
  if (lane == lanes.end())
    lane = lanes.insert(lanes.end(), Lane{latency, {}});
  lane->flags.push_back({now + latency, signal});
}

bool Flags::await(TaskId wait) {
  const Task &task = graph.getTasks()[wait];
  if (values[task.cell] >= task.value)
    return true;
  alsoWaits[wait] = waiting[task.cell];
  waiting[task.cell] = wait;
  return false;
}

double Flags::next() const {
  double first = std::numeric_limits<double>::infinity();
  for (const Lane &lane : lanes)
    if (!lane.flags.empty())
      first = std::min(first, lane.flags.front().arrival);
  return first;
}

void Flags::land(double moment, std::vector<TaskId> &ended) {
  for (Lane &lane : lanes)
    for (; !lane.flags.empty() && lane.flags.front().arrival <= moment; lane.flags.pop_front())
      set(lane.flags.front().signal, ended);
}

void Flags::set(TaskId signal, std::vector<TaskId> &ended) {
  const Task &task = graph.getTasks()[signal];
  uint32_t &value = values[task.cell];
  value = std::max(value, task.value);
  TaskId *link = &waiting[task.cell];
  while (*link != none) {
    TaskId wait = *link;
    if (value < graph.getTasks()[wait].value) {
      link = &alsoWaits[wait];
      continue;
    }
    *link = alsoWaits[wait];
    ended.push_back(wait);
  }
}

} // namespace moec::simulator
