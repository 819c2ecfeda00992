//===- LoadSearch.cpp - Placement by load ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From each greedy start: as long as it helps, relieve the ranks that everybody
// waits for; then swap pairs all over, which brings together what tokens choose
// together and undoes moves that are not worth their bytes. The cheapest end wins.
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadStart.h"
#include "passes/placement/LoadState.h"

namespace moec {
namespace {

/// Ways that are tried in full, of all that look good for the rank at hand.
constexpr size_t tried = 8;
/// Periods whose slowest rank is looked at in a round.
constexpr uint32_t watchedPeriods = 4;
/// Swaps of the second part, in all and in tokens that change their destination.
constexpr uint64_t mostSwaps = 4000, mostResent = 1u << 20;
constexpr int rounds = 3;
/// By how much a step must get shorter for a placement that starts afresh.
constexpr double worthLeaving = 0.002;

struct Way {
  double pressure;
  std::vector<Change> changes;
};

class LoadSearch {
public:
  LoadSearch(const LoadProblem &problem, const std::vector<uint32_t> &groupNodes,
             const SlotLists &start)
      : problem(problem), groupNodes(groupNodes), isFixed(fixedExperts(problem)),
        state(problem, start), best(state.guide()) {}
  SlotLists run();

private:
  bool mayLie(uint32_t expert, uint32_t rank) const {
    return groupNodes.empty() || groupNodes[problem.groupOf(expert)] == problem.nodeOf(rank);
  }
  bool canTake(uint32_t rank, uint32_t expert) const {
    return mayLie(expert, rank) && !state.isOn(expert, rank);
  }
  bool accept(const std::vector<Change> &changes);
  bool relieve();
  bool relieveRank(uint32_t period, uint32_t rank);
  void offer(std::vector<Change> changes);
  void offerSwaps(uint32_t rank, uint32_t expert);
  void offerCopies(uint32_t expert);
  void offerReplacements(uint32_t rank, uint32_t expert);
  std::vector<uint32_t> homesWith(uint32_t expert, uint32_t without, uint32_t with) const;
  bool wander();
  std::vector<Change> nearestSwap(uint32_t from, uint32_t expert, uint32_t to,
                                  uint32_t first) const;

  const LoadProblem &problem;
  const std::vector<uint32_t> &groupNodes;
  std::vector<bool> isFixed;
  LoadState state;
  double best;
  uint64_t random = 1;
  // Of the rank that is relieved.
  uint32_t period = 0;
  double limit = 0;
  std::vector<Way> ways;
};

constexpr uint32_t nobody = UINT32_MAX;

std::vector<uint32_t> LoadSearch::homesWith(uint32_t expert, uint32_t without,
                                            uint32_t with) const {
  std::vector<uint32_t> homes = state.homesOf(expert);
  if (without != nobody)
    homes.erase(std::find(homes.begin(), homes.end(), without));
  if (with != nobody)
    homes.insert(std::lower_bound(homes.begin(), homes.end(), with), with);
  return homes;
}

bool LoadSearch::accept(const std::vector<Change> &changes) {
  std::vector<Change> undo = state.apply(changes);
  double guide = state.guide();
  if (guide < best * (1 - 1e-9)) {
    best = guide;
    return true;
  }
  state.apply(undo);
  return false;
}

void LoadSearch::offer(std::vector<Change> changes) {
  double pressure = state.pressureAfter(period, changes);
  if (pressure >= limit || (ways.size() == tried && pressure >= ways.back().pressure))
    return;
  if (ways.size() == tried)
    ways.pop_back();
  auto place = std::find_if(ways.begin(), ways.end(),
                            [&](const Way &way) { return way.pressure > pressure; });
  ways.insert(place, {pressure, std::move(changes)});
}

/// The expert to another rank, for one of that rank's or into its free slot.
void LoadSearch::offerSwaps(uint32_t rank, uint32_t expert) {
  uint32_t copies = state.homesOf(expert).size();
  double heavy = state.share(period, expert, copies, rank);
  for (uint32_t to = 0; to < problem.ranks; ++to) {
    if (to == rank || !canTake(to, expert))
      continue;
    double now = state.pressure(period, to), there = state.share(period, expert, copies, to);
    if (state.room(to) > 0 && now + there < limit)
      offer({{expert, homesWith(expert, rank, to)}});
    for (uint32_t other : state.getSlots()[to]) {
      uint32_t others = state.homesOf(other).size();
      if (isFixed[other] || state.share(period, other, others, rank) >= heavy ||
          now + there - state.share(period, other, others, to) >= limit || !canTake(rank, other))
        continue;
      offer({{expert, homesWith(expert, rank, to)}, {other, homesWith(other, to, rank)}});
    }
  }
}

/// One more copy of the expert, in place of one that another expert can spare.
void LoadSearch::offerCopies(uint32_t expert) {
  uint32_t copies = state.homesOf(expert).size();
  if (copies >= problem.mostCopies)
    return;
  for (uint32_t to = 0; to < problem.ranks; ++to) {
    if (!canTake(to, expert))
      continue;
    double now = state.pressure(period, to) + state.share(period, expert, copies + 1, to);
    for (uint32_t other : state.getSlots()[to]) {
      uint32_t others = state.homesOf(other).size();
      if (isFixed[other] || others < 2 || now - state.share(period, other, others, to) >= limit)
        continue;
      offer({{expert, homesWith(expert, nobody, to)}, {other, homesWith(other, to, nobody)}});
    }
  }
}

/// The rank's copy of the expert, where others have one too, for a copy of an
/// expert that has more to do elsewhere.
void LoadSearch::offerReplacements(uint32_t rank, uint32_t expert) {
  if (state.homesOf(expert).size() < 2)
    return;
  for (uint32_t other = 0; other < problem.experts; ++other) {
    uint32_t copies = state.homesOf(other).size();
    if (isFixed[other] || other == expert || copies >= problem.mostCopies ||
        !canTake(rank, other) ||
        state.share(period, other, copies + 1, rank) >=
            state.share(period, expert, state.homesOf(expert).size(), rank))
      continue;
    offer({{expert, homesWith(expert, rank, nobody)}, {other, homesWith(other, nobody, rank)}});
  }
}

bool LoadSearch::relieveRank(uint32_t ofPeriod, uint32_t rank) {
  period = ofPeriod;
  limit = state.pressure(period, rank);
  ways.clear();
  std::vector<uint32_t> experts = state.getSlots()[rank];
  for (uint32_t expert : experts) {
    if (isFixed[expert])
      continue;
    offerSwaps(rank, expert);
    offerCopies(expert);
    offerReplacements(rank, expert);
  }
  for (const Way &way : std::vector<Way>(std::move(ways)))
    if (accept(way.changes))
      return true;
  return false;
}

/// True if the slowest rank of some period got faster.
bool LoadSearch::relieve() {
  std::vector<std::pair<double, std::pair<uint32_t, uint32_t>>> slowest;
  for (uint32_t each = 0; each < state.periods(); ++each) {
    uint32_t worst = 0;
    for (uint32_t rank = 1; rank < problem.ranks; ++rank)
      if (state.pressure(each, rank) > state.pressure(each, worst))
        worst = rank;
    slowest.push_back({-state.pressure(each, worst), {each, worst}});
  }
  std::sort(slowest.begin(), slowest.end());
  for (size_t i = 0; i < slowest.size() && i < watchedPeriods; ++i)
    if (relieveRank(slowest[i].second.first, slowest[i].second.second))
      return true;
  return false;
}

/// The expert for the one of the other rank that has most nearly as much to do; of
/// equals the next after slot `first`.
std::vector<Change> LoadSearch::nearestSwap(uint32_t from, uint32_t expert, uint32_t to,
                                            uint32_t first) const {
  uint32_t nearest = nobody;
  double wanted = state.share(0, expert, state.homesOf(expert).size(), to), distance = 0;
  const std::vector<uint32_t> &slots = state.getSlots()[to];
  for (size_t i = 0; i < slots.size(); ++i) {
    uint32_t other = slots[(first + i) % slots.size()];
    if (isFixed[other] || !canTake(from, other))
      continue;
    double away = std::abs(state.share(0, other, state.homesOf(other).size(), to) - wanted);
    if (nearest == nobody || away < distance) {
      nearest = other;
      distance = away;
    }
  }
  if (nearest == nobody)
    return {};
  return {{expert, homesWith(expert, from, to)}, {nearest, homesWith(nearest, to, from)}};
}

/// True if some swap helped.
bool LoadSearch::wander() {
  auto below = [&](uint64_t end) { // splitmix64
    uint64_t value = random += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return static_cast<uint32_t>((value ^ (value >> 31)) % end);
  };
  bool helped = false;
  uint64_t perSwap = 4 * (problem.tokens.experts.size() * problem.tokens.topK / problem.experts) +
                     2 * uint64_t(problem.ranks) * state.periods();
  uint64_t swaps = std::min<uint64_t>(mostSwaps, mostResent * 4 / std::max<uint64_t>(perSwap, 1));
  for (uint64_t i = 0; i < swaps; ++i) {
    uint32_t from = below(problem.ranks), to = below(problem.ranks);
    const std::vector<uint32_t> &slots = state.getSlots()[from];
    if (from == to || slots.empty())
      continue;
    uint32_t expert = slots[below(slots.size())];
    if (isFixed[expert] || !canTake(to, expert))
      continue;
    std::vector<Change> swap = nearestSwap(from, expert, to, below(problem.experts));
    helped |= !swap.empty() && accept(swap);
  }
  return helped;
}

SlotLists LoadSearch::run() {
  uint64_t most = 16 * uint64_t(problem.copies);
  for (int round = 0; round < rounds; ++round) {
    for (uint64_t step = 0; step < most && relieve(); ++step) {
    }
    if (problem.ranks == 1 || !wander())
      break;
  }
  return state.getSlots();
}

} // namespace

/// Lists and pins in their order, then the rest ascending.
static Placement inOrder(const LoadProblem &problem, const SlotLists &slots) {
  std::vector<bool> isFixed = fixedExperts(problem);
  Placement placement;
  placement.slots.resize(problem.ranks);
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts)
      placement.slots[rank].push_back(expert);
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks)
      placement.slots[rank].push_back(expert);
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    std::vector<uint32_t> rest;
    for (uint32_t expert : slots[rank])
      if (!isFixed[expert])
        rest.push_back(expert);
    std::sort(rest.begin(), rest.end());
    placement.slots[rank].insert(placement.slots[rank].end(), rest.begin(), rest.end());
  }
  return placement;
}

LoadAnswer placeByLoad(const LoadProblem &problem) {
  std::vector<uint32_t> groupNodes = packGroupsOnNodes(problem);
  std::optional<LoadAnswer> best;
  auto consider = [&](const SlotLists &slots, double factor) {
    LoadCost cost = costOf(problem, slots);
    if (!best || cost.seconds() < best->cost.seconds() * factor)
      best = {inOrder(problem, slots), cost};
  };
  std::vector<SlotLists> starts = startPlacements(problem, groupNodes);
  for (size_t i = 0; i < starts.size(); ++i) {
    // What is in force comes first: less than the sample's noise is no reason to leave it.
    double factor = problem.inForce && i > 0 ? 1 - worthLeaving : 1;
    consider(starts[i], factor);
    consider(LoadSearch(problem, groupNodes, starts[i]).run(), factor);
  }
  return *std::move(best);
}

} // namespace moec
