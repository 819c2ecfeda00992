//===- PlacementCheck.cpp - Judges problems and answers -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Written from the promises in PlacementProblem.h, not from the code that keeps
// them: it never deals, it looks at what was dealt.
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"
#include <algorithm>
#include <map>
#include <set>

namespace moec {
namespace {

template <class... Parts> std::string text(const Parts &...parts) {
  std::string result;
  auto append = [&](const auto &part) {
    if constexpr (std::is_convertible_v<decltype(part), std::string>)
      result += part;
    else
      result += std::to_string(part);
  };
  (append(parts), ...);
  return result;
}

/// Walks the slots of one rank from the front.
class SlotReader {
public:
  explicit SlotReader(const std::vector<uint32_t> &slots) : slots(slots) {}
  bool take(uint32_t expert) {
    if (next == slots.size() || slots[next] != expert)
      return false;
    ++next;
    return true;
  }
  std::vector<uint32_t> rest() const { return {slots.begin() + next, slots.end()}; }

private:
  const std::vector<uint32_t> &slots;
  size_t next = 0;
};

} // namespace

/// The pairs (expert, rank) that lists and pins ask for, and the experts in them.
static std::set<uint32_t> namedExperts(const PlacementProblem &problem) {
  std::set<uint32_t> named;
  for (const NumberedList &list : problem.holds)
    named.insert(list.second.begin(), list.second.end());
  for (const NumberedList &pin : problem.pins)
    named.insert(pin.first);
  return named;
}

std::string checkProblem(const PlacementProblem &problem) {
  if (problem.experts < 1 || problem.ranks < 1)
    return text("a placement needs an expert and a rank, but there are ", problem.experts, " and ",
                problem.ranks);
  std::set<std::pair<uint32_t, uint32_t>> asked; // expert, rank
  auto ask = [&](uint32_t expert, uint32_t rank) -> std::string {
    if (expert >= problem.experts)
      return text("expert ", expert, " is placed, but the experts are 0 to ", problem.experts - 1);
    if (rank >= problem.ranks)
      return text("rank ", rank, " is given expert ", expert, ", but the ranks are 0 to ",
                  problem.ranks - 1);
    if (!asked.insert({expert, rank}).second)
      return text("expert ", expert, " is placed on rank ", rank, " twice");
    return "";
  };
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts)
      if (std::string fault = ask(expert, rank); !fault.empty())
        return fault;
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks)
      if (std::string fault = ask(expert, rank); !fault.empty())
        return fault;
  if (problem.rule != DealRule::None)
    return "";
  std::set<uint32_t> named = namedExperts(problem);
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    if (!named.count(expert))
      return text("expert ", expert, " is on no list, has no pin, and there is no rule for it");
  return "";
}

/// Every rank exists, and every expert is on one at least and nowhere twice.
static std::string checkComplete(const PlacementProblem &problem, const Placement &placement) {
  if (placement.slots.size() != problem.ranks)
    return text("wanted slots of ", problem.ranks, " ranks, found those of ",
                placement.slots.size());
  std::set<uint32_t> found;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    std::set<uint32_t> here;
    for (uint32_t expert : placement.slots[rank]) {
      if (expert >= problem.experts)
        return text("wanted experts below ", problem.experts, ", found ", expert, " on rank ",
                    rank);
      if (!here.insert(expert).second)
        return text("wanted an expert once a rank, found ", expert, " twice on rank ", rank);
      found.insert(expert);
    }
  }
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    if (!found.count(expert))
      return text("wanted expert ", expert, " on some rank, found it on none");
  return "";
}

/// The lists of experts that the rule was left to deal to each rank.
static std::string checkDealt(const PlacementProblem &problem,
                              const std::vector<std::vector<uint32_t>> &dealt) {
  std::vector<uint32_t> inRankOrder;
  size_t least = SIZE_MAX, most = 0;
  for (const std::vector<uint32_t> &experts : dealt) {
    if (!std::is_sorted(experts.begin(), experts.end()))
      return "wanted dealt experts in ascending order on each rank, found others";
    inRankOrder.insert(inRankOrder.end(), experts.begin(), experts.end());
    least = std::min(least, experts.size());
    most = std::max(most, experts.size());
  }
  if (most - least > 1)
    return text("wanted numbers of dealt experts that differ by at most one, found ", least,
                " and ", most);
  std::vector<uint32_t> sorted = inRankOrder;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return text("wanted a dealt expert on one rank, found ",
                *std::adjacent_find(sorted.begin(), sorted.end()), " on two");
  std::set<uint32_t> named = namedExperts(problem);
  for (uint32_t expert : sorted)
    if (named.count(expert))
      return text("wanted expert ", expert, " only where it is listed or pinned, found it dealt");
  switch (problem.rule) {
  case DealRule::None:
    return sorted.empty() ? "" : text("wanted no expert dealt, found ", sorted.front());
  case DealRule::Linear:
    return inRankOrder == sorted ? "" : "wanted contiguous runs in rank order, found others";
  case DealRule::RoundRobin:
    for (size_t i = 0; i < sorted.size(); ++i)
      if (const auto &here = dealt[i % dealt.size()];
          std::find(here.begin(), here.end(), sorted[i]) == here.end())
        return text("wanted expert ", sorted[i], " on rank ", i % dealt.size(),
                    ", found it elsewhere");
    return "";
  }
  return "unknown rule";
}

std::string checkPlacement(const PlacementProblem &problem, const Placement &placement) {
  if (std::string fault = checkComplete(problem, placement); !fault.empty())
    return fault;
  std::vector<SlotReader> readers(placement.slots.begin(), placement.slots.end());
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts)
      if (!readers[rank].take(expert))
        return text("wanted expert ", expert, " at its place in the list of rank ", rank,
                    ", found another");
  for (const auto &[expert, ranks] : problem.pins)
    for (uint32_t rank : ranks)
      if (!readers[rank].take(expert))
        return text("wanted pinned expert ", expert, " next on rank ", rank, ", found another");
  std::vector<std::vector<uint32_t>> dealt;
  for (const SlotReader &reader : readers)
    dealt.push_back(reader.rest());
  return checkDealt(problem, dealt);
}

} // namespace moec
