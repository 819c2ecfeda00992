//===- Order.cpp - What happened before what -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Order.h"

#include "runtime/backends/emulator/Grid.h"

#include <algorithm>

namespace moec::rt::emulator {

static constexpr Proxy allProxies[] = {Proxy::Generic, Proxy::AsyncGlobal, Proxy::AsyncShared};

// --- Clock -----------------------------------------------------------------------

Clock::Clock(uint32_t warps, uint32_t moment) : warps(warps), moments(size_t(9) * warps, 0) {
  for (Proxy proxy : allProxies)
    std::fill_n(row(proxy), warps, moment);
}

void Clock::join(const Clock &other, bool withAgents) {
  for (Proxy proxy : allProxies) {
    uint32_t *__restrict mine = row(proxy);
    const uint32_t *__restrict theirs = other.row(proxy);
    const uint32_t n = warps;
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t all = std::max(mine[i], theirs[i]);
      const uint32_t some = mine[n + i], otherSome = theirs[n + i];
      // Lanes of a moment that all lanes have passed say nothing any more.
      const uint32_t lanes =
          (some > all ? mine[2 * n + i] : 0) | (otherSome > all ? theirs[2 * n + i] : 0);
      mine[i] = all;
      mine[n + i] = std::max(some, otherSome);
      mine[2 * n + i] = lanes;
    }
  }
  if (withAgents)
    for (uint32_t i = 0; i < agentCount; ++i)
      agents[i] = std::max(agents[i], other.agents[i]);
}

void Clock::addLane(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment) {
  uint32_t *at = row(proxy) + warp;
  if (at[0] >= moment)
    return;
  if (at[warps] <= at[0])
    at[2 * warps] = 0;
  at[warps] = std::max(at[warps], moment);
  at[2 * warps] |= 1u << lane;
}

void Clock::addWarp(Proxy proxy, uint32_t warp, uint32_t moment) {
  uint32_t &all = row(proxy)[warp];
  all = std::max(all, moment);
}

void Clock::fence(Proxy proxy) { std::copy_n(row(Proxy::Generic), 3 * warps, row(proxy)); }

// --- Order -----------------------------------------------------------------------

Order::Order(uint32_t warps, uint32_t moment)
    : start(moment + 1), initial(std::make_shared<Clock>(warps, moment)) {}

void Order::begin(Thread &thread) { thread.order = {initial, start - 1, start - 1, {}, {}, {}}; }
void Order::begin(Warp &warp) const { warp.order.moment = start; }

uint32_t Order::moment(const Thread &thread) { return thread.warp->order.moment; }
void Order::pass(Thread &thread) { ++thread.warp->order.moment; }

void Order::addSelf(const Thread &thread, Clock &clock) const {
  const uint32_t warp = thread.warp->number;
  clock.addLane(Proxy::Generic, warp, thread.lane, moment(thread));
  clock.addLane(Proxy::AsyncGlobal, warp, thread.lane, thread.order.fencedGlobal);
  clock.addLane(Proxy::AsyncShared, warp, thread.lane, thread.order.fencedShared);
}

void Order::publish(Thread &thread, Meeting &meeting) {
  if (!meeting.gathering)
    meeting.gathering = std::make_shared<Clock>(*thread.order.known);
  else if (meeting.lastJoined != thread.order.known)
    meeting.gathering->join(*thread.order.known, true);
  meeting.lastJoined = thread.order.known;
  addSelf(thread, *meeting.gathering);
  pass(thread);
}

void Order::release(Meeting &meeting) {
  meeting.released = std::move(meeting.gathering);
  meeting.gathering.reset();
  meeting.lastJoined.reset();
  meeting.memoInput.reset();
  meeting.memoResult.reset();
}

void Order::acquire(Thread &thread, Meeting &meeting) {
  if (!meeting.released || meeting.released == thread.order.known)
    return;
  if (meeting.memoInput != thread.order.known) {
    auto joined = std::make_shared<Clock>(*thread.order.known);
    joined->join(*meeting.released, true);
    meeting.memoInput = thread.order.known;
    meeting.memoResult = std::move(joined);
  }
  thread.order.known = meeting.memoResult;
}

void Order::acquire(Thread &thread, const ClockRef &clock, bool sameCta) {
  if (!clock || clock == thread.order.known)
    return;
  auto joined = std::make_shared<Clock>(*thread.order.known);
  joined->join(*clock, sameCta);
  thread.order.known = std::move(joined);
}

ClockRef Order::snapshot(Thread &thread) {
  auto clock = std::make_shared<Clock>(*thread.order.known);
  addSelf(thread, *clock);
  pass(thread);
  return clock;
}

void Order::syncWarp(Warp &warp, uint32_t lanes) {
  std::shared_ptr<Clock> joined;
  const Clock *last = nullptr;
  for (uint32_t lane = 0; lane < warpThreads; ++lane) {
    if (!(lanes >> lane & 1))
      continue;
    Thread &thread = warp.lanes[lane];
    if (!joined)
      joined = std::make_shared<Clock>(*thread.order.known);
    else if (last != thread.order.known.get())
      joined->join(*thread.order.known, true);
    last = thread.order.known.get();
    addSelf(thread, *joined);
  }
  // The others have exited or stand apart; of the former all is done, the latter's
  // accesses stay their own.
  uint32_t present = 0;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    present |= uint32_t(warp.lanes[lane].waitKind != WaitKind::Ended) << lane;
  if ((present & ~lanes) == 0)
    joined->addWarp(Proxy::Generic, warp.number, warp.order.moment);
  ++warp.order.moment;
  ClockRef shared = std::move(joined);
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (lanes >> lane & 1)
      warp.lanes[lane].order.known = shared;
}

void Order::fenceProxy(Thread &thread, bool global, bool shared) {
  auto clock = std::make_shared<Clock>(*thread.order.known);
  if (global) {
    clock->fence(Proxy::AsyncGlobal);
    thread.order.fencedGlobal = moment(thread);
  }
  if (shared) {
    clock->fence(Proxy::AsyncShared);
    thread.order.fencedShared = moment(thread);
  }
  thread.order.known = std::move(clock);
  pass(thread);
}

void Order::fence(Thread &thread, Scope scope) {
  if (thread.order.unfenced) {
    acquire(thread, thread.order.unfenced, false);
    thread.order.unfenced.reset();
  }
  thread.order.fenced = snapshot(thread);
  thread.order.fencedScope = scope;
}

void Order::learnAgent(Thread &thread, uint32_t agent, uint32_t count) {
  if (thread.order.known->agent(agent) >= count)
    return;
  auto clock = std::make_shared<Clock>(*thread.order.known);
  clock->addAgent(agent, count);
  thread.order.known = std::move(clock);
}

bool Order::knows(const Thread &thread, Proxy proxy, uint32_t otherThread, uint32_t moment) const {
  if (moment < start)
    return true; // an earlier launch
  if (otherThread == thread.number) {
    switch (proxy) {
    case Proxy::Generic:
      return true;
    case Proxy::AsyncGlobal:
      return moment <= thread.order.fencedGlobal;
    case Proxy::AsyncShared:
      return moment <= thread.order.fencedShared;
    }
  }
  return thread.order.known->knows(proxy, otherThread / warpThreads, otherThread % warpThreads,
                                   moment);
}

bool Order::knowsAgent(const Thread &thread, uint32_t agent, uint32_t count) const {
  return thread.order.known->agent(agent) >= count;
}

} // namespace moec::rt::emulator
