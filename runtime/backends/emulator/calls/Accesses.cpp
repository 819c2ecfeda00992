//===- Accesses.cpp - Loads, stores, atomics and fences --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"

#include <algorithm>
#include <cstring>

namespace moec::rt::emulator {

static Engine &at(uint32_t site) {
  runningEngine->current->site = site;
  return *runningEngine;
}

static uint64_t loadWord(uint64_t address, uint32_t bytes) {
  uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const void *>(address), bytes);
  return value;
}
static void storeWord(uint64_t address, uint64_t value, uint32_t bytes) {
  std::memcpy(reinterpret_cast<void *>(address), &value, bytes);
}

[[noreturn]] static void failAlignment(Engine &engine, uint64_t address, uint32_t bytes) {
  engine.fail(
      concat("an access of ", bytes, " bytes is not aligned: ", engine.memory.describe(address)));
}
static void checkAlignment(Engine &engine, uint64_t address, uint32_t bytes) {
  if (address & (bytes - 1)) // a power of two
    failAlignment(engine, address, bytes);
}

/// Right after `engine.check` let it pass.
static void storeBytes(Engine &engine, uint64_t address, const void *value, uint32_t bytes) {
  if (bytes == 4)
    std::memcpy(reinterpret_cast<void *>(address), value, 4); // the common one, in line
  else
    std::memcpy(reinterpret_cast<void *>(address), value, bytes);
  engine.changed(address, bytes);
}

static const Allocation *symmetric(Engine &engine, uint64_t address, uint64_t bytes) {
  const Allocation *allocation = engine.memory.find(address, bytes);
  return allocation && allocation->kind == MemoryKind::Symmetric ? allocation : nullptr;
}

// --- Order of atomic accesses ----------------------------------------------------

/// The scope that two parties need to see each other's releases.
static Scope scopeBetween(const Thread &thread, const SyncWord &word) {
  if (word.cta == thread.cta->number)
    return Scope::Cta;
  return word.rank == thread.cta->rank ? Scope::Gpu : Scope::System;
}

static void acquireFrom(Engine &engine, uint64_t address, Ordering ordering, Scope scope) {
  Thread &self = *engine.current;
  const SyncWord *word = engine.syncWord(address);
  if (!word || !word->released)
    return;
  const Scope wanted = scopeBetween(self, *word);
  if (std::min(word->scope, scope) < wanted)
    return; // too narrow: a race will tell
  if (ordering == Ordering::Acquire || ordering == Ordering::AcquireRelease) {
    engine.order->acquire(self, word->released, word->cta == self.cta->number);
    return;
  }
  // Relaxed: a later fence makes it count.
  if (!self.order.unfenced) {
    self.order.unfenced = word->released;
    return;
  }
  auto joined = std::make_shared<Clock>(*self.order.unfenced);
  joined->join(*word->released, false);
  self.order.unfenced = std::move(joined);
}

/// `continues`: a read-modify-write keeps what the word carried.
static void releaseTo(Engine &engine, uint64_t address, Ordering ordering, Scope scope,
                      bool continues) {
  Thread &self = *engine.current;
  SyncWord &word = engine.makeSyncWord(address);
  ClockRef mine;
  if (ordering == Ordering::Release || ordering == Ordering::AcquireRelease) {
    mine = engine.order->snapshot(self);
  } else if (self.order.fenced) {
    mine = self.order.fenced;
    scope = std::min(scope, self.order.fencedScope);
  }
  if (continues && word.released && mine) {
    auto joined = std::make_shared<Clock>(*word.released);
    joined->join(*mine, word.cta == self.cta->number);
    word.released = std::move(joined);
    word.scope = std::min(word.scope, scope);
    if (word.cta != self.cta->number)
      word.cta = UINT32_MAX;
    if (word.rank != self.cta->rank)
      word.rank = UINT32_MAX;
    return;
  }
  if (continues && word.released)
    return;
  word = {mine, scope, self.cta->number, self.cta->rank};
}

/// Before a release becomes visible: what it covers must be in place.
static void beforeRelease(Engine &engine, Ordering ordering) {
  Thread &self = *engine.current;
  if (!engine.isChecked())
    return;
  if (const auto *store = engine.copies.unsettledStore(self))
    engine.fail(concat("publishes while its own bulk store is under way: ",
                       engine.where(self, store->site)));
  if (ordering == Ordering::Release || ordering == Ordering::AcquireRelease || self.order.fenced)
    engine.copies.landPutsKnownTo(self);
}

static void checkAtomic(Engine &engine, uint64_t address, uint32_t bytes, bool isWrite,
                        const char *deed) {
  checkAlignment(engine, address, bytes);
  engine.check(*engine.current,
               {.address = address,
                .bytes = bytes,
                .isWrite = isWrite,
                .isAtomic = true,
                .site = engine.current->site},
               deed);
  if (isWrite && engine.isChecked())
    engine.copies.landPuts(address, bytes);
}

static uint64_t combine(AtomicKind kind, uint64_t old, uint64_t value, uint32_t bytes) {
  const bool isWord = bytes == 4;
  const auto sign = [&](uint64_t x) { return isWord ? int64_t{int32_t(x)} : int64_t(x); };
  switch (kind) {
  case AtomicKind::Add:
    return old + value;
  case AtomicKind::Inc:
    return old >= value ? 0 : old + 1;
  case AtomicKind::Dec:
    return old == 0 || old > value ? value : old - 1;
  case AtomicKind::Exchange:
    return value;
  case AtomicKind::Or:
    return old | value;
  case AtomicKind::And:
    return old & value;
  case AtomicKind::Xor:
    return old ^ value;
  case AtomicKind::Max:
    return sign(old) > sign(value) ? old : value;
  case AtomicKind::Min:
    return sign(old) < sign(value) ? old : value;
  case AtomicKind::UMax:
    return std::max(old, value);
  case AtomicKind::UMin:
    return std::min(old, value);
  }
  return old;
}

/// Reads, writes what `change` makes of it, gives what was there.
template <typename Change>
static uint64_t modify(uint32_t site, uint64_t address, uint32_t bytes, Ordering ordering,
                       Scope scope, Change change) {
  Engine &engine = at(site);
  if (engine.isChecked() && engine.chance(4))
    engine.yield();
  engine.current->site = site;
  checkAtomic(engine, address, bytes, true, "updates");
  beforeRelease(engine, ordering);
  const uint64_t old = loadWord(address, bytes);
  if (engine.order) {
    acquireFrom(engine, address, ordering, scope);
    releaseTo(engine, address, ordering, scope, true);
  }
  const uint64_t value = change(old);
  storeWord(address, value, bytes);
  if (engine.trace)
    if (const Allocation *heap = symmetric(engine, address, bytes))
      engine.trace->signal(engine, heap->owner, address, value);
  engine.changed(address, bytes);
  return old;
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;

void moecEmuLoad(uint32_t site, uint64_t address, uint32_t bytes) {
  Engine &engine = at(site);
  engine.breathe();
  checkAlignment(engine, address, bytes & (~bytes + 1));
  if (engine.passes(*engine.current, address, bytes, false))
    return;
  engine.check(*engine.current, {.address = address, .bytes = bytes, .site = site}, "loads from");
  // Another value a moment later, for the next warp that looks: no race, but a trap.
  for (uint64_t at = address & ~uint64_t{7}; at < address + bytes; at += 8)
    if (const SyncWord *word = engine.syncWord(at); word && word->scope == Scope::System)
      engine.fail(
          moec::rt::concat("loads a flag of peers without acquire: ", engine.memory.describe(at)));
}

void moecEmuStore(uint32_t site, uint64_t address, const void *value, uint32_t bytes) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  checkAlignment(engine, address, bytes & (~bytes + 1));
  if (!engine.trace && engine.passes(self, address, bytes, true))
    return storeBytes(engine, address, value, bytes);
  engine.check(self, {.address = address, .bytes = bytes, .isWrite = true, .site = site},
               "stores to");
  const Allocation *heap = nullptr;
  if ((engine.trace || engine.isChecked()) && !engine.memory.isShared(address))
    heap = symmetric(engine, address, bytes);
  if (heap && engine.trace)
    engine.trace->put(self, heap->owner, address, bytes);
  if (engine.isChecked())
    engine.copies.landPuts(address, bytes); // stores to one place stay in order
  if (heap && heap->owner != self.cta->rank && engine.copies.takesPuts() && engine.chance(2)) {
    Copy put;
    put.kind = CopyKind::Put;
    put.owner = &self;
    put.site = site;
    put.moment = Order::moment(self);
    put.runs = {{0, address, bytes}};
    put.data.assign(static_cast<const char *>(value), static_cast<const char *>(value) + bytes);
    return engine.copies.issue(std::move(put));
  }
  storeBytes(engine, address, value, bytes);
}

uint64_t moecEmuLoadAtomic(uint32_t site, uint64_t address, uint32_t bytes, uint32_t ordering,
                           uint32_t scope) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  const auto how = static_cast<Ordering>(ordering);
  checkAtomic(engine, address, bytes, false, "polls");
  uint64_t value = loadWord(address, bytes);
  if (self.polls.isOld(address, site, value)) {
    engine.poll(address, value);
    self.site = site;
    value = loadWord(address, bytes);
  } else if (!engine.isChecked() || engine.chance(2)) {
    engine.yield(); // it may be one of several words that a loop looks at
    self.site = site;
    value = loadWord(address, bytes);
  }
  const bool isNews = self.polls.note(address, site, value);
  if (engine.order)
    acquireFrom(engine, address, how, static_cast<Scope>(scope));
  if (engine.trace && isNews && how == Ordering::Acquire)
    if (const Allocation *heap = symmetric(engine, address, bytes))
      engine.trace->wait(self, heap->owner, address, value);
  return value;
}

void moecEmuStoreAtomic(uint32_t site, uint64_t address, uint64_t value, uint32_t bytes,
                        uint32_t ordering, uint32_t scope) {
  Engine &engine = at(site);
  const auto how = static_cast<Ordering>(ordering);
  checkAtomic(engine, address, bytes, true, "stores to");
  beforeRelease(engine, how);
  if (engine.trace)
    if (const Allocation *heap = symmetric(engine, address, bytes))
      engine.trace->signal(engine, heap->owner, address, value);
  if (engine.order)
    releaseTo(engine, address, how, static_cast<Scope>(scope), false);
  storeWord(address, value, bytes);
  engine.changed(address, bytes);
  if (engine.chance(4))
    engine.yield();
}

uint64_t moecEmuAtomic(uint32_t site, uint32_t kind, uint64_t address, uint64_t value,
                       uint32_t bytes, uint32_t ordering, uint32_t scope) {
  return modify(
      site, address, bytes, static_cast<Ordering>(ordering), static_cast<Scope>(scope),
      [&](uint64_t old) { return combine(static_cast<AtomicKind>(kind), old, value, bytes); });
}

uint32_t moecEmuAtomicAddFloat(uint32_t site, uint64_t address, float value, uint32_t ordering,
                               uint32_t scope) {
  const auto add = [&](uint64_t old) {
    float sum;
    std::memcpy(&sum, &old, 4);
    sum += value;
    uint32_t bits;
    std::memcpy(&bits, &sum, 4);
    return uint64_t{bits};
  };
  return uint32_t(
      modify(site, address, 4, static_cast<Ordering>(ordering), static_cast<Scope>(scope), add));
}

uint64_t moecEmuCompareExchange(uint32_t site, uint64_t address, uint64_t expected, uint64_t value,
                                uint32_t bytes, uint32_t ordering, uint32_t scope) {
  return modify(site, address, bytes, static_cast<Ordering>(ordering), static_cast<Scope>(scope),
                [&](uint64_t old) { return old == expected ? value : old; });
}

void moecEmuFence(uint32_t site, uint32_t scope) {
  Engine &engine = at(site);
  if (engine.order)
    engine.order->fence(*engine.current, static_cast<Scope>(scope));
}

void moecEmuFenceProxy(uint32_t site, uint32_t global, uint32_t shared) {
  Engine &engine = at(site);
  if (engine.order)
    engine.order->fenceProxy(*engine.current, global != 0, shared != 0);
}

void moecEmuPoison(void *address, uint64_t bytes) { std::memset(address, 0x7f, bytes); }
