//===- Flags.h - Flags under way, and who waits for them --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_FLAGS_H
#define MOEC_RUNTIME_SIMULATOR_FLAGS_H

#include "runtime/simulator/TaskGraph.h"

#include <deque>
#include <vector>

namespace moec::simulator {

/// A flag lands a latency after it was raised and keeps the largest value.
class Flags {
public:
  explicit Flags(const TaskGraph &graph);

  /// `signal` is given at `now`.
  void raise(TaskId signal, double now, double latency);
  /// True if the flag of `wait` has come; else it is told by land().
  bool await(TaskId wait);
  /// When the next flag lands; infinity: none is under way.
  double next() const;
  /// Appends the waits that end with the flags that land by `moment`.
  void land(double moment, std::vector<TaskId> &ended);

private:
  struct InFlight {
    double arrival;
    TaskId signal;
  };
  /// Flags of one latency land in the order in which they were raised.
  struct Lane {
    double latency;
    std::deque<InFlight> flags;
  };
  static constexpr TaskId none = UINT32_MAX;

  void set(TaskId signal, std::vector<TaskId> &ended);

  const TaskGraph &graph;
  std::vector<Lane> lanes;
  std::vector<uint32_t> values;  ///< of the cells
  std::vector<TaskId> waiting;   ///< by cell: the last that waits
  std::vector<TaskId> alsoWaits; ///< by task: for the same cell, or none
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_FLAGS_H
