//===- PlacementProblem.h - Which expert lives where, as problem and answer -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The decision apart from the IR: no MLIR in this folder but for the two passes.
// The answer is a moec::Placement. It is checked by checkPlacement, which shares
// no code with what makes it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_PLACEMENTPROBLEM_H
#define MOEC_PASSES_PLACEMENT_PLACEMENTPROBLEM_H

#include "runtime/module/Layer.h"
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace moec {

/// How experts that no list and no pin names are dealt to the ranks.
enum class DealRule : uint8_t {
  Linear,     ///< contiguous runs in index order, sizes that differ by at most one
  RoundRobin, ///< the i-th of them to rank i modulo ranks
  None,       ///< there must be none
};

/// A number and a list: a rank and its experts, or an expert and its ranks.
using NumberedList = std::pair<uint32_t, std::vector<uint32_t>>;

/// A rank's slots are, in order: the experts of its list in `holds`, the experts
/// that `pins` puts there in the order of the pins, and those that `rule` deals.
struct PlacementProblem {
  uint32_t experts = 1;
  uint32_t ranks = 1;
  DealRule rule = DealRule::Linear;
  std::vector<NumberedList> holds; ///< rank: its first experts
  std::vector<NumberedList> pins;  ///< expert: the ranks with a copy of it
};

/// "" if the problem has an answer, else the first reason why not.
std::string checkProblem(const PlacementProblem &problem);

/// Answers a problem that checkProblem accepts. One answer a problem: no chance
/// and no order of hashing in it.
Placement place(const PlacementProblem &problem);

/// "" if the answer keeps every promise of the problem, else the first that it
/// breaks: as many lists as ranks, no expert unknown, missing or twice on a rank;
/// lists and pins obeyed in their order; all other experts once, dealt by the rule.
std::string checkPlacement(const PlacementProblem &problem, const Placement &placement);

/// The two rules, for the experts that are left (ascending): one list a rank.
std::vector<std::vector<uint32_t>> dealLinear(const std::vector<uint32_t> &experts, uint32_t ranks);
std::vector<std::vector<uint32_t>> dealRoundRobin(const std::vector<uint32_t> &experts,
                                                  uint32_t ranks);

/// Bytes of weights that each rank holds: its experts, and what every rank holds
/// (router, biases, shared expert).
std::vector<uint64_t> weightBytes(const Layer &layer, const Placement &placement);

/// The placement as a block of the language, a line a rank, with its memory as a
/// comment:  `gpu 3 holds 24..31 # 100925440 bytes of weights`
std::string printPlacement(const Layer &layer, const std::string &mesh, const Placement &placement);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_PLACEMENTPROBLEM_H
