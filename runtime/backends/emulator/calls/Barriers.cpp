//===- Barriers.cpp - mbarriers and named barriers -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/calls/Barriers.h"

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Warps.h"

#include <bit>
#include <cstring>

namespace moec::rt::emulator {

// --- mbarriers -------------------------------------------------------------------

/// What the memory of an mbarrier holds here: whoever writes over it is found out.
static constexpr uint64_t markOf(uint64_t address) { return address ^ 0x6d62617272696572ull; }
static constexpr int64_t maxBytes = (1 << 20) - 1;
static constexpr uint32_t maxArrivals = (1 << 20) - 1;

static uint64_t &wordAt(uint64_t address) { return *reinterpret_cast<uint64_t *>(address); }

bool holdsMark(uint64_t address) { return wordAt(address) == markOf(address); }

static void initialize(Engine &engine, uint64_t address, uint32_t count) {
  Cta &cta = *engine.current->cta;
  engine.check(*engine.current,
               {.address = address, .bytes = 8, .isWrite = true, .site = engine.current->site},
               "initializes an mbarrier at");
  const uint64_t offset = address - cta.shared;
  if (offset % 8 != 0)
    engine.fail("an mbarrier must be aligned to 8 bytes");
  if (count == 0 || count > maxArrivals)
    engine.fail(concat("an mbarrier cannot expect ", count, " arrivals"));
  uint16_t &index = cta.mbarrierAt[offset / 8];
  if (index != 0 && cta.mbarriers[index - 1].isValid)
    engine.fail(concat("the mbarrier at shared byte ", offset - windowStart,
                       " is initialized again without mbarrier.inval, first by ",
                       engine.where(*engine.current, cta.mbarriers[index - 1].site)));
  if (index == 0) {
    cta.mbarriers.emplace_back();
    index = static_cast<uint16_t>(cta.mbarriers.size());
    cta.mbarriers.back().index = index - 1u;
  }
  Mbarrier &barrier = cta.mbarriers[index - 1];
  barrier.address = address;
  barrier.isValid = true;
  barrier.expected = barrier.pending = count;
  barrier.bytes = 0;
  barrier.copiesInFlight = 0;
  barrier.phase += barrier.phase & 1; // parities start over
  barrier.site = engine.current->site;
  wordAt(address) = markOf(address);
}

/// Every other use: its initialization must be known to the thread.
static Mbarrier &use(Engine &engine, uint64_t address) {
  Mbarrier &barrier = engine.mbarrier(address);
  engine.check(*engine.current,
               {.address = address, .bytes = 8, .isAtomic = true, .site = engine.current->site},
               "uses an mbarrier at");
  return barrier;
}

static void completePhase(Engine &engine, Mbarrier &barrier) {
  if (barrier.pending != 0 || barrier.bytes != 0)
    return;
  if (barrier.copiesInFlight != 0)
    engine.fail(concat("a phase of the mbarrier at ", engine.memory.describe(barrier.address),
                       " completes while ", barrier.copiesInFlight,
                       " copies on it are under way: it expects too few bytes"));
  engine.progress();
  ++barrier.phase;
  barrier.pending = barrier.expected;
  if (engine.order) {
    if (barrier.meeting.gathering)
      barrier.meeting.gathering->addAgent(agentOf(barrier), uint32_t(barrier.phase));
    engine.order->release(barrier.meeting);
  }
  engine.wake(barrier.waiting);
}

static void arrive(Engine &engine, Mbarrier &barrier, uint32_t count) {
  if (count > barrier.pending)
    engine.fail(concat("over-arrival: ", barrier.pending, " of ", barrier.expected,
                       " arrivals are missing at the mbarrier at ",
                       engine.memory.describe(barrier.address), ", ", count, " more come"));
  barrier.pending -= count;
  if (engine.order)
    engine.order->publish(*engine.current, barrier.meeting);
}

static void expect(Engine &engine, Mbarrier &barrier, uint32_t bytes) {
  barrier.bytes += bytes;
  if (barrier.bytes > maxBytes)
    engine.fail(concat("the mbarrier at ", engine.memory.describe(barrier.address), " expects ",
                       barrier.bytes, " bytes, at most ", maxBytes, " are possible"));
}

void completeBytes(Engine &engine, Mbarrier &barrier, const Copy &copy) {
  barrier.bytes -= int64_t(copy.bytes);
  --barrier.copiesInFlight;
  if (barrier.bytes < -maxBytes)
    engine.failAt(*copy.owner, copy.site, "more bytes arrive than the mbarrier can count");
  if (barrier.pending == 0 && barrier.bytes < 0)
    engine.failAt(*copy.owner, copy.site,
                  concat("the mbarrier at ", engine.memory.describe(barrier.address),
                         " gets more bytes than it expects in this phase, by ", -barrier.bytes));
  completePhase(engine, barrier);
}

static bool isDone(const Mbarrier &barrier, uint32_t parity) {
  return (barrier.phase & 1) != (parity & 1);
}

// --- Named barriers --------------------------------------------------------------

static uint32_t arrivedThreads(const NamedBarrier &barrier, const Cta &cta) {
  uint32_t threads = 0;
  for (size_t w = 0; w < cta.warps.size(); ++w)
    if (barrier.lanes[w] != 0 && (cta.warps[w].live & ~barrier.lanes[w]) == 0)
      threads += warpThreads;
  return threads;
}

static void completeIfAll(Engine &engine, NamedBarrier &barrier, const Cta &cta) {
  if (!barrier.isOpen)
    return;
  uint32_t expected = barrier.expected, arrived = arrivedThreads(barrier, cta);
  if (barrier.isWhole)
    for (size_t w = 0; w < cta.warps.size(); ++w)
      if (cta.warps[w].live == 0 && barrier.lanes[w] == 0)
        expected -= warpThreads; // a warp that has exited is waited for no more
  if (arrived < expected)
    return;
  engine.progress();
  barrier.isOpen = false;
  barrier.lanes.fill(0);
  if (engine.order)
    engine.order->release(barrier.meeting);
  engine.wake(barrier.waiting);
}

void recountNamedBarriers(Engine &engine, Cta &cta) {
  for (NamedBarrier &barrier : cta.named)
    completeIfAll(engine, barrier, cta);
}

static void arriveNamed(Engine &engine, NamedBarrier &barrier, uint32_t id, uint32_t count) {
  Thread &self = *engine.current;
  Cta &cta = *self.cta;
  const uint32_t all = uint32_t(cta.warps.size()) * warpThreads;
  const uint32_t expected = count == 0 ? all : count;
  if (expected % warpThreads != 0 || expected > all)
    engine.fail(concat("barrier ", id, " wants ", count, " threads; a CTA has ", all,
                       ", and warps come whole"));
  if (!barrier.isOpen) {
    barrier.isOpen = true;
    barrier.expected = expected;
    barrier.isWhole = expected == all;
    barrier.site = self.site;
  } else if (barrier.expected != expected) {
    engine.fail(concat("barrier ", id, " is for ", expected, " threads here and for ",
                       barrier.expected, " at ", engine.where(self, barrier.site)));
  }
  uint32_t &lanes = barrier.lanes[self.index / warpThreads];
  if (lanes >> self.lane & 1)
    engine.fail(
        concat("over-arrival: the thread comes to barrier ", id, " again before it is complete"));
  lanes |= 1u << self.lane;
  if (arrivedThreads(barrier, cta) > barrier.expected)
    engine.fail(concat("over-arrival: barrier ", id, " is for ", barrier.expected, " threads, ",
                       arrivedThreads(barrier, cta), " have come"));
  if (engine.order)
    engine.order->publish(self, barrier.meeting);
}

static NamedBarrier &namedBarrier(Engine &engine, uint32_t id) {
  if (id >= engine.current->cta->named.size())
    engine.fail(concat("there is no barrier ", id, ", only 0 to 15"));
  return engine.current->cta->named[id];
}

static void nothingToFinish(Engine &, Collective &) {}

// --- Registers -------------------------------------------------------------------

static uint32_t registersOf(const Cta &cta) {
  uint32_t sum = 0;
  for (const Warp &warp : cta.warps)
    sum += warp.registers * warpThreads;
  return sum;
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;
using moec::rt::concat;

static Engine &at(uint32_t site) {
  runningEngine->current->site = site;
  return *runningEngine;
}

void moecEmuMbarrierInit(uint32_t site, uint64_t address, uint32_t count) {
  initialize(at(site), address, count);
}

void moecEmuMbarrierInval(uint32_t site, uint64_t address) {
  Engine &engine = at(site);
  Mbarrier &barrier = engine.mbarrier(address);
  engine.check(*engine.current, {.address = address, .bytes = 8, .isWrite = true, .site = site},
               "ends an mbarrier at");
  if (!barrier.waiting.empty() || barrier.copiesInFlight != 0)
    engine.fail("mbarrier.inval while threads or copies count on it");
  barrier.isValid = false;
}

uint64_t moecEmuMbarrierArrive(uint32_t site, uint64_t address, uint32_t count) {
  Engine &engine = at(site);
  Mbarrier &barrier = use(engine, address);
  const uint64_t parity = barrier.phase & 1;
  arrive(engine, barrier, count);
  completePhase(engine, barrier);
  return parity;
}

void moecEmuMbarrierArriveIf(uint32_t site, uint32_t predicate, uint64_t address) {
  if (predicate & 1)
    moecEmuMbarrierArrive(site, address, 1);
}

void moecEmuMbarrierArriveExpect(uint32_t site, uint64_t address, uint32_t bytes) {
  Engine &engine = at(site);
  Mbarrier &barrier = use(engine, address);
  expect(engine, barrier, bytes);
  arrive(engine, barrier, 1);
  completePhase(engine, barrier);
}

void moecEmuMbarrierExpect(uint32_t site, uint64_t address, uint32_t bytes) {
  Engine &engine = at(site);
  expect(engine, use(engine, address), bytes);
}

uint32_t moecEmuMbarrierTest(uint32_t site, uint64_t address, uint32_t parity, uint32_t isTry) {
  Engine &engine = at(site);
  Mbarrier &barrier = use(engine, address);
  if (!isDone(barrier, parity)) {
    // try_wait suspends for a while; here until the phase is complete.
    if (isTry && !engine.chance(8))
      while (!isDone(barrier, parity))
        engine.block(barrier.waiting, WaitKind::Mbarrier, address, parity);
    else
      engine.yield();
  }
  if (!isDone(barrier, parity))
    return 0;
  if (engine.order)
    engine.order->acquire(*engine.current, barrier.meeting);
  return 1;
}

void moecEmuMbarrierWait(uint32_t site, uint64_t address, uint32_t parity) {
  Engine &engine = at(site);
  Mbarrier &barrier = use(engine, address);
  while (!isDone(barrier, parity))
    engine.block(barrier.waiting, WaitKind::Mbarrier, address, parity);
  if (engine.order)
    engine.order->acquire(*engine.current, barrier.meeting);
}

void moecEmuBarrier(uint32_t site, uint32_t id, uint32_t count) {
  Engine &engine = at(site);
  // bar.sync is aligned: a warp comes whole.
  uint32_t nothing = 0;
  if (engine.isChecked())
    meetWarp(engine, ~0u, &nothing, nothingToFinish);
  NamedBarrier &barrier = namedBarrier(engine, id);
  arriveNamed(engine, barrier, id, count);
  Thread &self = *engine.current;
  const uint64_t phase = barrier.meeting.phase;
  self.site = site;
  self.waitKind = WaitKind::Named;
  barrier.waiting.push(self);
  self.waitValue = id;
  completeIfAll(engine, barrier, *self.cta);
  engine.suspend();
  if (engine.order)
    engine.order->acquireOwn(self, barrier.meeting, phase);
}

void moecEmuBarrierArrive(uint32_t site, uint32_t id, uint32_t count) {
  Engine &engine = at(site);
  uint32_t nothing = 0;
  if (engine.isChecked())
    meetWarp(engine, ~0u, &nothing, nothingToFinish);
  NamedBarrier &barrier = namedBarrier(engine, id);
  arriveNamed(engine, barrier, id, count);
  completeIfAll(engine, barrier, *engine.current->cta);
}

void moecEmuSetRegisters(uint32_t site, uint32_t count, uint32_t isIncrease) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  Cta &cta = *self.cta;
  Warp &warp = *self.warp;
  const uint32_t budget = 65536 / (uint32_t(cta.warps.size()) * warpThreads) / 8 * 8 *
                          uint32_t(cta.warps.size()) * warpThreads;
  if (count < 24 || count > 256 || count % 8 != 0)
    engine.fail(concat("setmaxnreg cannot give ", count, " registers"));
  if (warp.registers != count && (isIncrease != 0) != (count > warp.registers))
    engine.fail(concat("setmaxnreg ", isIncrease ? "increases" : "decreases", " from ",
                       warp.registers, " to ", count));
  uint32_t nothing = 0;
  meetWarp(engine, ~0u, &nothing, nothingToFinish);
  // The first lane to get through takes them for its warp.
  while (warp.registers != count &&
         registersOf(cta) + (count - warp.registers) * warpThreads > budget && isIncrease)
    engine.block(cta.waitingForRegisters, WaitKind::Registers, 0, budget);
  if (warp.registers == count)
    return;
  warp.registers = count;
  engine.wake(cta.waitingForRegisters);
}
