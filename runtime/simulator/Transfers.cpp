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
  tasks.push_back(task);
  remaining.push_back(bytes);
  finish.push_back(never);
  ++changes;
}

void Transfers::settle(double now) {
  bool isDue = changes > 0 && double(changes) > patience * rates.size();
  if (!isDue && upcoming < soon.size())
    return;
  if (changes == 0 && rates.size() == 0)
    return;
  advance(now);
  dropEnded();
  rates.share();
  ++shares;
  changes = 0;
  for (uint32_t flow = 0; flow < rates.size(); ++flow)
    finish[flow] = now + remaining[flow] / rates.rate(flow);
  findSoon();
}

void Transfers::advance(double now) {
  for (uint32_t flow = 0; flow < rates.size(); ++flow) {
    double moved = std::min(rates.rate(flow) * (std::min(now, finish[flow]) - since),
                            remaining[flow]);
    remaining[flow] -= moved;
    for (const FairShare::Use &use : rates.usesOf(flow))
      usage.carry(use.resource, moved * use.bytesPerByte);
  }
  usage.advance(now);
  since = now;
}

void Transfers::dropEnded() {
  // From the last: the flow that takes a number is then one that stays.
  std::sort(ended.begin(), ended.end(), std::greater<>());
  for (uint32_t flow : ended) {
    rates.remove(flow);
    tasks[flow] = tasks.back();
    remaining[flow] = remaining.back();
    tasks.pop_back();
    remaining.pop_back();
  }
  ended.clear();
  finish.resize(tasks.size());
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
                                         : tasks[left] < tasks[right];
  });
}

void Transfers::end(double now, std::vector<TaskId> &endedTasks) {
  for (; upcoming < soon.size() && finish[soon[upcoming]] <= now * (1 + sameMoment); ++upcoming) {
    ended.push_back(soon[upcoming]);
    endedTasks.push_back(tasks[soon[upcoming]]);
    ++changes;
  }
}

} // namespace moec::simulator
