//===- PinnedPlacement.cpp - Lists and pins first, a rule for the rest ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"

namespace moec {

static std::vector<std::vector<uint32_t>> deal(DealRule rule, const std::vector<uint32_t> &experts,
                                               uint32_t ranks) {
  switch (rule) {
  case DealRule::Linear:
    return dealLinear(experts, ranks);
  case DealRule::RoundRobin:
    return dealRoundRobin(experts, ranks);
  case DealRule::None:
    return std::vector<std::vector<uint32_t>>(ranks);
  }
  return {};
}

Placement place(const PlacementProblem &problem) {
  Placement placement;
  placement.slots.resize(problem.ranks);
  std::vector<bool> named(problem.experts);
  for (const auto &[rank, experts] : problem.holds)
    for (uint32_t expert : experts) {
      placement.slots[rank].push_back(expert);
      named[expert] = true;
    }
  for (const auto &[expert, ranks] : problem.pins) {
    for (uint32_t rank : ranks)
      placement.slots[rank].push_back(expert);
    named[expert] = true;
  }
  std::vector<uint32_t> rest;
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    if (!named[expert])
      rest.push_back(expert);
  auto dealt = deal(problem.rule, rest, problem.ranks);
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    placement.slots[rank].insert(placement.slots[rank].end(), dealt[rank].begin(),
                                 dealt[rank].end());
  return placement;
}

} // namespace moec
