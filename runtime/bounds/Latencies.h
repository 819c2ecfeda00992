//===- Latencies.h - How soon a byte can be elsewhere -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BOUNDS_LATENCIES_H
#define MOEC_RUNTIME_BOUNDS_LATENCIES_H

#include "runtime/topology/Network.h"
#include "runtime/traffic/ItemCounts.h"

#include <vector>

namespace moec::bounds {

struct Pair {
  uint32_t from = 0, to = 0;
  double seconds = 0;
};

/// Of the pairs with traffic; 0 without.
struct PairLatencies {
  double least = 0;
  Pair farthest;
};

/// Latencies that no way beats, whoever hands a byte on: of a network, asked for once.
class Latencies {
public:
  explicit Latencies(const topology::Network &network);

  /// The best way's, or less where two hops might take less than it.
  double between(uint32_t from, uint32_t to) const;
  PairLatencies ofPairs(const traffic::Matrix &bytes) const;
  double leastBetweenNodes() const { return leastBetween; }

private:
  const topology::Network &network;
  std::vector<double> leastOut, leastIn; ///< by rank, of the ways inside its node
  double leastBetween;                   ///< of any way to another node
  double leastHop;                       ///< of any way
};

} // namespace moec::bounds

#endif // MOEC_RUNTIME_BOUNDS_LATENCIES_H
