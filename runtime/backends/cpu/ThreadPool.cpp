//===- ThreadPool.cpp - All cores for one task at a time -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/ThreadPool.h"

#include <sched.h>

namespace moec::rt::cpu {
namespace {

/// Polls before a thread goes to sleep: some 50 us, more than what lies between two
/// tasks of a step.
constexpr int spins = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

uint32_t usableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<uint32_t>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Of the door: the run is over.
constexpr uint32_t closed = ~0u;
constexpr uint64_t packDoor(uint32_t generation, uint32_t joined) {
  return uint64_t(generation) << 32 | joined;
}

constexpr uint64_t packRange(uint32_t next, uint32_t end) { return uint64_t(end) << 32 | next; }

} // namespace

ThreadPool::ThreadPool(uint32_t threads) : shares(threads ? threads : usableCores()) {
  workers.reserve(this->threads());
  try {
    for (uint32_t self = 1; self < this->threads(); ++self)
      workers.emplace_back([this, self] { worker(self); });
  } catch (...) { // no more threads to be had
    end();
    throw;
  }
}

ThreadPool::~ThreadPool() { end(); }

void ThreadPool::end() {
  isEnding.store(true, std::memory_order_release);
  generation.fetch_add(1, std::memory_order_release);
  generation.notify_all();
  for (std::thread &thread : workers)
    thread.join();
}

void ThreadPool::run(uint32_t count, Function newFunction, const void *newContext) {
  function = newFunction;
  context = newContext;
  for (uint32_t i = 0; i < threads(); ++i) {
    uint32_t first = uint64_t(count) * i / threads(), last = uint64_t(count) * (i + 1) / threads();
    shares[i].range.store(packRange(first, last), std::memory_order_relaxed);
  }
  left.store(0, std::memory_order_relaxed);
  uint32_t now = generation.load(std::memory_order_relaxed) + 1;
  door.store(packDoor(now, 0), std::memory_order_release);
  generation.store(now, std::memory_order_release);
  generation.notify_all();
  work(0);
  // Who has not come in by now is not waited for: all work is taken.
  uint32_t joined = static_cast<uint32_t>(door.exchange(packDoor(now, closed)));
  while (left.load(std::memory_order_acquire) != joined)
    pause();
}

/// True if the run `now` still takes workers.
bool ThreadPool::join(uint32_t now) {
  uint64_t state = door.load(std::memory_order_acquire);
  while (state >> 32 == now && static_cast<uint32_t>(state) != closed)
    if (door.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel))
      return true;
  return false;
}

void ThreadPool::work(uint32_t self) {
  for (;;) { // own range, from the front
    uint64_t range = shares[self].range.load(std::memory_order_relaxed);
    uint32_t next = static_cast<uint32_t>(range), end = static_cast<uint32_t>(range >> 32);
    if (next >= end)
      break;
    if (shares[self].range.compare_exchange_weak(range, packRange(next + 1, end),
                                                 std::memory_order_relaxed))
      function(context, next);
  }
  for (uint32_t other = self + 1; other < self + threads();) { // the others', from the back
    Share &share = shares[other % threads()];
    uint64_t range = share.range.load(std::memory_order_relaxed);
    uint32_t next = static_cast<uint32_t>(range), end = static_cast<uint32_t>(range >> 32);
    if (next >= end)
      ++other;
    else if (share.range.compare_exchange_weak(range, packRange(next, end - 1),
                                               std::memory_order_relaxed))
      function(context, end - 1);
  }
}

void ThreadPool::worker(uint32_t self) {
  uint32_t seen = 0;
  while (!isEnding.load(std::memory_order_acquire)) {
    uint32_t now = generation.load(std::memory_order_acquire);
    for (int spin = 0; now == seen && spin < spins; ++spin) {
      pause();
      now = generation.load(std::memory_order_acquire);
    }
    if (now == seen) {
      generation.wait(seen, std::memory_order_acquire);
      continue;
    }
    seen = now;
    if (!join(now))
      continue;
    work(self);
    left.fetch_add(1, std::memory_order_release);
  }
}

} // namespace moec::rt::cpu
