//===- ServeTurns.cpp - Which copy serves whom, and how often -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/placement/ServeTurns.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

namespace moec {
namespace {

double most(const std::vector<double> &rows) { return *std::max_element(rows.begin(), rows.end()); }

/// 0: the rank itself, 1: its node, 2: beyond.
uint32_t distance(const ServeProblem &problem, uint32_t source, uint32_t rank) {
  if (source == rank)
    return 0;
  return source / problem.lanes == rank / problem.lanes ? 1 : 2;
}

std::vector<std::vector<uint32_t>> holdersOf(const ServeProblem &problem) {
  std::vector<std::vector<uint32_t>> holders(problem.experts);
  for (uint32_t rank = 0; rank < problem.slots.size(); ++rank)
    for (uint32_t expert : problem.slots[rank])
      holders[expert].push_back(rank);
  return holders;
}

/// Of all rows, an expert's.
double shareOf(const ServeProblem &problem, uint32_t expert) {
  return problem.shares.empty() ? 1.0 / problem.experts : problem.shares[expert];
}

std::vector<uint32_t> nearest(const ServeProblem &problem, uint32_t source,
                              const std::vector<uint32_t> &holders) {
  uint32_t least = 2;
  for (uint32_t rank : holders)
    least = std::min(least, distance(problem, source, rank));
  std::vector<uint32_t> near;
  for (uint32_t rank : holders)
    if (distance(problem, source, rank) == least)
      near.push_back(rank);
  return near;
}

/// A source's tokens for an expert, in parts by holder.
struct Parts {
  uint32_t expert = 0;
  std::vector<uint32_t> holders;
  std::vector<std::vector<uint32_t>> counts; ///< [source][holder], sums of serveParts
  double weight = 0;                         ///< of a part, of all rows
};

class Balancer {
public:
  explicit Balancer(const ServeProblem &problem);
  void run();
  const std::vector<Parts> &getParts() const { return parts; }

private:
  /// A part of a source's that goes from one holder to another.
  struct Step {
    size_t parts = 0;
    uint32_t source = 0, from = 0, to = 0; ///< holders by position
    int64_t farther = 0;                   ///< distance that the part loses
    double rows = 0;                       ///< of the rank that it goes to, afterwards
  };
  void consider(size_t number, uint32_t from, uint32_t to, std::optional<Step> &best) const;
  std::optional<Step> findStep(uint32_t rank) const;
  void take(const Step &step);

  const ServeProblem &problem;
  std::vector<Parts> parts;
  std::vector<double> rows; ///< by rank, of all rows
};

Balancer::Balancer(const ServeProblem &problem) : problem(problem), rows(problem.slots.size()) {
  std::vector<std::vector<uint32_t>> holders = holdersOf(problem);
  auto ranks = static_cast<uint32_t>(problem.slots.size());
  for (uint32_t expert = 0; expert < problem.experts; ++expert) {
    double share = shareOf(problem, expert);
    if (holders[expert].size() == 1) {
      rows[holders[expert][0]] += share;
      continue;
    }
    Parts entry{expert, holders[expert], {}, share / ranks / serveParts};
    for (uint32_t source = 0; source < ranks; ++source) {
      std::vector<uint32_t> near = nearest(problem, source, holders[expert]);
      std::vector<uint32_t> &counts = entry.counts.emplace_back(holders[expert].size());
      for (uint32_t part = 0; part < serveParts; ++part) {
        uint32_t rank = near[(part + source) % near.size()];
        ++counts[size_t(std::find(entry.holders.begin(), entry.holders.end(), rank) -
                        entry.holders.begin())];
        rows[rank] += entry.weight;
      }
    }
    parts.push_back(std::move(entry));
  }
}

void Balancer::consider(size_t number, uint32_t from, uint32_t to,
                        std::optional<Step> &best) const {
  const Parts &entry = parts[number];
  uint32_t ranks = static_cast<uint32_t>(rows.size());
  double after = rows[entry.holders[to]] + entry.weight;
  if (after >= rows[entry.holders[from]])
    return;
  for (uint32_t source = 0; source < ranks; ++source) {
    if (!entry.counts[source][from])
      continue;
    int64_t farther = int64_t(distance(problem, source, entry.holders[to])) -
                      int64_t(distance(problem, source, entry.holders[from]));
    if (!best || std::pair(farther, after) < std::pair(best->farther, best->rows))
      best = Step{number, source, from, to, farther, after};
  }
}

/// The best way to take a part from the rank.
std::optional<Balancer::Step> Balancer::findStep(uint32_t rank) const {
  std::optional<Step> best;
  for (size_t number = 0; number < parts.size(); ++number) {
    const std::vector<uint32_t> &holders = parts[number].holders;
    auto found = std::lower_bound(holders.begin(), holders.end(), rank);
    if (found == holders.end() || *found != rank)
      continue;
    for (uint32_t to = 0; to < holders.size(); ++to)
      if (holders[to] != rank)
        consider(number, uint32_t(found - holders.begin()), to, best);
  }
  return best;
}

/// As many parts as do not turn the difference of the two ranks around, and one at least.
void Balancer::take(const Step &step) {
  Parts &entry = parts[step.parts];
  double &from = rows[entry.holders[step.from]], &to = rows[entry.holders[step.to]];
  auto half = static_cast<uint32_t>((from - to) / 2 / entry.weight);
  uint32_t count = std::min(entry.counts[step.source][step.from], std::max(half, 1u));
  entry.counts[step.source][step.from] -= count;
  entry.counts[step.source][step.to] += count;
  from -= count * entry.weight;
  to += count * entry.weight;
}

/// From the fullest rank that something can be taken from; ranks below the mean keep what
/// they have. Each step makes the sum of squares of the rows smaller, so this ends; the
/// limit is for a thousand ranks.
void Balancer::run() {
  constexpr uint32_t mostSteps = 200'000;
  const double mean = 1.0 / double(rows.size());
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t i = 0; i < mostSteps; ++i) {
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::pair(-rows[a], a) < std::pair(-rows[b], b);
    });
    std::optional<Step> step;
    for (size_t at = 0; at < order.size() && !step && rows[order[at]] > mean; ++at)
      step = findStep(order[at]);
    if (!step)
      return;
    take(*step);
  }
}

/// Holders as often as they have parts, in the shortest list that says so, each spread
/// over it.
std::vector<uint32_t> listOf(const std::vector<uint32_t> &holders,
                             const std::vector<uint32_t> &counts) {
  uint32_t common = std::accumulate(counts.begin(), counts.end(), 0u, std::gcd<uint32_t, uint32_t>);
  uint32_t length = serveParts / common;
  std::vector<uint32_t> list, given(holders.size());
  for (uint32_t i = 1; i <= length; ++i) {
    size_t next = 0; // who is most behind
    int64_t most = INT64_MIN;
    for (size_t holder = 0; holder < holders.size(); ++holder) {
      int64_t behind =
          int64_t(counts[holder] / common) * i - int64_t(given[holder]) * int64_t(length);
      if (behind > most)
        next = holder, most = behind;
    }
    ++given[next];
    list.push_back(holders[next]);
  }
  return list;
}

std::vector<Turns> balanced(const ServeProblem &problem) {
  Balancer balancer(problem);
  balancer.run();
  std::vector<Turns> turns;
  for (const Parts &parts : balancer.getParts()) {
    Turns ofExpert{parts.expert, {}};
    for (const std::vector<uint32_t> &counts : parts.counts)
      ofExpert.ranks.push_back(listOf(parts.holders, counts));
    turns.push_back(std::move(ofExpert));
  }
  // The search begins where all are near; where that is a bad place, no turns are better.
  if (most(rowShares(problem, turns)) > most(rowShares(problem, {})))
    return {};
  return turns;
}

/// Calls `body` with source, rank and the share of all rows that go that way.
template <typename Body>
void forRows(const ServeProblem &problem, const std::vector<Turns> &turns, Body body) {
  std::vector<std::vector<uint32_t>> holders = holdersOf(problem);
  size_t ranks = problem.slots.size(), next = 0;
  for (uint32_t expert = 0; expert < problem.experts; ++expert) {
    bool hasTurns = next < turns.size() && turns[next].expert == expert;
    for (uint32_t source = 0; source < ranks; ++source) {
      const std::vector<uint32_t> &list = hasTurns ? turns[next].ranks[source] : holders[expert];
      for (uint32_t rank : list)
        body(source, rank, shareOf(problem, expert) / double(ranks) / double(list.size()));
    }
    next += hasTurns;
  }
}

} // namespace

std::vector<Turns> turnsFor(const ServeProblem &problem, ServeRule rule) {
  std::vector<Turns> turns;
  switch (rule) {
  case ServeRule::InTurn:
    return turns;
  case ServeRule::Balanced:
    turns = balanced(problem);
    break;
  case ServeRule::Nearest: {
    std::vector<std::vector<uint32_t>> holders = holdersOf(problem);
    for (uint32_t expert = 0; expert < problem.experts; ++expert) {
      Turns ofExpert{expert, {}};
      for (uint32_t source = 0; source < problem.slots.size(); ++source)
        ofExpert.ranks.push_back(nearest(problem, source, holders[expert]));
      turns.push_back(std::move(ofExpert));
    }
    break;
  }
  }
  std::vector<std::vector<uint32_t>> holders = holdersOf(problem);
  std::erase_if(turns, [&](const Turns &ofExpert) {
    return std::all_of(ofExpert.ranks.begin(), ofExpert.ranks.end(),
                       [&](const auto &list) { return list == holders[ofExpert.expert]; });
  });
  return turns;
}

std::vector<double> rowShares(const ServeProblem &problem, const std::vector<Turns> &turns) {
  std::vector<double> rows(problem.slots.size());
  forRows(problem, turns, [&](uint32_t, uint32_t rank, double share) { rows[rank] += share; });
  return rows;
}

Distance distanceOf(const ServeProblem &problem, const std::vector<Turns> &turns) {
  Distance sum;
  forRows(problem, turns, [&](uint32_t source, uint32_t rank, double share) {
    sum.offRank += distance(problem, source, rank) > 0 ? share : 0;
    sum.offNode += distance(problem, source, rank) > 1 ? share : 0;
  });
  return sum;
}

std::string checkTurns(const ServeProblem &problem, ServeRule rule,
                       const std::vector<Turns> &turns) {
  std::vector<std::vector<uint32_t>> holders = holdersOf(problem);
  for (const Turns &ofExpert : turns) {
    const std::vector<uint32_t> &known = holders[ofExpert.expert];
    std::string expert = "expert " + std::to_string(ofExpert.expert);
    if (ofExpert.ranks.size() != problem.slots.size())
      return expert + " has no list for some source";
    for (uint32_t source = 0; source < ofExpert.ranks.size(); ++source) {
      const std::vector<uint32_t> &list = ofExpert.ranks[source];
      if (list.empty())
        return expert + " has no copy for rank " + std::to_string(source);
      for (uint32_t rank : list)
        if (!std::binary_search(known.begin(), known.end(), rank))
          return expert + " is not on rank " + std::to_string(rank);
      if (rule == ServeRule::Nearest && list != nearest(problem, source, known))
        return expert + " has a nearer copy for rank " + std::to_string(source);
    }
  }
  if (rule != ServeRule::Balanced)
    return "";
  if (most(rowShares(problem, turns)) > most(rowShares(problem, {})) * (1 + 1e-9))
    return "a rank has more rows than without the turns";
  return "";
}

} // namespace moec
