//===- Staged.cpp - Once to each host bridge, then to its GPUs ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Staged.h"

#include "passes/scheduling/StaggeredPut.h"

namespace moec::scheduling {

ScheduleSolution solveStaged(const ScheduleProblem &problem) {
  ScheduleSolution solution;
  solution.algorithm = Algorithm::Staged;
  solution.combine = problem.combine;
  solution.ratesBySize = problem.ratesBySize;
  solution.groups = problem.groups;
  solution.crossByHost = problem.crossByHost;
  solution.chunks = problem.chunks;
  chooseWindow(problem, problem.ranks / problem.groups, solution);
  solution.depth = problem.depth.value_or(1); // as for two tiers
  return solution;
}

std::string checkStaged(const ScheduleProblem &problem) {
  if (problem.nodes > 1)
    return "staged is for one machine: on " + std::to_string(problem.nodes) +
           " nodes two_tier does the same over their link";
  if (problem.groups < 2)
    return "staged needs a machine whose sockets or host bridges hold equal runs of its GPUs, "
           "more than one of them in use";
  if (problem.groups == problem.ranks)
    return "staged needs more than one GPU a host bridge: with one, staggered puts do the same";
  if (problem.bytesPerReturnedRow == 0 || !problem.serialSteps)
    return "staged needs rows that come back and serial steps";
  return "";
}

} // namespace moec::scheduling
