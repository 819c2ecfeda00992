//===- TwoTier.cpp - Once to each node, then to its ranks -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/TwoTier.h"

#include "passes/scheduling/StaggeredPut.h"

#include <algorithm>

namespace moec::scheduling {

ScheduleSolution solveTwoTier(const ScheduleProblem &problem) {
  ScheduleSolution solution;
  solution.algorithm = Algorithm::TwoTier;
  solution.combine = problem.combine;
  solution.ratesBySize = problem.ratesBySize;
  solution.chunks = problem.chunks;
  solution.sprays = problem.sprays;
  // The longer of the two tiers' lists of peers decides.
  uint32_t lanes = problem.ranks / problem.nodes;
  chooseWindow(problem, std::max(problem.nodes, lanes), solution);
  // What a source's rank on a node holds for it is free again when the node's answer is
  // back at the source, and the ranks behind have answered before that.
  solution.depth = problem.depth.value_or(1);
  return solution;
}

} // namespace moec::scheduling
