//===- StaggeredPut.cpp - Decide how an exchange is scheduled -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/StaggeredPut.h"

namespace moec::scheduling {

uint32_t getMinimalDepth(const ScheduleProblem &problem) {
  // A rank puts for step n + 1 after its sum of step n, hence after every peer's
  // return flag, which the peer sends when it has read the region. Without a
  // return path a flag only says that the peer sent its own rows: a rank may be
  // one step ahead of a reader.
  bool acknowledged = problem.serialSteps && problem.bytesPerReturnedRow != 0;
  return acknowledged ? 1 : 2;
}

uint32_t getWindow(const ScheduleProblem &problem, uint32_t peers) {
  return peers > defaultWindow && !problem.ratesBySize ? defaultWindow : 0;
}

void chooseWindow(const ScheduleProblem &problem, uint32_t peers, ScheduleSolution &solution) {
  solution.eachPeer = problem.chunks > 1 && !problem.window;
  solution.window = solution.eachPeer ? 1 : problem.window.value_or(getWindow(problem, peers));
}

ScheduleSolution solveStaggeredPut(const ScheduleProblem &problem) {
  ScheduleSolution solution;
  solution.algorithm = Algorithm::StaggeredPut;
  solution.combine = problem.combine;
  solution.ratesBySize = problem.ratesBySize;
  solution.pipelinesExperts = problem.pipelinesExperts;
  solution.copyEngine = problem.copyEngine;
  solution.crossByHost = problem.crossByHost;
  solution.window = problem.window.value_or(getWindow(problem, problem.ranks));
  solution.depth = problem.depth.value_or(getMinimalDepth(problem));
  return solution;
}

} // namespace moec::scheduling
