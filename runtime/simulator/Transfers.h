//===- Transfers.h - Bytes under way ----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_TRANSFERS_H
#define MOEC_RUNTIME_SIMULATOR_TRANSFERS_H

#include "runtime/simulator/FairShare.h"
#include "runtime/simulator/TaskGraph.h"
#include "runtime/simulator/Usage.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace moec::simulator {

inline constexpr double never = std::numeric_limits<double>::infinity();

/// Moments nearer to each other than this part of the time are one: what ends at the
/// same time by arithmetic must not end one after the other by rounding.
inline constexpr double sameMoment = 1e-9;

/// Flows from when they begin to when their last byte has left.
class Transfers {
public:
  /// `patience`: the part of the flows that may come and go before rates are shared
  /// out anew; 0: none. What a flow leaves is idle for so long, and a new flow waits.
  Transfers(const topology::Network &network, uint32_t maxUses, double patience);

  /// `weight`: of its rate where it meets others.
  void begin(TaskId task, std::span<const FairShare::Use> uses, double bytes, double weight);
  /// Shares rates out, if enough has changed. Before next().
  void settle(double now);
  /// When the next flow ends; never, if none does.
  double next() const { return upcoming < soon.size() ? finish[soon[upcoming]] : never; }
  /// Appends the tasks of those that end at `now`.
  void end(double now, std::vector<TaskId> &ended);

  Usage &getUsage() { return usage; }
  uint64_t getShares() const { return shares; } ///< how often rates were shared out

private:
  void dropEnded(double now);
  void takeRates(double now);
  void findSoon();

  double patience;
  FairShare rates;
  Usage usage;
  uint64_t came = 0, shares = 0; ///< `came`: flows since rates were shared out
  /// What is left of a flow since its rate was last changed.
  struct Progress {
    TaskId task = 0;
    double remaining = 0;
    double rate = 0;
    double since = 0;
  };
  // By flow, as FairShare numbers them.
  std::vector<Progress> flows;
  std::vector<double> finish;  ///< never: it has no rate yet
  std::vector<uint32_t> ended; ///< flows that did since rates were shared out
  std::vector<uint32_t> soon;  ///< flows that end next, in that order
  size_t upcoming = 0;         ///< of `soon`
  std::vector<double> sorted;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_TRANSFERS_H
