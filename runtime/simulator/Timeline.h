//===- Timeline.h - What ranks do when, in characters -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_TIMELINE_H
#define MOEC_RUNTIME_SIMULATOR_TIMELINE_H

#include "runtime/simulator/Simulate.h"

#include <string>

namespace moec::simulator {

inline constexpr uint32_t timelineColumns = 72;
/// More ranks are thinned out evenly, the first and the last among those that stay.
inline constexpr uint32_t maxTimelineRanks = 16;

/// A line a rank: = computes, > sends, # both, . waits; what fills more than half of a
/// column's time is in it. Empty for a run without length.
std::string timelineText(const TaskGraph &graph, const Simulation &simulation);

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_TIMELINE_H
