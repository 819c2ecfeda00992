//===- Bound.cpp - What no schedule can beat ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Bound.h"

#include "runtime/base/Text.h"
#include "runtime/bounds/Cuts.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

namespace moec::bounds {

using topology::Network;
using topology::Resource;
using topology::ResourceKind;
using topology::Route;

namespace {

class Finder {
public:
  Finder(const Network &network, std::span<const Demand> demands, KnownCuts &cuts,
         const Pair &farthest)
      : network(network), demands(demands), cuts(cuts), farthest(farthest.seconds),
        hasTree(std::any_of(
            network.getResources().begin(), network.getResources().end(),
            [](const Resource &resource) { return resource.kind == ResourceKind::PcieUp; })) {
    if (farthest.seconds <= 0)
      return;
    bound.seconds = bound.latencySeconds = farthest.seconds;
    bound.resource = rt::concat("the latency from gpu ", farthest.from, " to gpu ", farthest.to);
  }
  Bound find();

private:
  uint32_t firstOf(uint32_t node) const { return node * network.getLanes(); }
  std::vector<uint32_t> ranksOf(uint32_t node) const;
  void consider(const Cut &cut);
  void considerBoth(std::vector<uint32_t> ranks, const std::string &label, bool withinNode = false);
  void considerNvlinkGroups(uint32_t node);
  void considerParts();
  void considerPrices(uint32_t node);
  void price(uint32_t node, const std::vector<double> &prices, const std::string &name,
             ResourceKind kind);
  template <typename Latency>
  void note(ResourceKind kind, double seconds, const std::string &name, const Latency &latency);
  double latencyAcross(const Cut &cut, const Crossed &crossed) const;
  bool hasTraffic(uint32_t from, uint32_t to) const;

  const Network &network;
  std::span<const Demand> demands;
  KnownCuts &cuts;
  double farthest; ///< latency of any pair with traffic
  bool hasTree;
  Bound bound;
};

} // namespace

std::vector<uint32_t> Finder::ranksOf(uint32_t node) const {
  std::vector<uint32_t> ranks(network.getLanes());
  std::iota(ranks.begin(), ranks.end(), firstOf(node));
  return ranks;
}

bool Finder::hasTraffic(uint32_t from, uint32_t to) const {
  return std::any_of(demands.begin(), demands.end(), [&](const Demand &demand) {
    return from != to && demand.bytes.at(from, to) > 0;
  });
}

/// From the last byte's crossing to its arrival, with what has to pass before the first. Bytes
/// that cross inside their node come from, or go on to, another one if there are no others.
double Finder::latencyAcross(const Cut &cut, const Crossed &crossed) const {
  bool isNear = false, isFar = false; // whether there is traffic with the node, with others
  for (uint32_t rank : cut.ranks)
    for (uint32_t other = 0; other < network.getRanks() && !(isNear && isFar); ++other) {
      bool &isFound = network.nodeOf(rank) == network.nodeOf(other) ? isNear : isFar;
      if (isFound || std::binary_search(cut.ranks.begin(), cut.ranks.end(), other))
        continue;
      isFound = cut.direction == Direction::Out ? hasTraffic(rank, other) : hasTraffic(other, rank);
    }
  if (cut.withinNode || !isFar)
    return crossed.leastWithin;
  double within = crossed.leastWithin + (isNear ? 0 : cuts.getLatencies().leastBetweenNodes());
  return std::min(within, crossed.leastBetween);
}

/// `latency()` is asked for where it matters: it looks at all pairs that cross.
template <typename Latency>
void Finder::note(ResourceKind kind, double seconds, const std::string &name,
                  const Latency &latency) {
  auto tier = std::find_if(bound.tiers.begin(), bound.tiers.end(),
                           [&](const Tier &tier) { return tier.name == tierOf(kind); });
  if (tier == bound.tiers.end())
    tier = bound.tiers.insert(tier, Tier{std::string(tierOf(kind)), 0, ""});
  if (seconds > tier->seconds) {
    tier->seconds = seconds;
    tier->resource = name;
  }
  if (seconds <= 0 || seconds + farthest <= bound.seconds)
    return;
  double last = latency();
  if (seconds + last <= bound.seconds)
    return;
  bound.seconds = seconds + last;
  bound.latencySeconds = last;
  bound.resource = name;
}

/// "gpu 3 nvlink in", or of several "node 0 out by rail".
static std::string nameOf(const Network &network, const Cut &cut,
                          const std::map<uint32_t, double> &costs) {
  const std::vector<Resource> &resources = network.getResources();
  if (costs.size() == 1)
    return resources[costs.begin()->first].name;
  std::string by;
  for (const auto &[resource, cost] : costs) {
    std::string tier(tierOf(resources[resource].kind));
    if (by.find(tier) == std::string::npos)
      by += (by.empty() ? "" : " and ") + tier;
  }
  return rt::concat(cut.label, cut.direction == Direction::Out ? " out by " : " in by ", by);
}

void Finder::consider(const Cut &cut) {
  const CutCosts &costs = cuts.costsOf(cut);
  if (!costs)
    return;
  double rate = 0, best = 0;
  ResourceKind kind = ResourceKind::Egress;
  for (const auto &[number, bytesPerByte] : costs->costs) {
    const Resource &resource = network.getResources()[number];
    double own = resource.bytesPerSecond / bytesPerByte;
    rate += own;
    if (own > best) {
      best = own;
      kind = resource.kind;
    }
  }
  double bytes = 0;
  for (const Demand &demand : demands)
    bytes += bytesAcross(network, demand, cut);
  note(kind, bytes / rate, nameOf(network, cut, costs->costs),
       [&] { return latencyAcross(cut, *costs); });
}

void Finder::considerBoth(std::vector<uint32_t> ranks, const std::string &label, bool withinNode) {
  for (Direction direction : {Direction::Out, Direction::In}) {
    consider({ranks, direction, withinNode, std::nullopt, /*byNic=*/false, label});
    if (hasTree && !withinNode) // the NIC may be less than the slot before it
      consider({ranks, direction, withinNode, std::nullopt, /*byNic=*/true, label});
  }
}

/// "gpus 0, 1".
static std::string labelOf(const std::vector<uint32_t> &ranks) {
  std::string label = ranks.size() == 1 ? "gpu " : "gpus ";
  for (size_t i = 0; i < ranks.size(); ++i)
    rt::appendText(label, rt::concat(i ? ", " : "", ranks[i]));
  return label;
}

/// Ranks of a node that NVLink joins are one where only a part of the node is joined.
void Finder::considerNvlinkGroups(uint32_t node) {
  uint32_t lanes = network.getLanes(), first = firstOf(node);
  std::vector<bool> isSeen(lanes);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    if (isSeen[lane])
      continue;
    std::vector<uint32_t> group = {first + lane};
    isSeen[lane] = true;
    for (size_t next = 0; next < group.size(); ++next)
      for (uint32_t peer = 0; peer < lanes; ++peer) {
        const Route *way = network.route(group[next], first + peer, plan::Path::NVLink);
        bool isJoined = way && !way->uses.empty() &&
                        network.getResources()[way->uses[0].resource].kind == ResourceKind::Egress;
        if (isSeen[peer] || !isJoined)
          continue;
        isSeen[peer] = true;
        group.push_back(first + peer);
      }
    if (group.size() == 1 || group.size() == lanes)
      continue;
    std::sort(group.begin(), group.end());
    considerBoth(group, labelOf(group));
  }
}

/// Which ends of ways use a resource that ranks share: what is below a switch, behind a
/// socket, beside a way.
void Finder::considerParts() {
  const std::vector<Resource> &resources = network.getResources();
  auto isPart = [&](uint32_t resource) {
    switch (resources[resource].kind) {
    case ResourceKind::PcieUp:
    case ResourceKind::PcieDown:
    case ResourceKind::Socket:
    case ResourceKind::SmIssue:
    case ResourceKind::CopyEngine:
    case ResourceKind::Hbm:
      return true;
    case ResourceKind::Egress:  // the end of a way
    case ResourceKind::Ingress: //
    case ResourceKind::NicOut:  //
    case ResourceKind::NicIn:   //
    case ResourceKind::HostBridge:
    case ResourceKind::HostMemory:
      return false;
    }
    return false;
  };
  if (std::none_of(resources.begin(), resources.end(),
                   [&](const Resource &r) { return isPart(uint32_t(&r - resources.data())); }))
    return;
  std::map<std::pair<uint32_t, Direction>, std::vector<uint32_t>> ends;
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to)
      for (const Route *way : waysOf(network, from, to))
        for (const Route::Use &use : way->uses) {
          if (from == to || !isPart(use.resource))
            continue;
          ResourceKind kind = resources[use.resource].kind;
          if (kind != ResourceKind::PcieDown)
            ends[{use.resource, Direction::Out}].push_back(from);
          if (kind != ResourceKind::PcieUp && kind != ResourceKind::SmIssue &&
              kind != ResourceKind::CopyEngine)
            ends[{use.resource, Direction::In}].push_back(to);
        }
  for (auto &[key, ranks] : ends) {
    std::sort(ranks.begin(), ranks.end());
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
    // Memory is used by what comes and what goes; a cut lies around its owner.
    if (resources[key.first].kind == ResourceKind::Hbm)
      ranks = {resources[key.first].owner};
    std::erase_if(ranks, [&](uint32_t rank) {
      return network.nodeOf(rank) != network.nodeOf(ranks.front());
    });
    consider({ranks, key.second, false, key.first, /*byNic=*/false, labelOf(ranks)});
  }
}

namespace {
/// The cheapest way between two ranks of a node, at given prices.
struct WayCosts {
  uint32_t first, lanes;
  std::vector<double> costs =
      std::vector<double>(size_t(lanes) * lanes, std::numeric_limits<double>::infinity());

  double &at(uint32_t from, uint32_t to) {
    return costs[size_t(from - first) * lanes + (to - first)];
  }
  double at(uint32_t from, uint32_t to) const {
    return costs[size_t(from - first) * lanes + (to - first)];
  }
};
} // namespace

/// What comes into a group from outside, or leaves it, pays the cheapest way across once,
/// and for each further copy that or the cheapest way within.
static double paidOnceFor(const Demand &demand, const WayCosts &ways, uint32_t end, uint32_t group,
                          double bytes) {
  double across = std::numeric_limits<double>::infinity(), least = across;
  bool isArrival = demand.merging == Merging::Arrival;
  uint32_t from = group * demand.groupSize(), to = from + demand.groupSize();
  for (uint32_t rank = from; rank < to; ++rank) {
    across = std::min(across, isArrival ? ways.at(end, rank) : ways.at(rank, end));
    for (uint32_t peer = from; peer < to; ++peer)
      if (peer != rank)
        least = std::min(least, ways.at(rank, peer));
  }
  least = std::min(least, across);
  double once = std::min(demand.intoGroup(end, group), bytes);
  return once * across + (bytes - once) * least;
}

/// What the demand pays within the node at least.
static double paidFor(const Demand &demand, const WayCosts &ways) {
  double paid = 0;
  uint32_t last = ways.first + ways.lanes;
  for (uint32_t end = ways.first; end < last; ++end)
    for (uint32_t rank = ways.first; rank < last;) {
      uint32_t group = demand.groupOf(rank),
               next = std::min(last, (group + 1) * demand.groupSize());
      double each = 0, bytes = 0;
      for (; rank < next; ++rank) {
        bool isBack = demand.merging == Merging::Departure;
        uint32_t from = isBack ? rank : end, to = isBack ? end : rank;
        if (double own = from == to ? 0 : demand.bytes.at(from, to); own > 0) {
          bytes += own;
          each += own * ways.at(from, to);
        }
      }
      bool isMerged = demand.merging != Merging::None && group != demand.groupOf(end);
      paid += isMerged && bytes > 0 ? paidOnceFor(demand, ways, end, group, bytes) : each;
    }
  return paid;
}

/// Every byte from a to b pays at least the cheapest way, relays included, and what
/// a resource can earn is its price times its rate.
void Finder::price(uint32_t node, const std::vector<double> &prices, const std::string &name,
                   ResourceKind kind) {
  constexpr uint32_t maxRelayed = 64; // beyond, a node is one memory and relays gain nothing
  WayCosts cheapest{firstOf(node), network.getLanes()};
  uint32_t first = cheapest.first, last = first + cheapest.lanes;
  double latency = std::numeric_limits<double>::infinity(); // of the ways that pay
  for (uint32_t a = first; a < last; ++a)
    for (uint32_t b = first; b < last; ++b)
      for (const Route *way : waysOf(network, a, b)) {
        double sum = 0;
        for (const Route::Use &use : way->uses)
          sum += prices[use.resource] * use.bytesPerByte;
        cheapest.at(a, b) = std::min(cheapest.at(a, b), sum);
        if (a != b && sum > 0)
          latency = std::min(latency, way->latencySeconds);
      }
  for (uint32_t over = first; over < last && cheapest.lanes <= maxRelayed; ++over)
    for (uint32_t a = first; a < last; ++a)
      for (uint32_t b = first; b < last; ++b)
        cheapest.at(a, b) =
            std::min(cheapest.at(a, b), cheapest.at(a, over) + cheapest.at(over, b));
  double paid = 0, earned = 0;
  for (const Demand &demand : demands)
    paid += paidFor(demand, cheapest);
  for (uint32_t resource = 0; resource < prices.size(); ++resource)
    earned += prices[resource] * network.getResources()[resource].bytesPerSecond;
  note(kind, paid / earned, name, [&] { return latency; });
}

void Finder::considerPrices(uint32_t node) {
  const std::vector<Resource> &resources = network.getResources();
  std::vector<uint32_t> bridges;
  std::optional<uint32_t> memory;
  for (uint32_t a = firstOf(node); a < firstOf(node + 1); ++a)
    for (uint32_t b = firstOf(node); b < firstOf(node + 1); ++b)
      for (const Route *way : waysOf(network, a, b))
        for (const Route::Use &use : way->uses) {
          if (resources[use.resource].kind == ResourceKind::HostBridge)
            bridges.push_back(use.resource);
          if (resources[use.resource].kind == ResourceKind::HostMemory)
            memory = use.resource;
        }
  std::sort(bridges.begin(), bridges.end());
  bridges.erase(std::unique(bridges.begin(), bridges.end()), bridges.end());
  std::vector<double> prices(resources.size());
  // What is staged is written and read.
  if (memory)
    prices[*memory] = 0.5;
  if (bridges.empty()) {
    if (memory)
      price(node, prices, resources[*memory].name, ResourceKind::HostMemory);
    return;
  }
  std::string beside = memory ? " and host memory" : "";
  for (uint32_t bridge : bridges) {
    prices[bridge] = 1;
    price(node, prices, resources[bridge].name + beside, ResourceKind::HostBridge);
    prices[bridge] = 0;
  }
  for (uint32_t bridge : bridges)
    prices[bridge] = 1;
  price(node, prices, rt::concat("node ", node, " host bridges", beside), ResourceKind::HostBridge);
}

Bound Finder::find() {
  cuts.restart();
  bool hasNodes = network.getNodes() > 1;
  for (uint32_t rank = 0; rank < network.getRanks() && network.getRanks() > 1; ++rank) {
    considerBoth({rank}, labelOf({rank}));
    if (hasNodes && network.getLanes() > 1)
      considerBoth({rank}, labelOf({rank}), /*withinNode=*/true);
  }
  for (uint32_t node = 0; node < network.getNodes(); ++node) {
    if (hasNodes)
      considerBoth(ranksOf(node), rt::concat("node ", node));
    considerNvlinkGroups(node);
    considerPrices(node);
  }
  considerParts();
  std::sort(bound.tiers.begin(), bound.tiers.end(), [](const Tier &a, const Tier &b) {
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.name < b.name;
  });
  return std::move(bound);
}

Bound boundOf(const Network &network, std::span<const Demand> demands) {
  KnownCuts cuts(network);
  return boundOf(network, demands, cuts);
}

Bound boundOf(const Network &network, std::span<const Demand> demands, KnownCuts &cuts) {
  for ([[maybe_unused]] const Demand &demand : demands) {
    assert(demand.bytes.getSize() == network.getRanks() && "a byte has two ends");
    assert((demand.merging == Merging::None ||
            demand.groupBytes.size() == size_t(network.getRanks()) * demand.groups) &&
           "bytes by rank and group");
    assert((network.getNodes() == 1 || demand.merging == Merging::None ||
            demand.groups == network.getNodes()) &&
           "nodes are the groups where there are several");
  }
  std::vector<PairLatencies> pairs;
  Pair farthest;
  double leastOfAll = 0;
  for (const Demand &demand : demands) {
    pairs.push_back(cuts.getLatencies().ofPairs(demand.bytes));
    leastOfAll += pairs.back().least;
    if (pairs.back().farthest.seconds > farthest.seconds)
      farthest = pairs.back().farthest;
  }
  Bound bound = Finder(network, demands, cuts, farthest).find();
  if (demands.size() < 2)
    return bound;
  // A resource that carries bytes of all is busy from the start and hands on its last byte
  // one latency later; before bytes of one demand alone something of each other has arrived.
  for (size_t i = 0; i < demands.size(); ++i) {
    Bound one = Finder(network, demands.subspan(i, 1), cuts, pairs[i].farthest).find();
    double others = leastOfAll - pairs[i].least;
    if (one.seconds <= 0 || one.seconds + others <= bound.seconds)
      continue;
    bound.seconds = one.seconds + others;
    bound.latencySeconds = one.latencySeconds + others;
    bound.resource = one.resource;
  }
  return bound;
}

} // namespace moec::bounds
