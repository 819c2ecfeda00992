//===- BirkhoffStages.cpp - Nodes one to one, stage by stage --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/BirkhoffStages.h"

#include "passes/scheduling/TwoTier.h"

#include <algorithm>

namespace moec::scheduling {

/// More stages hide more of what NVLink does before and behind the rails, and cost flags
/// (test/bench/exchange). One or two ranks a node have little to spread.
static uint32_t stagesFor(uint32_t nodes, uint32_t lanes) {
  return lanes > 2 ? 32 : std::max(nodes, 4u);
}

ScheduleSolution solveBirkhoff(const ScheduleProblem &problem) {
  ScheduleSolution solution = solveTwoTier(problem); // the same window, the same reuse
  solution.algorithm = Algorithm::Birkhoff;
  solution.stages =
      problem.stages.value_or(stagesFor(problem.nodes, problem.ranks / problem.nodes));
  return solution;
}

} // namespace moec::scheduling
