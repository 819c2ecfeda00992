//===- Latencies.cpp - How soon a byte can be elsewhere -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Latencies.h"

#include <algorithm>
#include <limits>

namespace moec::bounds {

using topology::Network;
using topology::Route;

static constexpr double never = std::numeric_limits<double>::infinity();

/// Of the fastest way without a hop between.
static double directly(const Network &network, uint32_t from, uint32_t to) {
  double least = never;
  for (const Route *way :
       {network.route(from, to, plan::Path::NVLink), network.route(from, to, plan::Path::Rail),
        network.stagedRoute(from, to)})
    if (way)
      least = std::min(least, way->latencySeconds);
  return least;
}

Latencies::Latencies(const Network &network)
    : network(network), leastOut(network.getRanks(), never), leastIn(network.getRanks(), never),
      leastBetween(never), leastHop(never) {
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to) {
      if (from == to)
        continue;
      double hop = directly(network, from, to);
      leastHop = std::min(leastHop, hop);
      if (network.nodeOf(from) != network.nodeOf(to)) {
        leastBetween = std::min(leastBetween, hop);
        continue;
      }
      leastOut[from] = std::min(leastOut[from], hop);
      leastIn[to] = std::min(leastIn[to], hop);
    }
}

/// A way of several hops has a first and a last one; one of them at least leaves the node where
/// the ranks lie on two.
double Latencies::between(uint32_t from, uint32_t to) const {
  bool isNear = network.nodeOf(from) == network.nodeOf(to);
  double hops = isNear ? leastOut[from] + leastIn[to] : leastBetween + leastHop;
  return std::min(directly(network, from, to), hops);
}

PairLatencies Latencies::ofPairs(const traffic::Matrix &bytes) const {
  PairLatencies pairs;
  double least = never;
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to) {
      if (from == to || bytes.at(from, to) <= 0)
        continue;
      double seconds = between(from, to);
      least = std::min(least, seconds);
      if (seconds > pairs.farthest.seconds)
        pairs.farthest = {from, to, seconds};
    }
  pairs.least = least < never ? least : 0;
  return pairs;
}

} // namespace moec::bounds
