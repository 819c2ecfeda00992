//===- LoadStart.h - Where the search begins --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of passes/placement: whole placements that keep every promise of the
// problem, made greedily. The search takes each of them further.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_LOADSTART_H
#define MOEC_PASSES_PLACEMENT_LOADSTART_H

#include "passes/placement/LoadProblem.h"

namespace moec {

/// For each expert whether lists or pins say where it is.
std::vector<bool> fixedExperts(const LoadProblem &problem);

/// The node of each group where groups keep to nodes, else nothing.
std::vector<uint32_t> packGroupsOnNodes(const LoadProblem &problem);

/// The placement in force (first, if there is one), the greedy one and that of the
/// published balancer, as far as they keep the promises; nodes and ranks of the two
/// latter are numbered so that little moves. `groupNodes` from packGroupsOnNodes.
std::vector<SlotLists> startPlacements(const LoadProblem &problem,
                                       const std::vector<uint32_t> &groupNodes);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_LOADSTART_H
