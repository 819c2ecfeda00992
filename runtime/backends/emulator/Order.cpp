//===- Order.cpp - What happened before what -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Order.h"

#include "runtime/backends/emulator/Grid.h"

#include <algorithm>

namespace moec::rt::emulator {

Order::Order(uint32_t ctas, uint32_t warpsPerCta, uint32_t moment)
    : start(moment + 1), initial(std::make_shared<Clock>(ctas, warpsPerCta, moment)) {}

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
  const bool isJoined = std::find(meeting.joined.begin(), meeting.joined.end(),
                                  thread.order.known) != meeting.joined.end();
  if (!meeting.gathering)
    meeting.gathering = std::make_shared<Clock>(*thread.order.known);
  else if (!isJoined)
    meeting.gathering->join(*thread.order.known, true);
  if (!isJoined)
    meeting.joined.push_back(thread.order.known);
  addSelf(thread, *meeting.gathering);
  pass(thread);
}

void Order::release(Meeting &meeting) {
  meeting.released = std::move(meeting.gathering);
  meeting.gathering.reset();
  meeting.joined.clear();
  ++meeting.phase;
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

void Order::acquireOwn(Thread &thread, Meeting &meeting, uint64_t phase) {
  // What it knows is part of what was gathered, unless others have met again meanwhile.
  if (meeting.phase == phase + 1)
    thread.order.known = meeting.released;
  else
    acquire(thread, meeting);
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

template <typename Change> void Order::learn(Thread &thread, uint64_t deed, Change change) {
  WarpOrder &warp = thread.warp->order;
  if (warp.memoInput != thread.order.known || warp.memoDeed != deed) {
    auto clock = std::make_shared<Clock>(*thread.order.known);
    change(*clock);
    warp.memoInput = thread.order.known;
    warp.memoDeed = deed;
    warp.memoResult = std::move(clock);
  }
  thread.order.known = warp.memoResult;
}

void Order::fenceProxy(Thread &thread, bool global, bool shared) {
  learn(thread, uint64_t{global} | uint64_t{shared} << 1, [&](Clock &clock) {
    if (global)
      clock.fence(Proxy::AsyncGlobal);
    if (shared)
      clock.fence(Proxy::AsyncShared);
  });
  if (global)
    thread.order.fencedGlobal = moment(thread);
  if (shared)
    thread.order.fencedShared = moment(thread);
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
  if (thread.order.known->agent(agent) < count)
    learn(thread, uint64_t{agent + 1} << 32 | count,
          [&](Clock &clock) { clock.addAgent(agent, count); });
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
