//===- Cuts.cpp - What crosses a cut, and over what -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Cuts.h"

#include <algorithm>
#include <cassert>

namespace moec::bounds {

using topology::Network;
using topology::ResourceKind;
using topology::Route;

std::string_view tierOf(ResourceKind kind) {
  switch (kind) {
  case ResourceKind::Egress:
  case ResourceKind::Ingress:
    return "nvlink";
  case ResourceKind::NicOut:
  case ResourceKind::NicIn:
    return "rail";
  case ResourceKind::PcieUp:
  case ResourceKind::PcieDown:
    return "pcie";
  case ResourceKind::HostBridge:
    return "host_bridge";
  case ResourceKind::Socket:
    return "socket";
  case ResourceKind::HostMemory:
    return "host_memory";
  case ResourceKind::SmIssue:
    return "sm_issue";
  case ResourceKind::CopyEngine:
    return "copy_engine";
  case ResourceKind::Hbm:
    return "memory";
  }
  return "";
}

std::vector<const Route *> waysOf(const Network &network, uint32_t from, uint32_t to) {
  std::vector<const Route *> ways;
  for (const Route *way :
       {network.route(from, to, plan::Path::NVLink), network.route(from, to, plan::Path::Rail),
        network.stagedRoute(from, to)})
    if (way)
      ways.push_back(way);
  return ways;
}

namespace {
/// Membership of ranks, and a demand seen from the cut: `inside` sends or receives.
class Crossing {
public:
  Crossing(const Network &network, const Demand &demand, const Cut &cut)
      : network(network), demand(demand), cut(cut), isInside(network.getRanks()),
        isFar(demand.merging ==
              (cut.direction == Direction::Out ? Merging::Arrival : Merging::Departure)) {
    for (uint32_t rank : cut.ranks) {
      assert(network.nodeOf(rank) == network.nodeOf(cut.ranks.front()) &&
             "a cut lies within a node");
      isInside[rank] = true;
    }
  }

  double bytes() const {
    double sum = 0;
    if (demand.merging == Merging::None) {
      for (uint32_t rank : cut.ranks)
        for (uint32_t peer = 0; peer < network.getRanks(); ++peer)
          sum += counts(peer) ? between(rank, peer) : 0;
      return sum;
    }
    if (isFar) {
      for (uint32_t rank : cut.ranks)
        sum += ofSide(rank, /*isOfInside=*/false);
      return sum;
    }
    for (uint32_t peer = 0; peer < network.getRanks(); ++peer)
      sum += counts(peer) ? ofSide(peer, /*isOfInside=*/true) : 0;
    return sum;
  }

private:
  bool counts(uint32_t peer) const {
    return !isInside[peer] &&
           !(cut.withinNode && network.nodeOf(peer) != network.nodeOf(cut.ranks.front()));
  }

  double between(uint32_t inside, uint32_t outside) const {
    return cut.direction == Direction::Out ? demand.bytes.at(inside, outside)
                                           : demand.bytes.at(outside, inside);
  }

  /// What is between one end and all others that are inside, or outside: once for a group
  /// that is there as a whole; for a part of one at least as much as one rank's.
  double ofSide(uint32_t end, bool isOfInside) const {
    double sum = 0;
    // All ranks of the cut, or of its node, are in few groups: a look at each would be the
    // cube of the ranks, over all cuts.
    bool isNear = isOfInside || cut.withinNode;
    uint32_t node = network.nodeOf(cut.ranks.front()) * network.getLanes();
    uint32_t last = isNear ? demand.groupOf(node + network.getLanes() - 1) : demand.groups - 1;
    for (uint32_t group = isNear ? demand.groupOf(node) : 0; group <= last; ++group) {
      double all = 0, most = 0;
      uint32_t first = group * demand.groupSize(), members = 0;
      for (uint32_t rank = first; rank < first + demand.groupSize(); ++rank) {
        if (isOfInside ? !isInside[rank] : !counts(rank))
          continue;
        double bytes = isOfInside ? between(rank, end) : between(end, rank);
        ++members;
        all += bytes;
        most = std::max(most, bytes);
      }
      if (group == demand.groupOf(end))
        sum += all;
      else
        sum += members == demand.groupSize() ? demand.intoGroup(end, group) : most;
    }
    return sum;
  }

  const Network &network;
  const Demand &demand;
  const Cut &cut;
  std::vector<bool> isInside;
  bool isFar; ///< merging on the far side of the cut
};
} // namespace

double bytesAcross(const Network &network, const Demand &demand, const Cut &cut) {
  return Crossing(network, demand, cut).bytes();
}

/// What is beside the way is at no end of it (MakeNetwork.cpp).
static bool isBeside(ResourceKind kind) {
  return kind == ResourceKind::SmIssue || kind == ResourceKind::CopyEngine ||
         kind == ResourceKind::Hbm;
}

/// The use of a way that is counted for the cut; null where it uses nothing.
static const Route::Use *useOf(const Network &network, const Route &way, const Cut &cut) {
  if (cut.through)
    for (const Route::Use &use : way.uses)
      if (use.resource == *cut.through)
        return &use;
  ResourceKind nic = cut.direction == Direction::Out ? ResourceKind::NicOut : ResourceKind::NicIn;
  const Route::Use *found = nullptr;
  for (const Route::Use &use : way.uses)
    if (cut.byNic && network.getResources()[use.resource].kind == nic)
      return &use;
  for (const Route::Use &use : way.uses) {
    if (isBeside(network.getResources()[use.resource].kind))
      continue;
    found = &use;
    if (cut.direction == Direction::Out)
      return found;
  }
  return found;
}

const CutCosts &KnownCuts::costsOf(const Cut &cut) {
  if (next == found.size())
    found.push_back(resourcesAcross(network, cut));
  return found[next++];
}

CutCosts resourcesAcross(const Network &network, const Cut &cut) {
  Crossed crossed;
  std::vector<bool> isInside(network.getRanks());
  for (uint32_t rank : cut.ranks)
    isInside[rank] = true;
  uint32_t node = network.nodeOf(cut.ranks.front());
  for (uint32_t rank : cut.ranks)
    for (uint32_t peer = 0; peer < network.getRanks(); ++peer) {
      if (isInside[peer] || (cut.withinNode && network.nodeOf(peer) != node))
        continue;
      bool isOut = cut.direction == Direction::Out;
      uint32_t from = isOut ? rank : peer, to = isOut ? peer : rank;
      double &least = network.nodeOf(peer) == node ? crossed.leastWithin : crossed.leastBetween;
      for (const Route *way :
           {network.route(from, to, plan::Path::NVLink), network.route(from, to, plan::Path::Rail),
            network.stagedRoute(from, to)}) {
        if (!way)
          continue;
        const Route::Use *use = useOf(network, *way, cut);
        if (!use)
          return std::nullopt;
        least = std::min(least, way->latencySeconds);
        auto [entry, isNew] = crossed.costs.try_emplace(use->resource, use->bytesPerByte);
        if (!isNew)
          entry->second = std::min(entry->second, use->bytesPerByte);
      }
    }
  return crossed.costs.empty() ? std::nullopt : std::optional(std::move(crossed));
}

} // namespace moec::bounds
