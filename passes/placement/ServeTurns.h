//===- ServeTurns.h - Which copy serves whom, and how often -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A replicated expert's copies may serve each source differently. No MLIR. Rows are the
// same wherever they are made, so the result has the same bits under every rule.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_SERVETURNS_H
#define MOEC_PASSES_PLACEMENT_SERVETURNS_H

#include "runtime/module/Layer.h"

#include <string>
#include <vector>

namespace moec {

enum class ServeRule : uint8_t {
  InTurn,   ///< all copies in turn, for every source
  Nearest,  ///< the own rank's copy, else those of the own node, else all
  Balanced, ///< as near as leaves no rank with more rows than it must have
};

struct ServeProblem {
  std::vector<std::vector<uint32_t>> slots; ///< of a placement, by rank
  uint32_t experts = 1;
  uint32_t lanes = 1;         ///< rank r is on node r / lanes
  std::vector<double> shares; ///< of all rows, by expert; empty: all experts alike
};

/// The turns that make of the slots a placement under the rule; experts with one copy, and
/// those whose copies all serve everybody alike, have none. Tokens are taken to come from
/// all ranks alike. Deterministic. Balanced deals a source's tokens for an expert in
/// `serveParts` parts, from the fullest rank to emptier ones until nothing gets better,
/// those first that lose no nearness; so a rank may have a part too many.
inline constexpr uint32_t serveParts = 16;
std::vector<Turns> turnsFor(const ServeProblem &problem, ServeRule rule);

/// "" if the turns keep the promise of `turnsFor`, else the first that they break: lists of
/// holders for every source, the nearest alone under Nearest, and under Balanced no rank with
/// more rows than the fullest has under InTurn.
std::string checkTurns(const ServeProblem &problem, ServeRule rule,
                       const std::vector<Turns> &turns);

/// Share of all rows that each rank gets; sums to 1.
std::vector<double> rowShares(const ServeProblem &problem, const std::vector<Turns> &turns);
/// Share of all rows that leave the source's rank, and its node.
struct Distance {
  double offRank = 0, offNode = 0;
};
Distance distanceOf(const ServeProblem &problem, const std::vector<Turns> &turns);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_SERVETURNS_H
