//===- LoadMachine.cpp - A layer on a machine, as a problem of load -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadMachine.h"

#include <set>

namespace moec {

/// Of hgx-h100. The dense bf16 rate is the data sheet's 989.4 TFLOP/s over 132 SMs;
/// 0.7 of it is about what large products of libraries reach.
constexpr double h100NodeRate = 370.8e9, h100RailRate = 48.5e9, h100MemoryRate = 3.35e12;
constexpr uint32_t h100Processors = 132;
constexpr double flopsOfProcessor = 989.4e12 / 132, reachedOfFlops = 0.7;

static double bytesOf(DType type) { return type == DType::F32 ? 4 : 2; }

static double known(double value, double otherwise) { return value > 0 ? value : otherwise; }

static LoadCosts costsOf(const Layer &layer, const LoadMachine &machine, const LoadWish &wish) {
  LoadCosts costs;
  costs.lanes = machine.lanes ? std::min(machine.lanes, machine.ranks) : machine.ranks;
  costs.tokensPerRank = wish.tokensPerRank.value_or(4096);
  costs.dispatchBytes = layer.hidden * bytesOf(layer.tokensType);
  costs.returnBytes = layer.hidden * bytesOf(layer.combineType);
  costs.nodeRate = known(machine.nodeRate, h100NodeRate);
  costs.railRate = known(machine.railRate, h100RailRate);
  costs.expertBytes = double(weightBytes(layer, {{{0}}})[0] - weightBytes(layer, {{{}}})[0]);
  costs.readSeconds = costs.expertBytes / known(machine.memoryRate, h100MemoryRate);
  // Each weight of a matrix is one multiply-add a row.
  double flops = 2 * costs.expertBytes / bytesOf(layer.weightsType);
  double rate = known(machine.processors, h100Processors) * flopsOfProcessor * reachedOfFlops;
  costs.rowSeconds = flops / (layer.weightsType == DType::F32 ? rate / 2 : rate);
  return costs;
}

static uint32_t divideUp(uint32_t number, uint32_t by) { return (number + by - 1) / by; }

/// What lists and pins name has those copies and no others.
static uint64_t mostCopiesOf(const LoadProblem &problem) {
  std::set<uint32_t> fixed;
  uint64_t copies = 0;
  for (const auto &[rank, list] : problem.holds) {
    fixed.insert(list.begin(), list.end());
    copies += list.size();
  }
  for (const auto &[expert, ranks] : problem.pins) {
    fixed.insert(expert);
    copies += ranks.size();
  }
  uint64_t free = problem.experts - std::min<uint64_t>(fixed.size(), problem.experts);
  return copies + free * std::min(problem.mostCopies, problem.ranks);
}

LoadProblem makeLoadProblem(const Layer &layer, const LoadMachine &machine, const LoadWish &wish) {
  LoadProblem problem;
  problem.experts = layer.experts;
  problem.ranks = machine.ranks;
  problem.loads = wish.loads;
  uint32_t redundant = wish.redundant.value_or(0);
  uint32_t slots = wish.slots.value_or(divideUp(layer.experts + redundant, machine.ranks));
  problem.slots.assign(machine.ranks, slots);
  problem.copies = layer.experts + redundant;
  if (wish.slots && !wish.redundant)
    problem.copies = std::min(slots, layer.experts) * machine.ranks;
  problem.mostCopies = wish.mostCopies.value_or(UINT32_MAX);
  problem.holds = wish.holds;
  problem.pins = wish.pins;
  if (!wish.redundant) // what is to be filled, as far as experts may have copies
    problem.copies = std::min<uint64_t>(problem.copies, mostCopiesOf(problem));
  problem.groups = layer.router.groups ? layer.router.groups->count : 1;
  problem.groupsOnNodes = wish.groupsOnNodes;
  problem.costs = costsOf(layer, machine, wish);
  problem.tokens = wish.tokens;
  if (problem.tokens.experts.empty())
    problem.tokens = sampleFor(layer, problem, 1);
  return problem;
}

TokenSample sampleFor(const Layer &layer, const LoadProblem &problem, uint64_t seed) {
  return sampleTokens(meanShares(problem),
                      {.topK = layer.router.topK, .groups = layer.router.groups}, seed);
}

} // namespace moec
