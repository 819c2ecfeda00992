//===- LoadCheck.cpp - Judges problems of load and their answers ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Written from the promises in LoadProblem.h, not from the code that keeps them.
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadProblem.h"
#include "runtime/base/Text.h"

#include <cmath>
#include <map>
#include <set>

namespace moec {

using rt::concat;

static std::string checkLoads(const LoadProblem &problem) {
  if (problem.loads.empty())
    return "there is no load";
  for (const std::vector<double> &period : problem.loads) {
    if (period.size() != problem.experts)
      return concat("a load counts ", period.size(), " experts, the layer has ", problem.experts);
    double sum = 0;
    for (double load : period)
      sum += load;
    if (!(sum > 0) || !std::isfinite(sum))
      return "a load has no counts";
  }
  for (uint32_t expert : problem.tokens.experts)
    if (expert >= problem.experts)
      return concat("a token chose expert ", expert, ", the experts are 0 to ",
                    problem.experts - 1);
  return "";
}

namespace {
/// How many copies there must be, and can be.
struct CopyRange {
  uint64_t least = 0, most = 0;
};
} // namespace

/// Where fixed copies lie: [rank][expert] once each, within the room.
static std::string checkFixed(const LoadProblem &problem, CopyRange &copies) {
  PlacementProblem lists{problem.experts, problem.ranks, DealRule::Linear, problem.holds,
                         problem.pins};
  if (std::string fault = checkProblem(lists); !fault.empty())
    return fault;
  std::vector<uint32_t> used(problem.ranks);
  std::set<uint32_t> experts;
  auto count = [&](uint32_t expert, uint32_t rank) {
    ++used[rank];
    ++copies.least;
    experts.insert(expert);
  };
  for (const auto &[rank, list] : problem.holds)
    for (uint32_t expert : list)
      count(expert, rank);
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks)
      count(expert, rank);
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    if (used[rank] > problem.slots[rank])
      return concat("rank ", rank, " is given ", used[rank], " experts by hand, but has ",
                    problem.slots[rank], " slots");
  if (!experts.empty() && problem.groupsOnNodes)
    return "groups keep to nodes, but some experts are placed by hand";
  uint64_t others = problem.experts - experts.size();
  copies.most = copies.least + others * std::min(problem.mostCopies, problem.ranks);
  copies.least += others; // one each
  return "";
}

/// Groups onto nodes: whether the nodes have room for them, whole.
static std::string checkGroups(const LoadProblem &problem) {
  if (problem.groups == 0 || problem.experts % problem.groups != 0)
    return concat(problem.experts, " experts do not make ", problem.groups, " groups");
  if (!problem.groupsOnNodes)
    return "";
  uint32_t size = problem.experts / problem.groups, fit = 0;
  std::vector<uint32_t> room(problem.nodes());
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    room[problem.nodeOf(rank)] += problem.slots[rank];
  for (uint32_t slots : room)
    fit += slots / size;
  return fit >= problem.groups ? ""
                               : concat("groups keep to nodes, but the slots of ", problem.nodes(),
                                        " nodes hold ", fit, " whole groups of ", problem.groups);
}

std::string checkLoadProblem(const LoadProblem &problem) {
  if (problem.experts < 1 || problem.ranks < 1 || problem.costs.lanes < 1)
    return "a placement needs an expert and a rank";
  if (problem.slots.size() != problem.ranks)
    return concat("room is given for ", problem.slots.size(), " ranks of ", problem.ranks);
  if (std::string fault = checkLoads(problem); !fault.empty())
    return fault;
  if (problem.mostCopies < 1)
    return "an expert may have no copy";
  CopyRange copies;
  if (std::string fault = checkFixed(problem, copies); !fault.empty())
    return fault;
  uint64_t room = 0;
  for (uint32_t slots : problem.slots)
    room += std::min(slots, problem.experts);
  auto fitsNot = [&](uint64_t wanted) {
    return concat(wanted, " copies of experts do not fit ", room, " slots, ", problem.slots[0],
                  " on each of ", problem.ranks, " gpus");
  };
  if (copies.least > room)
    return fitsNot(copies.least);
  if (problem.copies < copies.least)
    return concat("there are ", copies.least, " copies of experts to place, but ", problem.copies,
                  " are asked for");
  if (problem.copies > room)
    return fitsNot(problem.copies);
  if (problem.copies > copies.most)
    return concat(problem.copies, " copies of experts are asked for, but there may be ",
                  copies.most, " with at most ", problem.mostCopies, " of one");
  if (std::string fault = checkGroups(problem); !fault.empty())
    return fault;
  if (problem.inForce && problem.inForce->slots.size() != problem.ranks)
    return concat("what is in force has ", problem.inForce->slots.size(), " ranks, not ",
                  problem.ranks);
  return "";
}

namespace {
/// What stands in the slots, counted once.
struct Found {
  std::map<uint32_t, std::set<uint32_t>> ranks; ///< by expert
  uint64_t copies = 0;
};
} // namespace

static std::string checkSlots(const LoadProblem &problem, const Placement &placement,
                              Found &found) {
  if (placement.slots.size() != problem.ranks)
    return concat("wanted slots of ", problem.ranks, " ranks, found those of ",
                  placement.slots.size());
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    if (placement.slots[rank].size() > problem.slots[rank])
      return concat("wanted at most ", problem.slots[rank], " experts on rank ", rank, ", found ",
                    placement.slots[rank].size());
    for (uint32_t expert : placement.slots[rank]) {
      if (expert >= problem.experts)
        return concat("wanted experts below ", problem.experts, ", found ", expert);
      if (!found.ranks[expert].insert(rank).second)
        return concat("wanted an expert once a rank, found ", expert, " twice on rank ", rank);
      ++found.copies;
    }
  }
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    if (!found.ranks.count(expert))
      return concat("wanted expert ", expert, " on some rank, found it on none");
  return "";
}

/// Lists first, then pins, then the rest ascending; fixed experts nowhere else.
static std::string checkByHand(const LoadProblem &problem, const Placement &placement,
                               const Found &found) {
  std::vector<std::vector<uint32_t>> first(problem.ranks);
  std::map<uint32_t, std::set<uint32_t>> fixed;
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts) {
      first[rank].push_back(expert);
      fixed[expert].insert(rank);
    }
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks) {
      first[rank].push_back(expert);
      fixed[expert].insert(rank);
    }
  for (const auto &[expert, ranks] : fixed)
    if (found.ranks.at(expert) != ranks)
      return concat("wanted expert ", expert, " where it is placed by hand, found it elsewhere");
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    const std::vector<uint32_t> &slots = placement.slots[rank];
    if (!std::equal(first[rank].begin(), first[rank].end(), slots.begin()))
      return concat("wanted what is placed by hand first on rank ", rank, ", found others");
    if (!std::is_sorted(slots.begin() + first[rank].size(), slots.end()))
      return concat("wanted the rest of rank ", rank, " ascending, found otherwise");
  }
  for (const auto &[expert, ranks] : found.ranks)
    if (!fixed.count(expert) && ranks.size() > problem.mostCopies)
      return concat("wanted at most ", problem.mostCopies, " copies of expert ", expert, ", found ",
                    ranks.size());
  return "";
}

static std::string checkNodes(const LoadProblem &problem, const Found &found) {
  std::map<uint32_t, uint32_t> nodeOf;
  for (const auto &[expert, ranks] : found.ranks)
    for (uint32_t rank : ranks) {
      uint32_t node = rank / problem.costs.lanes,
               group = expert / (problem.experts / problem.groups);
      if (problem.groupsOnNodes && nodeOf.try_emplace(group, node).first->second != node)
        return concat("wanted group ", group, " on one node, found it on two");
    }
  return "";
}

std::string checkLoadPlacement(const LoadProblem &problem, const LoadAnswer &answer) {
  Found found;
  if (std::string fault = checkSlots(problem, answer.placement, found); !fault.empty())
    return fault;
  if (std::string fault = checkByHand(problem, answer.placement, found); !fault.empty())
    return fault;
  if (std::string fault = checkNodes(problem, found); !fault.empty())
    return fault;
  if (found.copies > problem.copies)
    return concat("wanted ", problem.copies, " copies, found ", found.copies);
  // Fewer only where every expert that may have more has all it may.
  for (const auto &[expert, ranks] : found.ranks)
    if (found.copies < problem.copies && !problem.groupsOnNodes && problem.holds.empty() &&
        problem.pins.empty() && ranks.size() < std::min(problem.mostCopies, problem.ranks))
      return concat("wanted ", problem.copies, " copies, found ", found.copies, " though expert ",
                    expert, " could have another");
  double seconds = costOf(problem, answer.placement.slots).seconds();
  if (!(std::abs(seconds - answer.cost.seconds()) <= 1e-9 * seconds))
    return concat("wanted a cost of ", seconds, " s, found ", answer.cost.seconds());
  return "";
}

} // namespace moec
