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
  /// Where transfers meet they share in proportion to their sizes, not evenly.
  bool ratesBySize = false;
  /// The part of the transfers that may come and go before rates are shared out
  /// anew. 0 is exact. With 1/64 times come out up to 1 % too long, for a transfer
  /// leaves its share idle for about 1/128 of how long transfers take. Empty: exact
  /// up to `exactTransfers`, 1/64 above.
  std::optional<double> patience;
};
inline constexpr uint64_t exactTransfers = 1 << 16;
inline constexpr double manyTransfersPatience = 1.0 / 64;

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
