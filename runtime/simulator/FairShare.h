//===- FairShare.h - How fast flows go that share resources -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Max-min fair rates (Bertsekas and Gallager, Data Networks, 6.5.2): every flow
// has a resource that is used in full and on which no other flow goes faster, in
// proportion to the weights. That is how links with per-flow fairness and switches
// without head-of-line blocking behave, and it is unique. All rates rise together;
// where a resource is full, its flows stay at what they have.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_FAIRSHARE_H
#define MOEC_RUNTIME_SIMULATOR_FAIRSHARE_H

#include "runtime/topology/Network.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moec::simulator {

/// The flows under way. They are numbered from 0 without gaps; removing one gives
/// its number to the last.
class FairShare {
public:
  using Use = topology::Route::Use;

  /// `capacities`: of each resource, in bytes a second. `maxUses`: of a flow.
  FairShare(std::vector<double> capacities, uint32_t maxUses);

  uint32_t size() const { return static_cast<uint32_t>(useCount.size()); }
  /// At least one use, no resource twice. The rate is 0 until share().
  uint32_t add(std::span<const Use> uses, double weight);
  void remove(uint32_t flow);

  /// Gives every flow its rate: O(uses + resources log resources).
  void share();
  double rate(uint32_t flow) const { return rates[flow]; }
  std::span<const Use> usesOf(uint32_t flow) const {
    return std::span(uses).subspan(size_t(flow) * maxUses, useCount[flow]);
  }

private:
  /// Use number `use` of a flow, as the resource's list knows it.
  struct Link {
    uint32_t flow;
    uint32_t use;
  };
  struct Resource {
    double capacity = 0;
    double left = 0;       ///< of the capacity, for flows without a rate
    double demand = 0;     ///< of those flows, for each unit of the common level
    double allDemand = 0;  ///< the same when it was last summed up
    uint32_t waiting = 0;  ///< such flows
    std::vector<Link> flows;
  };
  struct Level {
    double level;
    uint32_t resource;
    /// The smallest level first, then the smallest number, so that runs are equal.
    bool operator<(const Level &other) const {
      return level != other.level ? level > other.level : resource > other.resource;
    }
  };

  void unlink(uint32_t flow);
  void relink(uint32_t from, uint32_t to);
  double demandOf(const Resource &resource) const;
  void begin();
  void fill(Resource &resource, double level);

  uint32_t maxUses;
  std::vector<Resource> resources;
  std::vector<Level> levels;
  // By flow, and by flow and use.
  std::vector<uint8_t> useCount;
  std::vector<double> weights, rates;
  std::vector<Use> uses;
  std::vector<uint32_t> positions; ///< in the lists of the resources
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_FAIRSHARE_H
