//===- Choose.h - Cost schedules and choose one -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each candidate is simulated in each bucket. A module has one plan, and does not know
// how skewed its traffic will be: of the worst ratios to the best of a bucket, over the
// buckets that count, the least wins, and the plainest of what is within `equalRatio`.
//
// A floor (simulator/Floor.h) costs a hundredth of a simulation. Where only the choice
// is wanted, a candidate whose floor is above what another takes is not simulated: it
// cannot be the best of the bucket, nor the choice, and the choice is the same.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_CANDIDATES_CHOOSE_H
#define MOEC_RUNTIME_CANDIDATES_CHOOSE_H

#include "runtime/candidates/CandidateTable.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/Traffic.h"

#include <span>
#include <vector>

namespace moec::candidates {

/// A schedule and the plan that it gives.
struct CandidatePlan {
  std::string schedule;         ///< statements of a schedule block
  std::string misfit;           ///< why it gives none
  plan::Plan plan;              ///< if it does
  double sentBytesPerToken = 0; ///< of a token that its dispatch sends to another rank
  uint32_t pieces = 1;          ///< that it cuts tokens into
};

/// What the candidates are for.
struct Setting {
  const Manifest &manifest; ///< the same for all of them
  const topology::Machine &machine;
  uint32_t tokens = 0; ///< of a rank: those that count
};

/// A bucket with its sizes.
struct Load {
  Bucket bucket;
  traffic::ItemCounts counts; ///< on the nodes that `shapeOf` gives
};

/// How the candidates' ranks lie on the machine. Invalid where they do not fit it.
rt::Result<topology::Shape> shapeOf(const Setting &setting,
                                    std::span<const CandidatePlan> candidates);

/// Tokens of a rank that a module's choice is made from: 1, 16, 128, 1024, 4096 below
/// `most`, and `most`.
std::vector<uint32_t> tokenBuckets(uint32_t most);
/// No skew to severe skew, drawn from fixed seeds: as --traffic takes them.
std::span<const char *const> skewBuckets();

enum class Effort : uint8_t {
  All,    ///< every candidate is simulated in every bucket, for people
  Choice, ///< what the choice needs
  Floors, ///< nothing is simulated: floors stand for times, where there are many ranks
};

/// Costs all and chooses. Invalid where no candidate fits, with the first reason; where
/// the machine does not say how fast its links are; where a plan stalls.
rt::Result<CandidateTable> choose(const Setting &setting, std::vector<CandidatePlan> candidates,
                                  std::vector<Load> loads, Effort effort);

} // namespace moec::candidates

#endif // MOEC_RUNTIME_CANDIDATES_CHOOSE_H
