//===- ScheduleProblem.cpp - What a schedule is asked for -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ScheduleProblem.h"

#include "passes/scheduling/BirkhoffStages.h"
#include "passes/scheduling/Multicast.h"
#include "passes/scheduling/Staged.h"
#include "passes/scheduling/StaggeredPut.h"
#include "passes/scheduling/TwoTier.h"

namespace moec::scheduling {

const char *nameOf(Algorithm algorithm) {
  switch (algorithm) {
  case Algorithm::StaggeredPut:
    return "staggered";
  case Algorithm::TwoTier:
    return "two_tier";
  case Algorithm::Staged:
    return "staged";
  case Algorithm::Multicast:
    return "multicast";
  case Algorithm::Birkhoff:
    return "birkhoff";
  }
  return "";
}

const char *nameOf(Combine combine) {
  switch (combine) {
  case Combine::Rows:
    return "rows";
  case Combine::Partial:
    return "partial";
  case Combine::Switch:
    return "switch";
  }
  return "";
}

std::string ScheduleSolution::print(const std::string &layer) const {
  std::string text = "schedule for " + layer + " {\n  algorithm " + nameOf(algorithm) + "\n";
  if (!eachPeer)                                         // which no statement asks for
    text += "  window " + std::to_string(window) + "\n"; // 0: all peers at once
  text += "  depth " + std::to_string(depth) + "\n";
  if (combine != Combine::Rows)
    text += std::string("  combine ") + nameOf(combine) + "\n";
  if (ratesBySize)
    text += "  rates sizes\n";
  if (pipelinesExperts)
    text += "  pipeline experts\n";
  if (chunks > 1)
    text += "  chunks " + std::to_string(chunks) + "\n";
  if (sprays)
    text += "  spray lanes\n";
  if (copyEngine)
    text += "  engine copy\n";
  if (crossByHost)
    text += "  cross by host\n";
  return text + "}\n";
}

// Where the machine is known, candidates have been costed before (Candidates.h).
ScheduleSolution solveSchedule(const ScheduleProblem &problem) {
  switch (problem.algorithm.value_or(Algorithm::StaggeredPut)) {
  case Algorithm::StaggeredPut:
    return solveStaggeredPut(problem);
  case Algorithm::TwoTier:
    return solveTwoTier(problem);
  case Algorithm::Multicast:
    return solveMulticast(problem);
  case Algorithm::Staged:
    return solveStaged(problem);
  case Algorithm::Birkhoff:
    return solveBirkhoff(problem);
  }
  return {};
}

} // namespace moec::scheduling
