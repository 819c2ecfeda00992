//===- Floor.h - What no run of a task graph can beat -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_FLOOR_H
#define MOEC_RUNTIME_SIMULATOR_FLOOR_H

#include "runtime/simulator/TaskGraph.h"
#include "runtime/topology/Network.h"

#include <string>

namespace moec::simulator {

/// A lower bound of the time of one graph, and what it is from: "gpu 3 nvlink in", "rank
/// 2 computing", "the longest chain of tasks".
struct Floor {
  double seconds = 0;
  std::string reason;
};

/// The largest of: what a resource carries at its full rate; what a rank computes; the
/// longest chain of tasks that come one after the other, through flags too, each as fast
/// as if it were alone. It knows the order of this graph's tasks: other schedules of the
/// same traffic may be faster.
Floor floorOf(const TaskGraph &graph, const topology::Network &network);

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_FLOOR_H
