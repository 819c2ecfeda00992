//===- TaskBars.cpp - Tasks as bars of a timeline -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/report/TaskBars.h"

#include <algorithm>
#include <tuple>

namespace moec::report {

using simulator::TaskClass;

/// Bars must be ordered by rank, family and begin. Those of a rank and family with at most
/// `gap` seconds between them become one.
static std::vector<Bar> merge(const std::vector<Bar> &bars, double gap) {
  std::vector<Bar> merged;
  for (const Bar &bar : bars) {
    Bar *last = merged.empty() ? nullptr : &merged.back();
    if (!last || last->rank != bar.rank || last->family != bar.family ||
        bar.begin > last->end + gap) {
      merged.push_back(bar);
      continue;
    }
    last->tasks += bar.tasks;
    last->end = std::max(last->end, bar.end);
    last->bytes += bar.bytes;
  }
  return merged;
}

Bars barsOf(const simulator::TaskGraph &graph, const simulator::Simulation &simulation,
            size_t most) {
  Bars found;
  for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const simulator::Task &task = graph.getTasks()[id];
    TaskClass kind = graph.familyOf(id).kind;
    bool isShown =
        kind == TaskClass::Transfer || kind == TaskClass::Compute || kind == TaskClass::Wait;
    if (!isShown || simulation.end[id] <= simulation.begin[id])
      continue;
    bool moves = kind == TaskClass::Transfer;
    found.bars.push_back({task.rank, task.family, moves ? task.peer : task.rank, 1,
                          simulation.begin[id], simulation.end[id], moves ? task.amount : 0});
  }
  found.tasks = found.bars.size();
  auto byFamily = [](const Bar &left, const Bar &right) {
    return std::tie(left.rank, left.family, left.begin) <
           std::tie(right.rank, right.family, right.begin);
  };
  std::sort(found.bars.begin(), found.bars.end(), byFamily);
  for (double gap = 0; found.bars.size() > most;
       gap = std::max(gap * 4, simulation.seconds / 4096)) {
    found.bars = merge(found.bars, gap);
    found.isMerged = true;
    if (gap > simulation.seconds) // one bar a rank and op is as few as there can be
      break;
  }
  std::sort(found.bars.begin(), found.bars.end(), [](const Bar &left, const Bar &right) {
    return std::tie(left.rank, left.begin, left.family) <
           std::tie(right.rank, right.begin, right.family);
  });
  return found;
}

} // namespace moec::report
