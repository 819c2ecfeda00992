//===- FairShare.cpp - How fast flows go that share resources -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/FairShare.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace moec::simulator {

static constexpr double unlimited = std::numeric_limits<double>::infinity();
/// Of a flow that fillAll() has not come to.
static constexpr double noRate = -1;
/// Levels and rates that differ by less are equal.
static constexpr double tolerance = 1e-12;

static bool differ(double left, double right) {
  return left != right && !(std::abs(left - right) <= tolerance * std::max(left, right));
}

FairShare::FairShare(std::vector<double> capacities, uint32_t maxUses) : maxUses(maxUses) {
  assert(maxUses > 0 && maxUses < 256);
  resources.resize(capacities.size());
  for (size_t i = 0; i < capacities.size(); ++i) {
    resources[i].capacity = capacities[i];
    resources[i].level = unlimited;
  }
}

void FairShare::markDirty(uint32_t resource) {
  if (resources[resource].isDirty)
    return;
  resources[resource].isDirty = true;
  dirty.push_back(resource);
}

void FairShare::noteLoad(uint32_t resource) {
  if (resources[resource].isLoadNoted)
    return;
  resources[resource].isLoadNoted = true;
  changedLoads.push_back(resource);
}

//===----------------------------------------------------------------------===//
// Coming and going
//===----------------------------------------------------------------------===//

uint32_t FairShare::add(std::span<const Use> flowUses, double weight) {
  assert(!flowUses.empty() && flowUses.size() <= maxUses && weight > 0);
  uint32_t flow = size();
  useCount.push_back(static_cast<uint8_t>(flowUses.size()));
  weights.push_back(weight);
  rates.push_back(0);
  uses.resize(size_t(flow + 1) * maxUses);
  positions.resize(uses.size());
  isWeighted |= weight != 1;
  for (uint32_t use = 0; use < flowUses.size(); ++use) {
    size_t slot = size_t(flow) * maxUses + use;
    uses[slot] = flowUses[use];
    Resource &resource = resources[flowUses[use].resource];
    positions[slot] = static_cast<uint32_t>(resource.flows.size());
    resource.flows.push_back({flow, use});
    resource.demand += weight * flowUses[use].bytesPerByte;
    isWeighted |= flowUses[use].bytesPerByte != 1;
    markDirty(flowUses[use].resource);
  }
  return flow;
}

void FairShare::unlink(uint32_t flow) {
  for (uint32_t use = 0; use < useCount[flow]; ++use) {
    size_t slot = size_t(flow) * maxUses + use;
    Resource &resource = resources[uses[slot].resource];
    resource.load -= rates[flow] * uses[slot].bytesPerByte;
    resource.demand -= weights[flow] * uses[slot].bytesPerByte;
    Link last = resource.flows.back();
    resource.flows[positions[slot]] = last;
    positions[size_t(last.flow) * maxUses + last.use] = positions[slot];
    resource.flows.pop_back();
    if (resource.flows.empty()) // nothing is left but rounding
      resource.load = resource.demand = 0;
    markDirty(uses[slot].resource);
    noteLoad(uses[slot].resource);
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

void FairShare::clearChanges() {
  changed.clear();
  for (uint32_t resource : changedLoads)
    resources[resource].isLoadNoted = false;
  changedLoads.clear();
}

void FairShare::share() {
  if (fillsBeforeMending > 0 || dirty.size() * 8 > resources.size()) {
    fillsBeforeMending -= fillsBeforeMending > 0;
    return fillAll();
  }
  if (mend()) {
    failures = 0;
    return;
  }
  // Where everything hangs together it will fail again.
  fillsBeforeMending = 1u << std::min(++failures, 6u);
  fillAll();
}

//===----------------------------------------------------------------------===//
// A few levels
//===----------------------------------------------------------------------===//

double FairShare::levelElsewhere(const Link &link) const {
  double level = unlimited;
  size_t first = size_t(link.flow) * maxUses;
  for (uint32_t use = 0; use < useCount[link.flow]; ++use)
    if (use != link.use)
      level = std::min(level, resources[uses[first + use].resource].level);
  return level;
}

/// The level of a resource, if the others are right.
double FairShare::solve(const Resource &resource) {
  capped.clear();
  for (const Link &link : resource.flows)
    capped.push_back({levelElsewhere(link), costOf(link)});
  elsewhere.clear();
  for (const Capped &flow : capped)
    elsewhere.push_back(flow.level);
  double left = resource.capacity;
  for (size_t count = capped.size(); count > 0;) {
    double demand = 0;
    for (size_t i = 0; i < count; ++i)
      demand += capped[i].demand;
    double level = std::max(left, 0.0) / demand;
    // Flows that are held back elsewhere leave more to the others.
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      if (capped[i].level < level)
        left -= capped[i].level * capped[i].demand;
      else
        capped[kept++] = capped[i];
    }
    if (kept == count)
      return level;
    count = kept;
  }
  return unlimited;
}

/// After solve() of the same resource.
void FairShare::setLevel(uint32_t number, double level) {
  Resource &resource = resources[number];
  resource.level = level;
  for (size_t i = 0; i < resource.flows.size(); ++i) {
    Link link = resource.flows[i];
    double rate = weights[link.flow] * std::min(level, elsewhere[i]);
    double difference = rate - rates[link.flow];
    if (!differ(rate, rates[link.flow]))
      continue;
    rates[link.flow] = rate;
    changed.push_back(link.flow);
    size_t first = size_t(link.flow) * maxUses;
    for (uint32_t use = 0; use < useCount[link.flow]; ++use) {
      uint32_t otherNumber = uses[first + use].resource;
      Resource &other = resources[otherNumber];
      other.load += difference * uses[first + use].bytesPerByte;
      noteLoad(otherNumber);
      // Where nothing is held back, and nothing needs to be, the level stays.
      bool matters = other.level != unlimited || other.load > other.capacity * (1 + tolerance);
      if (use != link.use && matters)
        markDirty(otherNumber);
    }
  }
}

/// False: filling is cheaper; some levels are wrong.
bool FairShare::mend() {
  // Filling looks at each use once or twice.
  size_t uses = 0, limit = size_t(size()) * maxUses;
  for (size_t next = 0; next < dirty.size(); ++next) {
    uint32_t number = dirty[next];
    uses += resources[number].flows.size() + 1;
    if (uses > limit + 64)
      return false;
    resources[number].isDirty = false;
    setLevel(number, solve(resources[number]));
  }
  dirty.clear();
  return true;
}

//===----------------------------------------------------------------------===//
// All levels
//===----------------------------------------------------------------------===//

/// Of the flows without a rate.
double FairShare::sumDemand(const Resource &resource) const {
  double demand = 0;
  for (const Link &link : resource.flows)
    if (rates[link.flow] == noRate)
      demand += costOf(link);
  return demand;
}

/// All rates rise together; where a resource is full, its flows stay behind.
void FairShare::fillAll() {
  for (uint32_t number : dirty)
    resources[number].isDirty = false;
  dirty.clear();
  changed.resize(size());
  std::iota(changed.begin(), changed.end(), 0u);
  std::fill(rates.begin(), rates.end(), noRate);
  for (uint32_t number = 0; number < resources.size(); ++number) {
    Resource &resource = resources[number];
    resource.level = unlimited;
    resource.load = 0;
    resource.left = resource.capacity;
    resource.leftDemand = resource.demand;
    resource.waiting = static_cast<uint32_t>(resource.flows.size());
    if (isWeighted) // sums of other numbers than 1 gather rounding
      resource.leftDemand = resource.demand = sumDemand(resource);
    noteLoad(number);
  }
  // A round looks at every flow, the heap at every resource several times.
  if (size() < 16 * resources.size())
    fillInRounds();
  fillInOrder();
}

/// The level of a resource if nobody else stayed behind before.
double FairShare::levelOf(Resource &resource) const {
  if (resource.leftDemand < resource.demand * 1e-6) // what is left of a difference
    resource.leftDemand = sumDemand(resource);
  return std::max(resource.left, 0.0) / resource.leftDemand;
}

/// Many at once: a resource is full for good if no flow of its own meets a lower level
/// elsewhere, for levels only rise. Goes on while that settles a good part of the flows.
void FairShare::fillInRounds() {
  open = changed; // all
  roundLevels.resize(resources.size());
  isHeld.resize(resources.size());
  for (size_t before = 2 * open.size(); open.size() * 8 < before * 7 && !open.empty();) {
    before = open.size();
    for (uint32_t number = 0; number < resources.size(); ++number)
      if (resources[number].waiting) {
        roundLevels[number] = levelOf(resources[number]);
        isHeld[number] = false;
      }
    for (uint32_t flow : open) {
      double lowest = unlimited;
      for (const Use &use : usesOf(flow))
        lowest = std::min(lowest, roundLevels[use.resource]);
      lowest *= 1 + tolerance;
      for (const Use &use : usesOf(flow))
        if (roundLevels[use.resource] > lowest)
          isHeld[use.resource] = true;
    }
    size_t kept = 0;
    for (uint32_t flow : open) {
      double level = unlimited;
      for (const Use &use : usesOf(flow))
        if (!isHeld[use.resource]) {
          level = std::min(level, roundLevels[use.resource]);
          resources[use.resource].level = roundLevels[use.resource];
        }
      if (level == unlimited)
        open[kept++] = flow;
      else
        setRate(flow, level);
    }
    open.resize(kept);
  }
}

/// One by one, the lowest level first.
void FairShare::fillInOrder() {
  levels.clear();
  for (uint32_t number = 0; number < resources.size(); ++number)
    if (resources[number].waiting)
      levels.push_back({levelOf(resources[number]), number});
  std::make_heap(levels.begin(), levels.end());
  while (!levels.empty()) {
    std::pop_heap(levels.begin(), levels.end());
    Level &next = levels.back();
    Resource &resource = resources[next.resource];
    if (resource.waiting == 0) {
      levels.pop_back();
      continue;
    }
    // Flows that stayed behind elsewhere leave more to the others: a level only
    // rises, so the heap is put right when an old one comes up.
    double level = levelOf(resource);
    if (level > next.level * (1 + tolerance)) {
      next.level = level;
      std::push_heap(levels.begin(), levels.end());
      continue;
    }
    resource.level = next.level;
    levels.pop_back();
    for (const Link &link : resource.flows)
      if (rates[link.flow] == noRate)
        setRate(link.flow, resource.level);
  }
}

/// The flow stays at this level.
void FairShare::setRate(uint32_t flow, double level) {
  double weight = weights[flow], rate = weight * level;
  rates[flow] = rate;
  for (const Use &use : usesOf(flow)) {
    Resource &resource = resources[use.resource];
    resource.load += rate * use.bytesPerByte;
    resource.left -= rate * use.bytesPerByte;
    resource.leftDemand -= weight * use.bytesPerByte;
    --resource.waiting;
  }
}

} // namespace moec::simulator
