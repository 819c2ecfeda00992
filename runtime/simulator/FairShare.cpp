//===- FairShare.cpp - How fast flows go that share resources -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/FairShare.h"

#include <algorithm>
#include <cassert>

namespace moec::simulator {

/// Of a flow that share() has not come to.
static constexpr double noRate = -1;

FairShare::FairShare(std::vector<double> capacities, uint32_t maxUses) : maxUses(maxUses) {
  assert(maxUses > 0 && maxUses < 256);
  resources.resize(capacities.size());
  for (size_t i = 0; i < capacities.size(); ++i)
    resources[i].capacity = capacities[i];
}

uint32_t FairShare::add(std::span<const Use> flowUses, double weight) {
  assert(!flowUses.empty() && flowUses.size() <= maxUses && weight > 0);
  uint32_t flow = size();
  useCount.push_back(static_cast<uint8_t>(flowUses.size()));
  weights.push_back(weight);
  rates.push_back(0);
  uses.resize(size_t(flow + 1) * maxUses);
  positions.resize(uses.size());
  for (uint32_t use = 0; use < flowUses.size(); ++use) {
    size_t slot = size_t(flow) * maxUses + use;
    uses[slot] = flowUses[use];
    std::vector<Link> &list = resources[flowUses[use].resource].flows;
    positions[slot] = static_cast<uint32_t>(list.size());
    list.push_back({flow, use});
  }
  return flow;
}

void FairShare::unlink(uint32_t flow) {
  for (uint32_t use = 0; use < useCount[flow]; ++use) {
    size_t slot = size_t(flow) * maxUses + use;
    std::vector<Link> &list = resources[uses[slot].resource].flows;
    Link last = list.back();
    list[positions[slot]] = last;
    positions[size_t(last.flow) * maxUses + last.use] = positions[slot];
    list.pop_back();
  }
}

void FairShare::relink(uint32_t from, uint32_t to) {
  useCount[to] = useCount[from];
  weights[to] = weights[from];
  rates[to] = rates[from];
  for (uint32_t use = 0; use < useCount[from]; ++use) {
    size_t source = size_t(from) * maxUses + use, target = size_t(to) * maxUses + use;
    uses[target] = uses[source];
    positions[target] = positions[source];
    resources[uses[target].resource].flows[positions[target]].flow = to;
  }
}

void FairShare::remove(uint32_t flow) {
  unlink(flow);
  uint32_t last = size() - 1;
  if (flow != last)
    relink(last, flow);
  useCount.pop_back();
  weights.pop_back();
  rates.pop_back();
  uses.resize(size_t(last) * maxUses);
  positions.resize(uses.size());
}

/// Of the flows without a rate.
double FairShare::demandOf(const Resource &resource) const {
  double demand = 0;
  for (const Link &link : resource.flows)
    if (rates[link.flow] == noRate)
      demand += weights[link.flow] * uses[size_t(link.flow) * maxUses + link.use].bytesPerByte;
  return demand;
}

void FairShare::begin() {
  levels.clear();
  std::fill(rates.begin(), rates.end(), noRate);
  for (uint32_t number = 0; number < resources.size(); ++number) {
    Resource &resource = resources[number];
    if (resource.flows.empty())
      continue;
    resource.left = resource.capacity;
    resource.waiting = static_cast<uint32_t>(resource.flows.size());
    resource.allDemand = resource.demand = demandOf(resource);
    levels.push_back({resource.left / resource.demand, number});
  }
  std::make_heap(levels.begin(), levels.end());
}

/// Flows of a full resource keep the level that all have reached.
void FairShare::fill(Resource &resource, double level) {
  for (const Link &link : resource.flows) {
    if (rates[link.flow] != noRate)
      continue;
    double weight = weights[link.flow];
    rates[link.flow] = weight * level;
    for (const Use &use : usesOf(link.flow)) {
      Resource &other = resources[use.resource];
      other.left -= rates[link.flow] * use.bytesPerByte;
      other.demand -= weight * use.bytesPerByte;
      --other.waiting;
    }
  }
}

void FairShare::share() {
  begin();
  while (!levels.empty()) {
    std::pop_heap(levels.begin(), levels.end());
    Level &next = levels.back();
    Resource &resource = resources[next.resource];
    if (resource.waiting == 0) {
      levels.pop_back();
      continue;
    }
    if (resource.demand < resource.allDemand * 1e-6) // what is left of a difference
      resource.allDemand = resource.demand = demandOf(resource);
    // Flows that stayed behind elsewhere leave more to the others: a level only
    // rises, so the heap is put right when an old one comes up.
    double level = std::max(resource.left, 0.0) / resource.demand;
    if (level > next.level * (1 + 1e-12)) {
      next.level = level;
      std::push_heap(levels.begin(), levels.end());
      continue;
    }
    level = next.level;
    levels.pop_back();
    fill(resource, level);
  }
}

} // namespace moec::simulator
