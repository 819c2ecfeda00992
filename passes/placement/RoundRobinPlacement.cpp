//===- RoundRobinPlacement.cpp - One expert after the other ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"

namespace moec {

std::vector<std::vector<uint32_t>> dealRoundRobin(const std::vector<uint32_t> &experts,
                                                  uint32_t ranks) {
  std::vector<std::vector<uint32_t>> dealt(ranks);
  for (size_t i = 0; i < experts.size(); ++i)
    dealt[i % ranks].push_back(experts[i]);
  return dealt;
}

} // namespace moec
