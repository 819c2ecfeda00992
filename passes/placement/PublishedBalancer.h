//===- PublishedBalancer.h - The balancer that the field uses ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `rebalance_experts` of deepseek-ai/EPLB (eplb.py, d52c72d, 2025-03) answers,
// to compare with. Three greedy steps: pack groups onto nodes, replicate the
// hottest expert of a node, pack replicas onto GPUs. It knows no links, no cost of
// moving and no memory; every GPU gets the same number of slots, and may get an
// expert twice.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_PUBLISHEDBALANCER_H
#define MOEC_PASSES_PLACEMENT_PUBLISHEDBALANCER_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec {

struct BalancerSizes {
  uint32_t replicas = 0; ///< physical experts: slots of all GPUs
  uint32_t groups = 1, nodes = 1, gpus = 1;
};

/// "" if the balancer takes these sizes, else what it asks for.
std::string checkBalancerSizes(uint32_t experts, const BalancerSizes &sizes);

/// The logical expert of each physical one, GPU by GPU (`physical_to_logical_map`).
/// In f32, as torch computes it; of equals the first wins.
std::vector<uint32_t> publishedBalance(const std::vector<double> &loads,
                                       const BalancerSizes &sizes);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_PUBLISHEDBALANCER_H
