//===- Multicast.cpp - Everything to everybody, at once -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Multicast.h"

#include "passes/scheduling/StaggeredPut.h"

namespace moec::scheduling {

// As for staggered puts, which the way back consists of. Sums that the switch reads may
// be overwritten when their source has multicast the next step's tokens: it did so after
// it had read them.
ScheduleSolution solveMulticast(const ScheduleProblem &problem) {
  ScheduleSolution solution = solveStaggeredPut(problem);
  solution.algorithm = Algorithm::Multicast;
  if (problem.combine == Combine::Switch && !problem.window)
    solution.window = 0; // one pull, no puts on the way back
  return solution;
}

} // namespace moec::scheduling
