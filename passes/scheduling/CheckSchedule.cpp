//===- CheckSchedule.cpp - Judge a schedule -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/CheckSchedule.h"

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
  return "";
}

std::string checkSolution(const ScheduleProblem &problem, const ScheduleSolution &solution) {
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
  if (!problem.window && solution.window == 1 && problem.ranks > 1)
    return "window 1 serialises the peers, which nobody asked for";
  return "";
}

} // namespace moec::scheduling
