//===- CheckSchedule.cpp - Judge a schedule -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/CheckSchedule.h"

#include "passes/scheduling/Staged.h"

#include <algorithm>

namespace moec::scheduling {

/// Copies of a region are told apart by the step modulo their number; more than
/// this is a mistake, not a plan.
static constexpr uint32_t maxDepth = 64;

/// Whether a put of step n into copy n mod depth can only come after the reads of
/// step n - depth: from the return flags of all peers if rows come back, else
/// from their next dispatch, one step later.
static bool isReuseOrdered(const ScheduleProblem &problem, uint32_t depth) {
  bool returns = problem.bytesPerReturnedRow != 0;
  uint32_t stepsUntilKnown = returns && problem.serialSteps ? 1 : 2;
  return depth >= stepsUntilKnown;
}

/// What an exchange by the switch needs: one that is there, and ranks that know of all
/// tokens.
static std::string checkSwitch(const ScheduleProblem &problem) {
  bool multicasts = problem.algorithm == Algorithm::Multicast;
  bool adds = problem.combine == Combine::Switch;
  if (!multicasts && !adds)
    return "";
  std::string what = multicasts ? "multicast" : "combine switch";
  if (problem.nodes != 1)
    return what + " needs one node: a switch joins the GPUs of one, not of " +
           std::to_string(problem.nodes);
  auto isSwitch = [](const Link &link) { return link.multicasts && !link.rail; };
  if (problem.topology &&
      std::none_of(problem.topology->links.begin(), problem.topology->links.end(), isSwitch))
    return what + " needs a link whose switch multicasts, and machine '" +
           problem.topology->machine + "' has none";
  if (adds && !multicasts)
    return "combine switch needs algorithm multicast: each rank must have a sum, zero or not, "
           "for every token";
  if (adds && !problem.serialSteps)
    return "combine switch needs serial steps";
  return "";
}

/// Who can move bytes, and which way.
static std::string checkEngine(const ScheduleProblem &problem) {
  bool isStraight = problem.algorithm.value_or(Algorithm::StaggeredPut) == Algorithm::StaggeredPut;
  if (problem.copyEngine && (!isStraight || problem.nodes != 1))
    return "engine copy needs algorithm staggered on one node";
  if (problem.copyEngine && problem.crossByHost)
    return "engine copy moves from GPU to GPU, not by host";
  bool isOneMachine = problem.algorithm == Algorithm::Staged || isStraight;
  if (problem.crossByHost && (!isOneMachine || problem.nodes != 1))
    return "cross by host needs algorithm staged or staggered on one node";
  return "";
}

/// What an algorithm needs of the mesh.
static std::string checkAlgorithm(const ScheduleProblem &problem) {
  if (problem.nodes == 0 || problem.ranks % problem.nodes != 0)
    return "nodes must divide the " + std::to_string(problem.ranks) + " ranks, not be " +
           std::to_string(problem.nodes);
  if (problem.ratesBySize && problem.window == 1u)
    return "rates sizes need more than one put in flight, not window 1";
  if (problem.pipelinesExperts &&
      (problem.algorithm.value_or(Algorithm::StaggeredPut) != Algorithm::StaggeredPut ||
       problem.bytesPerReturnedRow == 0))
    return "pipeline experts needs algorithm staggered and rows that come back";
  bool isTwoHops =
      problem.algorithm == Algorithm::TwoTier || problem.algorithm == Algorithm::Staged;
  if (problem.chunks > 1 && !isTwoHops)
    return "chunks need algorithm two_tier or staged, in which rows are handed on";
  if (problem.sprays && (problem.chunks < 2 || problem.algorithm != Algorithm::TwoTier))
    return "spray lanes needs algorithm two_tier and 2 chunks or more";
  if (std::string reason = checkEngine(problem); !reason.empty())
    return reason;
  if (problem.algorithm == Algorithm::Staged)
    return checkStaged(problem);
  bool tiers = problem.algorithm == Algorithm::TwoTier || problem.algorithm == Algorithm::Birkhoff;
  std::string name = tiers ? nameOf(*problem.algorithm) : "";
  if (tiers && problem.nodes == 1)
    return name + " needs a mesh whose first axis counts nodes over a link, and more than one";
  if (tiers && problem.nodes == problem.ranks)
    return name + " needs more than one GPU a node: with one, staggered puts do the same";
  if (tiers && (problem.bytesPerReturnedRow == 0 || !problem.serialSteps))
    return name + " needs rows that come back and serial steps";
  if (problem.combine != Combine::Rows && problem.bytesPerReturnedRow == 0)
    return std::string(problem.combine == Combine::Switch ? "sums by the switch" : "partial sums") +
           " need rows that come back";
  return checkSwitch(problem);
}

std::string checkProblem(const ScheduleProblem &problem) {
  if (problem.ranks == 0 || problem.topK == 0 || problem.bytesPerToken == 0)
    return "an exchange needs at least one rank, slot and byte a token";
  if (problem.depth && (*problem.depth == 0 || *problem.depth > maxDepth))
    return "depth must be 1 to " + std::to_string(maxDepth) + ", not " +
           std::to_string(*problem.depth);
  if (problem.depth && !isReuseOrdered(problem, *problem.depth))
    return "depth " + std::to_string(*problem.depth) +
           " lets a rank overwrite rows that a peer still reads: nothing comes back that says so, "
           "and 2 copies are needed";
  return checkAlgorithm(problem);
}

std::string checkSolution(const ScheduleProblem &problem, const ScheduleSolution &solution) {
  if (problem.algorithm && solution.algorithm != *problem.algorithm)
    return std::string("algorithm ") + nameOf(solution.algorithm) + " is not the " +
           nameOf(*problem.algorithm) + " asked for";
  if (solution.combine != problem.combine)
    return std::string("combine ") + nameOf(solution.combine) + " is not the " +
           nameOf(problem.combine) + " asked for";
  bool tiers =
      solution.algorithm == Algorithm::TwoTier || solution.algorithm == Algorithm::Birkhoff;
  if (tiers && problem.nodes < 2)
    return "two tiers on one node";
  if (solution.ratesBySize != problem.ratesBySize)
    return "other rates than were asked for";
  if (solution.pipelinesExperts != problem.pipelinesExperts)
    return "experts are not pipelined as was asked for";
  if (solution.chunks != problem.chunks)
    return std::to_string(solution.chunks) + " chunks are not the " +
           std::to_string(problem.chunks) + " asked for";
  if (solution.sprays != problem.sprays)
    return "lanes are not sprayed as was asked for";
  if (solution.copyEngine != problem.copyEngine)
    return "another engine than was asked for";
  if (solution.crossByHost != problem.crossByHost)
    return "another way between groups than was asked for";
  if (solution.algorithm == Algorithm::Staged && solution.groups != problem.groups)
    return std::to_string(solution.groups) + " groups on a machine of " +
           std::to_string(problem.groups);
  if (solution.algorithm == Algorithm::Birkhoff && solution.stages < 2)
    return "one stage, in which all nodes send to all";
  if (problem.stages && solution.algorithm == Algorithm::Birkhoff &&
      solution.stages != *problem.stages)
    return "another number of stages than asked for";
  if (problem.window && solution.window != *problem.window)
    return "window " + std::to_string(solution.window) + " is not the " +
           std::to_string(*problem.window) + " asked for";
  if (problem.depth && solution.depth != *problem.depth)
    return "depth " + std::to_string(solution.depth) + " is not the " +
           std::to_string(*problem.depth) + " asked for";
  if (solution.depth == 0 || solution.depth > maxDepth)
    return "depth must be 1 to " + std::to_string(maxDepth) + ", not " +
           std::to_string(solution.depth);
  if (!isReuseOrdered(problem, solution.depth))
    return "depth " + std::to_string(solution.depth) +
           " lets a rank overwrite rows that a peer still reads";
  // One peer in flight leaves links idle while two ranks send to the same one.
  if (!problem.window && solution.window == 1 && !solution.eachPeer && problem.ranks > 1)
    return "window 1 serialises the peers, which nobody asked for";
  return "";
}

} // namespace moec::scheduling
