//===- ModelRun.h - Run a plan on a hostile machine -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A check of the checker: it shares with verifyPlan only how families are spelt
// out. Tasks run one after another in an order that is drawn by a seed, stores to
// peers land late and in any order that the memory model allows, counts are
// concrete, every record holds a value that says what it is. Races are found by
// clocks that are carried along, not by a graph.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_MODELRUN_H
#define MOEC_PASSES_SCHEDULING_MODELRUN_H

#include "passes/scheduling/ModelTraffic.h"
#include "passes/scheduling/VerifyPlan.h"

#include <functional>

namespace moec::scheduling {

/// One run of the plan, which plan::checkPlan takes, with a traffic for each step.
/// Nothing, or what went wrong: a wrong value, poison, a race, a hang, a result that
/// is missing or another.
std::optional<Fault> runModel(const plan::Plan &plan, const std::vector<ModelTraffic> &steps,
                              uint64_t seed);

/// What was run.
struct ModelCampaign {
  uint64_t runs = 0;
  uint64_t counts = 0;         ///< different matrices of counts
  bool isExhaustive = true;    ///< all there are up to the bound, or a sample
  std::vector<Extent> extents; ///< the numbers of ranks and nodes
  std::optional<Fault> fault;  ///< the first
};

/// Told how many matrices of counts are done.
using CampaignProgress = std::function<void(uint64_t done, uint64_t of)>;

/// Runs the plan for few ranks (up to 3, or 2 nodes if they have at most 2 lanes, and
/// not more than its own), depth + 2 steps, with all counts up to `bound` between every
/// two ranks where these are not too many, else with a sample, the smaller the larger they are.
ModelCampaign runAllCounts(const plan::Plan &plan, uint32_t bound,
                           const CampaignProgress &progress = nullptr);

/// Runs the plan with these counts in every step, and with none in between, under
/// `seeds` seeds.
ModelCampaign runCounts(const plan::Plan &plan, const CopyCounts &copies, uint32_t seeds);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_MODELRUN_H
