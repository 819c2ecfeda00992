//===- FairShare.h - How fast flows go that share resources -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Max-min fair rates (Bertsekas and Gallager, Data Networks, 6.5.2): every flow
// has a resource that is used in full and on which no other flow goes faster, in
// proportion to the weights. That is how links with per-flow fairness and switches
// without head-of-line blocking behave, and it is unique.
//
// Each resource has a level: the rate, for a weight of 1, at which it holds its
// flows; a flow goes at the lowest level on its way. When flows come and go, levels
// near them are put right, then those that this changes, until none is wrong. What
// is reached is max-min fair, for it is what the definition says; it is reached
// because the lowest level depends on no other, the next on the lowest alone, and
// so on. Where much has changed at once all are filled anew from the bottom.
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

  /// Gives every flow its rate.
  void share();
  double rate(uint32_t flow) const { return rates[flow]; }
  double load(uint32_t resource) const { return resources[resource].load; }
  /// Flows whose rate share() changed since the last clearChanges(), some of them
  /// several times, by the numbers they had then; resources with another load.
  std::span<const uint32_t> getChangedFlows() const { return changed; }
  std::span<const uint32_t> getChangedLoads() const { return changedLoads; }
  void clearChanges();
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
    double level = 0;  ///< infinity where the flows leave some of it
    double demand = 0; ///< of all flows, for each unit of the level
    double load = 0;   ///< of all flows at their rates
    std::vector<Link> flows;
    bool isDirty = false; ///< the level may be wrong
    bool isLoadNoted = false;
    // While all are filled:
    double left = 0;       ///< of the capacity, for flows without a rate
    double leftDemand = 0; ///< of those flows
    uint32_t waiting = 0;  ///< such flows
  };
  struct Level {
    double level;
    uint32_t resource;
    /// The smallest level first, then the smallest number, so that runs are equal.
    bool operator<(const Level &other) const {
      return level != other.level ? level > other.level : resource > other.resource;
    }
  };
  /// A flow of the resource at hand: the level that the rest of its way has, and its
  /// part of the demand.
  struct Capped {
    double level;
    double demand;
  };

  double costOf(const Link &link) const {
    return weights[link.flow] * uses[size_t(link.flow) * maxUses + link.use].bytesPerByte;
  }
  double levelElsewhere(const Link &link) const;
  void unlink(uint32_t flow);
  void relink(uint32_t from, uint32_t to);
  void markDirty(uint32_t resource);
  void noteLoad(uint32_t resource);

  bool mend();
  double solve(const Resource &resource);
  void setLevel(uint32_t number, double level);

  double sumDemand(const Resource &resource) const;
  double levelOf(Resource &resource) const;
  void fillAll();
  void fillInRounds();
  void fillInOrder();
  void setRate(uint32_t flow, double level);

  uint32_t maxUses;
  std::vector<Resource> resources;
  std::vector<uint32_t> dirty; ///< a queue
  std::vector<uint32_t> changed, changedLoads;
  uint32_t failures = 0;           ///< of mend(), one after the other
  uint32_t fillsBeforeMending = 0; ///< how often not to try
  bool isWeighted = false;         ///< a flow's demand may be another number than 1
  std::vector<Level> levels;       ///< a heap
  std::vector<uint32_t> open;      ///< flows without a rate
  std::vector<double> roundLevels; ///< by resource
  std::vector<uint8_t> isHeld;     ///< by resource: a flow meets a lower level elsewhere
  std::vector<Capped> capped;
  std::vector<double> elsewhere; ///< of the resource at hand, by flow of its list
  // By flow, and by flow and use.
  std::vector<uint8_t> useCount;
  std::vector<double> weights, rates;
  std::vector<Use> uses;
  std::vector<uint32_t> positions; ///< in the lists of the resources
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_FAIRSHARE_H
