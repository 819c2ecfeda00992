//===- LoadProblem.h - Placement by load, as problem and answer -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which experts get how many copies, and where those lie, so that a step takes
// least time: seconds of the rank, the link or the NIC that each phase waits for,
// not numbers of experts. No MLIR. The answer and its cost are judged by
// checkLoadPlacement, which shares no code with the search.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_LOADPROBLEM_H
#define MOEC_PASSES_PLACEMENT_LOADPROBLEM_H

#include "passes/placement/PlacementProblem.h"

#include <algorithm>
#include <optional>

namespace moec {

/// What a step costs on the machine. Rank r lies on node r / lanes.
struct LoadCosts {
  uint32_t lanes = 1; ///< ranks of a node; the last node may have fewer
  double tokensPerRank = 1;
  double dispatchBytes = 1; ///< of a token that goes out
  double returnBytes = 1;   ///< of a row that comes back
  double nodeRate = 1;      ///< bytes per second within a node, of a rank and direction
  double railRate = 1;      ///< and between nodes
  double rowSeconds = 0;    ///< of an expert for one row, while there are many
  double readSeconds = 0;   ///< of reading an expert's weights once
  double expertBytes = 0;
  double steps = 1000; ///< between two placements: over how many a move is spread
  /// A token crosses to a node once and is handed on there (two tiers); else once
  /// for each of that node's ranks.
  bool nodeDedup = false;
  /// Sums come back instead of rows: one a token and rank (or node).
  bool partialReturn = false;
};

/// What tokens chose: `topK` experts each. Measured, or made to fit a histogram.
struct TokenSample {
  uint32_t topK = 1;
  std::vector<uint32_t> experts; ///< token by token
  size_t size() const { return experts.size() / topK; }
};

/// A rank's slots are, in order: its list in `holds`, what `pins` puts there, and
/// what the search does, ascending. Experts that lists and pins name have those
/// copies and no others.
struct LoadProblem {
  uint32_t experts = 1, ranks = 1;
  std::vector<std::vector<double>> loads; ///< [period][expert], of any unit
  std::vector<uint32_t> slots;            ///< room for how many experts, by rank
  uint32_t copies = 1;                    ///< slots to fill: one an expert, and the redundant ones
  uint32_t mostCopies = UINT32_MAX;       ///< of one expert
  std::vector<NumberedList> holds, pins;  ///< as in PlacementProblem
  uint32_t groups = 1;                    ///< equal runs of experts, in index order
  bool groupsOnNodes = false;             ///< all copies of a group's experts on one node
  TokenSample tokens;
  LoadCosts costs;
  std::optional<Placement> inForce; ///< what is there now; nothing: moving is free

  uint32_t nodes() const { return (ranks + costs.lanes - 1) / costs.lanes; }
  uint32_t nodeOf(uint32_t rank) const { return rank / costs.lanes; }
  uint32_t nodeSize(uint32_t node) const {
    return std::min(costs.lanes, ranks - node * costs.lanes);
  }
  uint32_t groupOf(uint32_t expert) const { return expert / (experts / groups); }
};

/// A step's time and what else is asked of a placement. Where there are several
/// periods, times and imbalance are means over them.
struct LoadCost {
  double dispatchSeconds = 0, computeSeconds = 0, combineSeconds = 0;
  double moveSeconds = 0; ///< moving, spread over the steps
  double imbalance = 1;   ///< rows of the fullest rank over the mean
  double worstImbalance = 1;
  double nodeCopies = 0;     ///< nodes other than its own that a token goes to
  double crossNodeBytes = 0; ///< dispatch of one step, a token once a node
  double movedBytes = 0, movedAcrossNodes = 0;
  double seconds() const { return dispatchSeconds + computeSeconds + combineSeconds + moveSeconds; }
};

/// Slots by rank. Unlike in a Placement an expert may be on a rank twice, as the
/// maps of others have it.
using SlotLists = std::vector<std::vector<uint32_t>>;

/// The copies of each expert: ranks in ascending order, as the runtime numbers
/// them. A token at source s with index t goes to copy (t + s) modulo their number.
SlotLists homesOf(const SlotLists &slots, uint32_t experts);

/// Of slots that hold every expert.
LoadCost costOf(const LoadProblem &problem, const SlotLists &slots);

/// Seconds of a phase: of its slowest rank, which is what counts, and of the mean.
struct PhaseSeconds {
  double slowest = 0, mean = 0;
  void add(double ofRank, double ranks) {
    slowest = std::max(slowest, ofRank);
    mean += ofRank / ranks;
  }
};

/// From the share of all tokens that each rank and each node gets; `bytes` a token.
PhaseSeconds exchangeSeconds(const LoadProblem &problem, const std::vector<double> &rankShares,
                             const std::vector<double> &nodeShares, double bytes);
/// In which rows of all ranks come back, each from where it was made.
PhaseSeconds returnSeconds(const LoadProblem &problem, const std::vector<double> &rows);
/// Seconds of one expert with `rows` rows: its products, or reading its weights.
double slotSeconds(const LoadCosts &costs, double rows);

/// What has to travel to make `slots` of what is in force, and how long it takes.
struct Moves {
  double bytes = 0, acrossNodes = 0, seconds = 0;
};
Moves movesTo(const LoadProblem &problem, const SlotLists &slots);

/// Each expert's share of all rows, in each period: [period][expert], sums of 1.
std::vector<std::vector<double>> loadShares(const LoadProblem &problem);
/// Mean over the periods.
std::vector<double> meanShares(const LoadProblem &problem);

/// The share of tokens with a row on a rank (or node): `rows` a token by the
/// histogram, times tokens a row in the sample. The sample's own number of rows
/// there is noise, and is not used.
double reachedShare(double rows, double sampledRows, double sampledTokens);

/// "" if the problem has an answer, else the first reason why not.
std::string checkLoadProblem(const LoadProblem &problem);

struct LoadAnswer {
  Placement placement;
  LoadCost cost;
};

/// Answers a problem that checkLoadProblem accepts. One answer a problem.
LoadAnswer placeByLoad(const LoadProblem &problem);

/// "" if the answer keeps every promise and costs what it says, else the first
/// that it breaks.
std::string checkLoadPlacement(const LoadProblem &problem, const LoadAnswer &answer);

/// How tokens choose.
struct SampleRule {
  uint32_t topK = 1;
  std::optional<GroupLimit> groups;
  uint32_t tokens = 4096;
};

/// Tokens whose experts come as often as the shares say, as far as distinct experts
/// and the group limit allow. The same for the same arguments.
TokenSample sampleTokens(const std::vector<double> &shares, const SampleRule &rule, uint64_t seed);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_LOADPROBLEM_H
