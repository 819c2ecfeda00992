//===- LoadStart.cpp - Where the search begins ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadStart.h"
#include "passes/placement/PublishedBalancer.h"

#include <numeric>
#include <tuple>

namespace moec {

std::vector<bool> fixedExperts(const LoadProblem &problem) {
  std::vector<bool> fixed(problem.experts);
  for (const NumberedList &list : problem.holds)
    for (uint32_t expert : list.second)
      fixed[expert] = true;
  for (const NumberedList &pin : problem.pins)
    fixed[pin.first] = true;
  return fixed;
}

static std::vector<uint32_t> heaviestFirst(const std::vector<double> &weights) {
  std::vector<uint32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
  });
  return order;
}

std::vector<uint32_t> packGroupsOnNodes(const LoadProblem &problem) {
  if (!problem.groupsOnNodes)
    return {};
  std::vector<double> shares = meanShares(problem), ofGroup(problem.groups);
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    ofGroup[problem.groupOf(expert)] += shares[expert];
  uint32_t size = problem.experts / problem.groups;
  std::vector<uint32_t> room(problem.nodes()), nodeOf(problem.groups);
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    room[problem.nodeOf(rank)] += problem.slots[rank];
  std::vector<double> sums(problem.nodes());
  for (uint32_t group : heaviestFirst(ofGroup)) {
    uint32_t lightest = problem.nodes();
    for (uint32_t node = 0; node < problem.nodes(); ++node)
      if (room[node] >= size && (lightest == problem.nodes() || sums[node] < sums[lightest]))
        lightest = node;
    nodeOf[group] = lightest;
    room[lightest] -= size;
    sums[lightest] += ofGroup[group];
  }
  return nodeOf;
}

namespace {

/// A copy that should lie on a rank, if it may.
struct Wish {
  uint32_t expert, rank;
};

/// Fills slots: what is fixed, what is wished for, then the rest heaviest first on
/// the lightest rank.
class Packer {
public:
  Packer(const LoadProblem &problem, const std::vector<uint32_t> &groupNodes)
      : problem(problem), groupNodes(groupNodes), shares(meanShares(problem)),
        isFixed(fixedExperts(problem)), slots(problem.ranks), homes(problem.experts),
        counts(problem.experts), weights(problem.ranks) {}
  SlotLists pack(const std::vector<Wish> &wishes);

private:
  bool mayLie(uint32_t expert, uint32_t rank) const {
    return groupNodes.empty() || groupNodes[problem.groupOf(expert)] == problem.nodeOf(rank);
  }
  bool isOn(uint32_t expert, uint32_t rank) const {
    return std::find(homes[expert].begin(), homes[expert].end(), rank) != homes[expert].end();
  }
  bool hasRoom(uint32_t rank) const { return slots[rank].size() < problem.slots[rank]; }
  void put(uint32_t expert, uint32_t rank);
  void putFixed();
  void decideCounts(const std::vector<Wish> &wishes);
  uint32_t mostCopies(uint32_t expert) const;
  uint32_t poolOf(uint32_t expert) const {
    return groupNodes.empty() ? 0 : groupNodes[problem.groupOf(expert)];
  }
  void putCopy(uint32_t expert);
  void makeRoomFor(uint32_t expert);

  const LoadProblem &problem;
  const std::vector<uint32_t> &groupNodes;
  std::vector<double> shares;
  std::vector<bool> isFixed;
  SlotLists slots, homes;
  std::vector<uint32_t> counts; ///< copies that each expert is to have
  std::vector<double> weights;  ///< of each rank so far
};

void Packer::put(uint32_t expert, uint32_t rank) {
  slots[rank].push_back(expert);
  homes[expert].push_back(rank);
  weights[rank] += shares[expert] / counts[expert];
}

void Packer::putFixed() {
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts)
      ++counts[expert];
  for (const auto &[expert, ranks] : problem.pins)
    counts[expert] += ranks.size();
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts)
      put(expert, rank);
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks)
      put(expert, rank);
}

uint32_t Packer::mostCopies(uint32_t expert) const {
  uint32_t ranks = 0;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    ranks += mayLie(expert, rank) && problem.slots[rank] > 0;
  return std::min(ranks, problem.mostCopies);
}

/// One copy each, or as many as are wished for; then one more for the expert whose
/// copies have most to do, or one less for that whose copies would have least.
void Packer::decideCounts(const std::vector<Wish> &wishes) {
  std::vector<uint32_t> most(problem.experts), room(groupNodes.empty() ? 1 : problem.nodes());
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    room[groupNodes.empty() ? 0 : problem.nodeOf(rank)] +=
        std::min(problem.slots[rank], problem.experts);
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    if (!isFixed[expert])
      most[expert] = mostCopies(expert);
  for (const Wish &wish : wishes)
    if (counts[wish.expert] < most[wish.expert])
      ++counts[wish.expert];
  uint32_t total = 0;
  std::vector<uint32_t> used(room.size());
  for (uint32_t expert = 0; expert < problem.experts; ++expert) {
    counts[expert] = std::max(counts[expert], 1u);
    total += counts[expert];
    used[poolOf(expert)] += counts[expert];
  }
  auto change = [&](uint32_t expert, int by) {
    counts[expert] += by;
    used[poolOf(expert)] += by;
    total += by;
  };
  auto isOver = [&](uint32_t expert) {
    return total > problem.copies || used[poolOf(expert)] > room[poolOf(expert)];
  };
  for (;;) {
    uint32_t coldest = problem.experts;
    for (uint32_t expert = 0; expert < problem.experts; ++expert)
      if (!isFixed[expert] && counts[expert] > 1 && isOver(expert) &&
          (coldest == problem.experts ||
           shares[expert] / (counts[expert] - 1) < shares[coldest] / (counts[coldest] - 1)))
        coldest = expert;
    if (coldest == problem.experts)
      break;
    change(coldest, -1);
  }
  while (total < problem.copies) {
    uint32_t hottest = problem.experts;
    for (uint32_t expert = 0; expert < problem.experts; ++expert)
      if (counts[expert] < most[expert] && used[poolOf(expert)] < room[poolOf(expert)] &&
          (hottest == problem.experts ||
           shares[expert] / counts[expert] > shares[hottest] / counts[hottest]))
        hottest = expert;
    if (hottest == problem.experts)
      break;
    change(hottest, 1);
  }
}

/// No rank with room lacks the expert: a copy of another goes there from a rank
/// that does lack it.
void Packer::makeRoomFor(uint32_t expert) {
  for (uint32_t from = 0; from < problem.ranks; ++from) {
    if (isOn(expert, from) || !mayLie(expert, from))
      continue;
    for (uint32_t other : slots[from])
      for (uint32_t to = 0; to < problem.ranks; ++to) {
        if (isFixed[other] || !hasRoom(to) || isOn(other, to) || !mayLie(other, to))
          continue;
        slots[from].erase(std::find(slots[from].begin(), slots[from].end(), other));
        homes[other].erase(std::find(homes[other].begin(), homes[other].end(), from));
        weights[from] -= shares[other] / counts[other];
        put(other, to);
        return put(expert, from);
      }
  }
}

void Packer::putCopy(uint32_t expert) {
  uint32_t lightest = problem.ranks;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    if (hasRoom(rank) && mayLie(expert, rank) && !isOn(expert, rank) &&
        (lightest == problem.ranks || weights[rank] < weights[lightest]))
      lightest = rank;
  lightest == problem.ranks ? makeRoomFor(expert) : put(expert, lightest);
}

SlotLists Packer::pack(const std::vector<Wish> &wishes) {
  putFixed();
  decideCounts(wishes);
  for (const Wish &wish : wishes)
    if (!isFixed[wish.expert] && homes[wish.expert].size() < counts[wish.expert] &&
        hasRoom(wish.rank) && mayLie(wish.expert, wish.rank) && !isOn(wish.expert, wish.rank))
      put(wish.expert, wish.rank);
  std::vector<double> ofCopy(problem.experts);
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    ofCopy[expert] = shares[expert] / counts[expert];
  for (uint32_t expert : heaviestFirst(ofCopy))
    while (homes[expert].size() < counts[expert]) {
      size_t had = homes[expert].size();
      putCopy(expert);
      if (homes[expert].size() == had)
        break;
    }
  return std::move(slots);
}

} // namespace

static std::vector<Wish> wishesOf(const SlotLists &slots) {
  std::vector<Wish> wishes;
  for (uint32_t rank = 0; rank < slots.size(); ++rank)
    for (uint32_t expert : slots[rank])
      wishes.push_back({expert, rank});
  return wishes;
}

/// What the published balancer answers where its sizes are those of the problem.
static std::optional<SlotLists> publishedStart(const LoadProblem &problem) {
  uint32_t slots = problem.slots[0];
  bool isEven = std::all_of(problem.slots.begin(), problem.slots.end(),
                            [&](uint32_t room) { return room == slots; });
  BalancerSizes sizes{problem.copies, problem.groups, problem.nodes(), problem.ranks};
  if (!isEven || problem.copies != problem.ranks * slots ||
      !checkBalancerSizes(problem.experts, sizes).empty())
    return std::nullopt;
  std::vector<uint32_t> map = publishedBalance(meanShares(problem), sizes);
  SlotLists lists(problem.ranks);
  for (size_t slot = 0; slot < map.size(); ++slot)
    lists[slot / slots].push_back(map[slot]);
  return lists;
}

/// Bins to places, so that the greatest overlaps are kept; of equals the first.
static std::vector<uint32_t> matchGreedily(const std::vector<std::vector<uint32_t>> &overlap) {
  uint32_t count = overlap.size();
  std::vector<std::tuple<uint32_t, uint32_t, uint32_t>> pairs; // most first
  for (uint32_t bin = 0; bin < count; ++bin)
    for (uint32_t place = 0; place < count; ++place)
      if (overlap[bin][place] > 0)
        pairs.push_back({UINT32_MAX - overlap[bin][place], bin, place});
  std::sort(pairs.begin(), pairs.end());
  std::vector<uint32_t> placeOf(count, UINT32_MAX);
  std::vector<bool> isTaken(count);
  for (const auto &[key, bin, place] : pairs)
    if (placeOf[bin] == UINT32_MAX && !isTaken[place]) {
      placeOf[bin] = place;
      isTaken[place] = true;
    }
  uint32_t next = 0;
  for (uint32_t &place : placeOf)
    if (place == UINT32_MAX) {
      while (isTaken[next])
        ++next;
      isTaken[next] = true;
      place = next;
    }
  return placeOf;
}

/// How many experts each of some slots shares with each of some others.
static std::vector<std::vector<uint32_t>> overlapOf(const SlotLists &bins, const SlotLists &places,
                                                    uint32_t experts) {
  SlotLists homes = homesOf(places, experts);
  std::vector<std::vector<uint32_t>> overlap(bins.size(), std::vector<uint32_t>(places.size()));
  for (uint32_t bin = 0; bin < bins.size(); ++bin)
    for (uint32_t expert : bins[bin])
      for (uint32_t place : homes[expert])
        ++overlap[bin][place];
  return overlap;
}

/// The same placement under other numbers of nodes and of ranks within them: those
/// under which most experts are where they are now.
static SlotLists renumber(const LoadProblem &problem, const SlotLists &slots) {
  uint32_t lanes = problem.costs.lanes, nodes = problem.nodes();
  bool isEven = problem.ranks % lanes == 0 && problem.holds.empty() && problem.pins.empty() &&
                std::all_of(problem.slots.begin(), problem.slots.end(),
                            [&](uint32_t room) { return room == problem.slots[0]; });
  if (!problem.inForce || !isEven)
    return slots;
  const SlotLists &now = problem.inForce->slots;
  SlotLists nodeSlots(nodes), nodeNow(nodes);
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    std::vector<uint32_t> &of = nodeSlots[rank / lanes], &ofNow = nodeNow[rank / lanes];
    of.insert(of.end(), slots[rank].begin(), slots[rank].end());
    ofNow.insert(ofNow.end(), now[rank].begin(), now[rank].end());
  }
  std::vector<uint32_t> nodeOf = matchGreedily(overlapOf(nodeSlots, nodeNow, problem.experts));
  SlotLists result(problem.ranks);
  for (uint32_t node = 0; node < nodes; ++node) {
    uint32_t first = node * lanes, target = nodeOf[node] * lanes;
    SlotLists bins(slots.begin() + first, slots.begin() + first + lanes),
        places(now.begin() + target, now.begin() + target + lanes);
    std::vector<uint32_t> laneOf = matchGreedily(overlapOf(bins, places, problem.experts));
    for (uint32_t lane = 0; lane < lanes; ++lane)
      result[target + laneOf[lane]] = bins[lane];
  }
  return result;
}

std::vector<SlotLists> startPlacements(const LoadProblem &problem,
                                       const std::vector<uint32_t> &groupNodes) {
  std::vector<SlotLists> starts;
  auto start = [&](const std::vector<Wish> &wishes) {
    starts.push_back(Packer(problem, groupNodes).pack(wishes));
  };
  if (problem.inForce)
    start(wishesOf(problem.inForce->slots));
  start({});
  if (groupNodes.empty())
    starts.back() = renumber(problem, starts.back());
  if (auto lists = publishedStart(problem); lists && groupNodes.empty())
    start(wishesOf(renumber(problem, *lists)));
  return starts;
}

} // namespace moec
