//===- CandidateTable.h - Schedules side by side ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a choice between schedules was made from: each candidate, what it costs in
// each bucket of tokens and skew, why it is not the one. `moec plan` and its report
// print it; who makes the plans is passes/scheduling/Candidates.h.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_CANDIDATES_CANDIDATETABLE_H
#define MOEC_RUNTIME_CANDIDATES_CANDIDATETABLE_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace moec::candidates {

/// What a model of time cannot tell apart.
inline constexpr double equalRatio = 1.01;

/// Steps that schedules are compared for.
struct Bucket {
  uint32_t tokens = 0; ///< of each rank; of traces and matrices what a rank has at most
  std::string traffic; ///< as --traffic takes it: "lognormal:0.6:1"
};

/// A candidate in a bucket. Seconds of one step.
struct Cost {
  double seconds = 0;      ///< simulated; 0 where the floor alone said that it cannot win
  double floorSeconds = 0; ///< what no run of these tasks can beat
  std::string floorBy;     ///< "gpu 3 rail out"
  /// What no schedule of the traffic can beat that sums as this one; 0 where nobody looks.
  double boundSeconds = 0;
  std::string boundBy;

  bool isSimulated() const { return seconds > 0; }
  /// What it takes at least.
  double least() const { return isSimulated() ? seconds : floorSeconds; }
};

struct Candidate {
  /// Statements of a schedule block: "algorithm two_tier; window 4".
  std::string schedule;
  std::string misfit;      ///< why there is no such plan; empty: there is one
  uint32_t pieces = 1;     ///< that it cuts tokens into
  std::vector<Cost> costs; ///< of each bucket; none where it does not fit

  /// Pieces without a token are flags for nothing, whatever a model of links says of them.
  bool suits(uint32_t tokens) const { return pieces <= std::max(tokens, 1u); }
  bool fits() const { return misfit.empty(); }
};

struct CandidateTable {
  std::string layer, machine;
  uint32_t ranks = 1, nodes = 1;
  uint32_t tokens = 0; ///< of a rank: a choice counts the buckets of so many
  std::vector<Bucket> buckets;
  std::vector<Candidate> candidates; ///< plainer ones first: equals are won by those
  std::vector<size_t> best;          ///< candidate of each bucket
  size_t chosen = 0;                 ///< candidate

  const Candidate &winner() const { return candidates[chosen]; }
};

/// The plainest of those that are as good as the best in that bucket.
size_t plainestBest(const CandidateTable &table, size_t bucket);
/// The seconds of the best in that bucket.
double bestSeconds(const CandidateTable &table, size_t bucket);
/// Whether a choice counts the bucket.
bool isCounted(const CandidateTable &table, const Bucket &bucket);
/// How many times the best of its bucket the candidate takes, in the worst of those
/// that a choice counts; of what was not simulated at least. It must fit.
double worstRatio(const CandidateTable &table, const Candidate &candidate);
/// Why it is not the choice; what it was chosen for, if it is.
std::string whyOf(const CandidateTable &table, size_t candidate);

/// For people. With one bucket seconds, bound and ratio; with several the counted ones
/// side by side, then the best of each.
std::string tableText(const CandidateTable &table);
/// {"layer", "machine", .., "chosen", "rule", "buckets": [..], "candidates": [..]}
nlohmann::ordered_json tableJson(const CandidateTable &table);

} // namespace moec::candidates

#endif // MOEC_RUNTIME_CANDIDATES_CANDIDATETABLE_H
