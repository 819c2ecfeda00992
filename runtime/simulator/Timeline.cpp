//===- Timeline.cpp - What ranks do when, in characters -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Timeline.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace moec::simulator {
namespace {

using Interval = std::pair<double, double>;

/// Of a rank: when it computes, sends, waits.
struct Lanes {
  std::vector<Interval> computes, sends, waits;
};

std::vector<uint32_t> shownRanks(uint32_t ranks) {
  std::vector<uint32_t> shown;
  uint32_t count = std::min(ranks, maxTimelineRanks);
  for (uint32_t i = 0; i < count; ++i)
    shown.push_back(count == 1 ? 0
                               : static_cast<uint32_t>(uint64_t(i) * (ranks - 1) / (count - 1)));
  return shown;
}

/// For each column the part of its time that the intervals cover.
std::array<double, timelineColumns> cover(std::vector<Interval> intervals, double width) {
  std::array<double, timelineColumns> covered{};
  std::sort(intervals.begin(), intervals.end());
  double reached = 0; // overlaps count once
  for (auto [begin, end] : intervals) {
    begin = std::max(begin, reached);
    if (end <= begin)
      continue;
    reached = end;
    for (auto column = static_cast<uint32_t>(begin / width); column < timelineColumns; ++column) {
      double from = std::max(begin, column * width), to = std::min(end, (column + 1) * width);
      if (to <= from)
        break;
      covered[column] += (to - from) / width;
    }
  }
  return covered;
}

std::string draw(const Lanes &lanes, double width) {
  auto computes = cover(lanes.computes, width), sends = cover(lanes.sends, width),
       waits = cover(lanes.waits, width);
  std::string line;
  for (uint32_t column = 0; column < timelineColumns; ++column) {
    bool isComputing = computes[column] > 0.5, isSending = sends[column] > 0.5;
    line += isComputing && isSending ? '#'
            : isComputing            ? '='
            : isSending              ? '>'
            : waits[column] > 0.5    ? '.'
                                     : ' ';
  }
  return line;
}

} // namespace

std::string timelineText(const TaskGraph &graph, const Simulation &simulation) {
  if (simulation.seconds <= 0)
    return "";
  std::vector<uint32_t> shown = shownRanks(graph.getRanks());
  std::vector<int32_t> lineOf(graph.getRanks(), -1);
  for (size_t i = 0; i < shown.size(); ++i)
    lineOf[shown[i]] = static_cast<int32_t>(i);
  std::vector<Lanes> lanes(shown.size());
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const Task &task = graph.getTasks()[id];
    if (lineOf[task.rank] < 0)
      continue;
    Lanes &rank = lanes[lineOf[task.rank]];
    Interval interval(simulation.begin[id], simulation.end[id]);
    switch (graph.familyOf(id).kind) {
    case TaskClass::Compute:
      rank.computes.push_back(interval);
      break;
    case TaskClass::Transfer:
      rank.sends.push_back(interval);
      break;
    case TaskClass::Wait:
      rank.waits.push_back(interval);
      break;
    case TaskClass::Signal:
    case TaskClass::Gate:
      break;
    }
  }
  std::string text = "  = computes, > sends, # both, . waits\n";
  for (size_t i = 0; i < shown.size(); ++i) {
    char label[32];
    std::snprintf(label, sizeof(label), "  rank %-5u", shown[i]);
    text += std::string(label) + "|" + draw(lanes[i], simulation.seconds / timelineColumns) + "|\n";
  }
  return text;
}

} // namespace moec::simulator
