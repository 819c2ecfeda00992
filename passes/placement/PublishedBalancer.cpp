//===- PublishedBalancer.cpp - Replicate the hottest, pack evenly ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PublishedBalancer.h"

#include <algorithm>
#include <numeric>

namespace moec {
namespace {

/// Where each object went: its pack, and the how-manieth of the pack it is.
struct Packing {
  std::vector<uint32_t> pack, position;
};

/// Heaviest first into the lightest pack that is not full; all packs end equally
/// full.
Packing packEvenly(const std::vector<float> &weights, uint32_t packs) {
  size_t count = weights.size(), room = count / packs;
  Packing packing{std::vector<uint32_t>(count), std::vector<uint32_t>(count)};
  if (room == 1) { // left in order
    std::iota(packing.pack.begin(), packing.pack.end(), 0);
    return packing;
  }
  std::vector<uint32_t> order(count), items(packs);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
  });
  std::vector<float> sums(packs);
  for (uint32_t object : order) {
    uint32_t lightest = packs;
    for (uint32_t pack = 0; pack < packs; ++pack)
      if (items[pack] < room && (lightest == packs || sums[pack] < sums[lightest]))
        lightest = pack;
    packing.pack[object] = lightest;
    packing.position[object] = items[lightest]++;
    sums[lightest] += weights[object];
  }
  return packing;
}

/// The expert of each replica: one of each first, then again and again the one
/// whose copies have most to do. `counts` are the copies.
std::vector<uint32_t> replicateHottest(const std::vector<float> &weights, size_t replicas,
                                       std::vector<uint32_t> &counts) {
  std::vector<uint32_t> experts(weights.size());
  std::iota(experts.begin(), experts.end(), 0);
  counts.assign(weights.size(), 1);
  while (experts.size() < replicas) {
    uint32_t hottest = 0;
    for (uint32_t expert = 1; expert < weights.size(); ++expert)
      if (weights[expert] / float(counts[expert]) > weights[hottest] / float(counts[hottest]))
        hottest = expert;
    experts.push_back(hottest);
    ++counts[hottest];
  }
  return experts;
}

/// The experts of each node, in the order of its groups.
std::vector<std::vector<uint32_t>> packGroups(const std::vector<float> &weights,
                                              const BalancerSizes &sizes) {
  uint32_t groupSize = weights.size() / sizes.groups;
  std::vector<float> ofGroup(sizes.groups);
  for (uint32_t group = 0; group < sizes.groups; ++group)
    for (uint32_t i = 0; i < groupSize; ++i)
      ofGroup[group] += weights[group * groupSize + i];
  Packing packing = packEvenly(ofGroup, sizes.nodes);
  std::vector<std::vector<uint32_t>> nodes(sizes.nodes,
                                           std::vector<uint32_t>(weights.size() / sizes.nodes));
  for (uint32_t group = 0; group < sizes.groups; ++group)
    for (uint32_t i = 0; i < groupSize; ++i)
      nodes[packing.pack[group]][packing.position[group] * groupSize + i] = group * groupSize + i;
  return nodes;
}

} // namespace

std::string checkBalancerSizes(uint32_t experts, const BalancerSizes &sizes) {
  auto multiple = [](const char *what, uint32_t of, const char *divisor, uint32_t by) {
    return by == 0 || of % by != 0 ? std::string(what) + " a multiple of " + divisor + ", not " +
                                         std::to_string(of) + " of " + std::to_string(by)
                                   : std::string();
  };
  if (std::string fault = multiple("slots", sizes.replicas, "gpus", sizes.gpus); !fault.empty())
    return fault;
  if (std::string fault = multiple("gpus", sizes.gpus, "nodes", sizes.nodes); !fault.empty())
    return fault;
  if (std::string fault = multiple("experts", experts, "groups", sizes.groups); !fault.empty())
    return fault;
  return sizes.replicas < experts ? "a slot for every expert" : "";
}

std::vector<uint32_t> publishedBalance(const std::vector<double> &loads,
                                       const BalancerSizes &asked) {
  std::vector<float> weights(loads.begin(), loads.end());
  BalancerSizes sizes = asked;
  if (sizes.groups % sizes.nodes != 0) // the global policy
    sizes.groups = sizes.nodes = 1;
  uint32_t replicasOfNode = sizes.replicas / sizes.nodes, gpusOfNode = sizes.gpus / sizes.nodes;
  uint32_t slots = sizes.replicas / sizes.gpus;
  std::vector<uint32_t> result;
  for (const std::vector<uint32_t> &experts : packGroups(weights, sizes)) {
    std::vector<float> ofExpert, ofReplica;
    for (uint32_t expert : experts)
      ofExpert.push_back(weights[expert]);
    std::vector<uint32_t> counts;
    std::vector<uint32_t> replicas = replicateHottest(ofExpert, replicasOfNode, counts);
    for (uint32_t expert : replicas)
      ofReplica.push_back(ofExpert[expert] / float(counts[expert]));
    Packing packing = packEvenly(ofReplica, gpusOfNode);
    std::vector<uint32_t> ofNode(replicasOfNode);
    for (uint32_t i = 0; i < replicas.size(); ++i)
      ofNode[packing.pack[i] * slots + packing.position[i]] = experts[replicas[i]];
    result.insert(result.end(), ofNode.begin(), ofNode.end());
  }
  return result;
}

} // namespace moec
