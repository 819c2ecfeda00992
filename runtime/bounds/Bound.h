//===- Bound.h - What no schedule can beat ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts. Whatever leaves a set of ranks crosses one of the resources that lead out of
// it, whichever way it takes and whoever hands it on: bytes over the sum of the rates
// bounds the time from below. The sets are single ranks, ranks joined by NVLink, those
// below a part of a PCIe tree, and nodes. What has no inside and outside (a host bridge,
// host memory) is a price on each byte: the cheapest way of every pair, over what the
// resources earn.
//
// Copies merge where a schedule merges them: at nodes, and on one node at equal groups of
// its ranks, those below a socket or host bridge. A token may enter a group once, partial
// sums of a token may leave it as one. Traffic of a node stays in it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BOUNDS_BOUND_H
#define MOEC_RUNTIME_BOUNDS_BOUND_H

#include "runtime/topology/Network.h"
#include "runtime/traffic/ItemCounts.h"

#include <span>

namespace moec::bounds {

enum class Merging : uint8_t {
  None,      ///< every byte travels by itself
  Arrival,   ///< what a rank sends to several of a group enters the group once
  Departure, ///< what several of a group send to a rank leaves the group once
};

/// What has to get from rank to rank.
struct Demand {
  traffic::Matrix bytes; ///< row = source; the diagonal does not travel
  Merging merging = Merging::None;
  /// Equal runs of ranks: the network's nodes, or parts of its one node.
  uint32_t groups = 1;
  /// Of Arrival: bytes from a rank into a group, [rank][group]. Of Departure: from a group
  /// to a rank, [rank][group]. A rank's own group is not read.
  std::vector<double> groupBytes;

  uint32_t groupSize() const { return bytes.getSize() / groups; }
  uint32_t groupOf(uint32_t rank) const { return rank / groupSize(); }
  double intoGroup(uint32_t rank, uint32_t group) const {
    return groupBytes[size_t(rank) * groups + group];
  }
};

/// The largest bound that resources of one kind give.
struct Tier {
  std::string name; ///< nvlink, rail, pcie, socket, host_bridge, host_memory, ..
  double seconds = 0;
  std::string resource;
};

/// `seconds` is the transfer time of the binding resource plus the least latency of the ways
/// over it, or the latency of the farthest pair with traffic by itself. Without traffic all is 0.
struct Bound {
  double seconds = 0;
  double latencySeconds = 0;
  std::string resource;    ///< what binds, maybe "the latency from gpu 0 to gpu 4"; empty: nothing
  std::vector<Tier> tiers; ///< without latency, those the network has, largest first
};

/// Of demands that may be under way at the same time, though the first byte of each needs
/// one of those before it to have arrived: the bytes of all and one latency, or those of
/// one, its latency and the least of each other. Matrices are as large as the network has ranks.
Bound boundOf(const topology::Network &network, std::span<const Demand> demands);
inline Bound boundOf(const topology::Network &network, const Demand &demand) {
  return boundOf(network, std::span(&demand, 1));
}

/// What travels in a phase of a step.
enum class Copies : uint8_t {
  Rows,  ///< one for each slot of a token
  Ranks, ///< one for each rank that has a slot of it; back: sums of a rank
  Nodes, ///< and between groups one for each group; back: sums of a group
};
/// `counts.nodes` are the groups.
Demand dispatchDemand(const traffic::ItemCounts &counts, double bytesPerCopy, Copies copies);
/// From where a token's experts are back to its rank.
Demand combineDemand(const traffic::ItemCounts &counts, double bytesPerCopy, Copies copies);

} // namespace moec::bounds

#endif // MOEC_RUNTIME_BOUNDS_BOUND_H
