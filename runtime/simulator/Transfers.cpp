//===- Transfers.cpp - Bytes under way ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Transfers.h"

#include <algorithm>
#include <cassert>

namespace moec::simulator {

static std::vector<double> capacitiesOf(const topology::Network &network) {
  std::vector<double> capacities;
  for (const topology::Resource &resource : network.getResources())
    capacities.push_back(resource.bytesPerSecond);
  return capacities;
}

Transfers::Transfers(const topology::Network &network, uint32_t maxUses, double patience)
    : patience(patience), rates(capacitiesOf(network), maxUses),
      usage(network.getResources().size()) {}

void Transfers::begin(TaskId task, std::span<const FairShare::Use> uses, double bytes,
                      double weight) {
  assert(bytes > 0);
  rates.add(uses, weight);
  flows.push_back({.task = task, .remaining = bytes});
  finish.push_back(never);
  ++came;
}

void Transfers::settle(double now) {
  size_t changes = std::max<size_t>(came, ended.size());
  bool isDue = double(changes) > patience * rates.size() || upcoming == soon.size();
  if (changes == 0 || !isDue)
    return;
  rates.clearChanges();
  dropEnded(now);
  rates.share();
  ++shares;
  came = 0;
  takeRates(now);
  findSoon();
}

void Transfers::dropEnded(double now) {
  // From the last: the flow that takes a number is then one that stays.
  std::sort(ended.begin(), ended.end(), std::greater<>());
  for (uint32_t flow : ended) {
    double early = std::max(now - finish[flow], 0.0);
    if (early > 0)
      for (const FairShare::Use &use : rates.usesOf(flow))
        usage.correct(use.resource, early * flows[flow].rate * use.bytesPerByte, now);
    rates.remove(flow);
    flows[flow] = flows.back();
    finish[flow] = finish.back();
    flows.pop_back();
    finish.pop_back();
  }
  ended.clear();
}

void Transfers::takeRates(double now) {
  for (uint32_t number : rates.getChangedFlows()) {
    Progress &flow = flows[number];
    double rate = rates.rate(number);
    flow.remaining = std::max(flow.remaining - flow.rate * (now - flow.since), 0.0);
    flow.rate = rate;
    flow.since = now;
    finish[number] = now + flow.remaining / rate;
  }
  for (uint32_t resource : rates.getChangedLoads())
    usage.setRate(resource, rates.load(resource), now);
}

/// Those that may end before rates change, and all that end with the last of them.
void Transfers::findSoon() {
  soon.clear();
  upcoming = 0;
  if (rates.size() == 0)
    return;
  auto count = static_cast<size_t>(patience * rates.size());
  double last;
  if (count == 0) {
    last = *std::min_element(finish.begin(), finish.end());
  } else {
    sorted = finish;
    std::nth_element(sorted.begin(), sorted.begin() + count, sorted.end());
    last = sorted[count];
  }
  for (uint32_t flow = 0; flow < rates.size(); ++flow)
    if (finish[flow] <= last * (1 + sameMoment))
      soon.push_back(flow);
  std::sort(soon.begin(), soon.end(), [&](uint32_t left, uint32_t right) {
    return finish[left] != finish[right] ? finish[left] < finish[right]
                                         : flows[left].task < flows[right].task;
  });
}

void Transfers::end(double now, std::vector<TaskId> &endedTasks) {
  for (; upcoming < soon.size() && finish[soon[upcoming]] <= now * (1 + sameMoment); ++upcoming) {
    ended.push_back(soon[upcoming]);
    endedTasks.push_back(flows[soon[upcoming]].task);
  }
}

} // namespace moec::simulator
