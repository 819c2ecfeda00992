//===- LinearPlacement.cpp - Contiguous runs of experts -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"

namespace moec {

std::vector<std::vector<uint32_t>> dealLinear(const std::vector<uint32_t> &experts,
                                              uint32_t ranks) {
  // The first size % ranks ranks have one more than the others.
  size_t share = experts.size() / ranks, longer = experts.size() % ranks, next = 0;
  std::vector<std::vector<uint32_t>> dealt(ranks);
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    size_t size = share + (rank < longer ? 1 : 0);
    dealt[rank].assign(experts.begin() + next, experts.begin() + next + size);
    next += size;
  }
  return dealt;
}

} // namespace moec
