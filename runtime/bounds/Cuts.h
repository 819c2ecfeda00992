//===- Cuts.h - What crosses a cut, and over what ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BOUNDS_CUTS_H
#define MOEC_RUNTIME_BOUNDS_CUTS_H

#include "runtime/bounds/Bound.h"
#include "runtime/bounds/Latencies.h"

#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace moec::bounds {

enum class Direction : uint8_t { Out, In };

/// "nvlink", "rail", ..: what a report calls the kind.
std::string_view tierOf(topology::ResourceKind kind);

/// The ways between two ranks, those that exist.
std::vector<const topology::Route *> waysOf(const topology::Network &network, uint32_t from,
                                            uint32_t to);

/// Ranks of one node, ascending, and what may cross between them and the others.
struct Cut {
  std::vector<uint32_t> ranks;
  Direction direction = Direction::Out;
  bool withinNode = false; ///< traffic of the node alone
  /// Crossing ways that use it count it; the others count their end inside the set.
  std::optional<uint32_t> through;
  bool byNic = false; ///< ways with a NIC of the set's side count that
  std::string label;  ///< "gpu 3", "node 0"
};

/// Bytes of the demand that cross, merged where they may be.
double bytesAcross(const topology::Network &network, const Demand &demand, const Cut &cut);

/// The resources, of which every crossing way uses one, and the least latency of these ways.
struct Crossed {
  std::map<uint32_t, double> costs; ///< number to the fewest bytes that a byte costs there
  double leastWithin = std::numeric_limits<double>::infinity();  ///< of ways inside the node
  double leastBetween = std::numeric_limits<double>::infinity(); ///< and to other nodes
};
/// None: there is a way that uses nothing, or no way at all.
using CutCosts = std::optional<Crossed>;
CutCosts resourcesAcross(const topology::Network &network, const Cut &cut);

/// Those of the cuts of one network, in the order in which every search for a bound asks
/// for them: the first looks at the ways between all ranks, the next remember.
class KnownCuts {
public:
  explicit KnownCuts(const topology::Network &network) : network(network), latencies(network) {}
  void restart() { next = 0; }
  const CutCosts &costsOf(const Cut &cut);
  const Latencies &getLatencies() const { return latencies; }

private:
  const topology::Network &network;
  Latencies latencies;
  std::vector<CutCosts> found;
  size_t next = 0;
};

/// As without `cuts`, which bounds of the same network share.
Bound boundOf(const topology::Network &network, std::span<const Demand> demands, KnownCuts &cuts);

} // namespace moec::bounds

#endif // MOEC_RUNTIME_BOUNDS_CUTS_H
