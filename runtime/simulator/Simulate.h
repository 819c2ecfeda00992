//===- Simulate.h - When every task begins and ends -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Time passes from event to event: a transfer's last byte leaves, a flag lands, a
// computation is done. Between events every transfer has its max-min fair share of
// the resources on its route. The same input gives the same result, bit by bit.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_SIMULATE_H
#define MOEC_RUNTIME_SIMULATOR_SIMULATE_H

#include "runtime/base/Status.h"
#include "runtime/simulator/TaskGraph.h"
#include "runtime/simulator/Usage.h"
#include "runtime/topology/Network.h"

#include <optional>
#include <vector>

namespace moec::simulator {

struct SimulateOptions {
  /// Where transfers meet they share in proportion to their sizes, not evenly, whatever
  /// their families say.
  bool ratesBySize = false;
  /// The part of the transfers under way that may come or go before rates are shared
  /// out anew; what one leaves is idle until then, and a new one waits. 0 is exact.
  /// Empty: defaultPatience().
  std::optional<double> patience;
};

/// 0 up to 65536 transfers, then rising to 1/16 from a million on. 256 ranks with
/// log-normal traffic take 0.1 % too long with 1/16 and four puts in flight a rank,
/// 1.5 % with all at once (test/bench/SimulateExchange.cpp).
double defaultPatience(uint64_t transfers);

/// Seconds are from the start of the run.
struct Simulation {
  double seconds = 0; ///< when the last task ends
  /// By task. A transfer begins when it has a place in its window and ends when its
  /// last byte has left: its arrival is told by a signal after it. A wait begins
  /// when all before it is done.
  std::vector<double> begin, end;
  Usage usage;              ///< by resource of the network
  uint64_t rateUpdates = 0; ///< how often rates were shared out
};

/// Invalid where a transfer or a signal has no route, or tasks remain that nothing
/// can start: waits for flags that nobody raises, and cycles. A path without a
/// route between two ranks falls back on the other path; a rank reaches itself
/// without a route, at once.
rt::Result<Simulation> simulate(const TaskGraph &graph, const topology::Network &network,
                                const SimulateOptions &options = {});

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_SIMULATE_H
