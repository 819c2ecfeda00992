//===- Engine.h - Runs a grid of CUDA threads on one host thread -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every CUDA thread is a fiber; all CTAs of all ranks of a launch are resident. What
// a kernel does beyond arithmetic comes here as a call (Calls.h). One launch at a
// time in a process.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_ENGINE_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_ENGINE_H

#include "runtime/backends/emulator/Copies.h"
#include "runtime/backends/emulator/Grid.h"
#include "runtime/backends/emulator/KernelCode.h"
#include "runtime/backends/emulator/Memory.h"
#include "runtime/backends/emulator/Shadow.h"
#include "runtime/backends/emulator/Trace.h"

#include <optional>
#include <string>
#include <unordered_map>

namespace moec::rt::emulator {

struct Grid {
  uint32_t ctasPerRank = 1;
  uint32_t ranks = 1;
  uint64_t table = 0; ///< address of the argument blocks
  /// 0: threads take turns in order, copies are immediate, nothing beyond the bounds of
  /// memory and the states of barriers is checked. Else an adversary that draws from it.
  uint64_t seed = 0;
  Trace *trace = nullptr; ///< records into it, if there is one
  /// Addresses of the u32 that the ranks set where a wait expires; 0: not known.
  std::vector<uint64_t> statuses;
};

/// A word of device memory that threads synchronize through.
struct SyncWord {
  ClockRef released; ///< what an acquire of it learns
  Scope scope = Scope::Cta;
  uint32_t cta = 0, rank = 0; ///< of the writers; UINT32_MAX: several
};

struct LaunchCounts {
  uint64_t switches = 0, products = 0, copies = 0;
};

class Engine {
public:
  explicit Engine(Memory &memory) : memory(memory), copies(*this) {}
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// Runs until every thread has exited or something went wrong, which is told in one
  /// line: where in which kernel, which thread, what.
  Status run(const KernelCode &code, const Grid &grid);
  const LaunchCounts &counts() const { return launchCounts; }

  // --- For the calls: on the fiber of `current` ----------------------------------
  Thread *current = nullptr;
  Memory &memory;
  Copies copies;
  std::optional<Order> order;   ///< with a seed only
  std::optional<Shadow> shadow; ///< with a seed only
  Trace *trace = nullptr;
  const KernelCode *code = nullptr;
  LaunchCounts launchCounts;

  bool isChecked() const { return order.has_value(); }
  uint32_t ctasPerRank() const { return grid.ctasPerRank; }
  uint32_t ranks() const { return grid.ranks; }
  uint64_t table() const { return grid.table; }
  uint64_t sharedBytes() const { return code->sharedBytes; }
  uint64_t clock() const { return now; }
  /// True once in about `n`; never without a seed.
  bool chance(uint32_t n) { return isChecked() && random() % n == 0; }
  uint64_t random();

  /// The launch failed; the first failure is the one reported. Does not return.
  [[noreturn]] void fail(const std::string &what) { failAt(*current, current->site, what); }
  [[noreturn]] void failAt(const Thread &thread, uint32_t site, const std::string &what);
  /// Has a wait of this step expired? Then the step fails, and peers' memory may change
  /// at any time: what was read there says nothing, but the kernels must still end.
  bool hasExpired() const;
  [[noreturn]] void failWith(const Conflict &conflict, const Thread &thread, const Access &access,
                             const char *deed);
  std::string where(const Thread &thread, uint32_t site) const;
  std::string nameOf(const Thread &thread) const;

  /// Bounds, and in a checked launch order and fences. `deed`: "reads", for the report.
  void check(Thread &thread, const Access &access, const char *deed);
  /// In a launch that is not checked: these bytes lie within bounds. False: see `check`.
  bool passes(const Thread &thread, uint64_t address, uint64_t bytes, bool isWrite) const {
    if (isChecked())
      return false;
    const uint64_t offset = address - thread.cta->shared - windowStart;
    if (offset < code->sharedBytes && bytes <= code->sharedBytes - offset)
      return true;
    const Allocation *allocation = memory.find(address, bytes);
    return allocation && (!isWrite || allocation->kind == MemoryKind::Local ||
                          allocation->kind == MemoryKind::Symmetric);
  }
  /// The mbarrier at this address; fails if there is none.
  Mbarrier &mbarrier(uint64_t address);
  Cta &ctaOfWindow(uint64_t address);
  /// What atomic accesses to this address carry, or null.
  const SyncWord *syncWord(uint64_t address) const {
    auto found = syncWords.find(address);
    return found == syncWords.end() ? nullptr : &found->second;
  }
  SyncWord &makeSyncWord(uint64_t address) { return syncWords[address]; }

  // --- Scheduling (Scheduler.cpp) --------------------------------------------------
  /// Suspends the current thread in `queue` until it is woken.
  void block(Queue &queue, WaitKind kind, uint64_t address = 0, uint64_t value = 0);
  /// The same for a thread that stands in a queue already.
  void suspend() { dispatch(*current); }
  void wake(Queue &queue);
  void wake(Thread &thread);
  /// Lets others run.
  void yield();
  /// The same once in a while: for loops that wait for what a plain load sees.
  void breathe() {
    if (++loadsSinceSwitch > 100000)
      yield();
  }
  /// The current thread saw the same values again: it runs once memory changes at one of
  /// the words that it polls, or someone of its warp goes on, or the clock does.
  void poll(uint64_t address, uint64_t value);
  /// More has happened than that threads looked at words, flags and the clock.
  void progress() { idleRounds = 0; }
  /// Something changed at these bytes.
  void changed(uint64_t address, uint64_t bytes) {
    progress();
    if (!pollers.empty())
      wakePollersOf(address, bytes);
  }
  /// Lanes of the warp that poll go on.
  void wakePollers(Warp &warp);
  /// The current thread leaves the kernel.
  [[noreturn]] void exitThread();

private:
  void build(const KernelCode &kernel);
  void buildCta(uint32_t number);
  void makeReady(Thread &thread);
  Thread *next();
  void dispatch(Thread &from);
  void wakePollersOf(uint64_t address, uint64_t bytes);
  void forgetPolled(const Thread &thread);
  bool advanceClock();
  std::string deadlockReport() const;
  std::string waitText(const Thread &thread) const;
  void finishGrid();

  Grid grid;
  Fiber host;
  std::deque<Cta> ctas;
  StackPool stacks;
  Queue ready, starved;
  std::vector<Thread *> pollers;
  std::unordered_map<uint64_t, uint32_t> polledWords; ///< how many poll it, by address / 8
  std::unordered_map<uint64_t, SyncWord> syncWords;
  uint64_t live = 0, now = 0, idleRounds = 0, loadsSinceSwitch = 0;
  uint64_t state = 0; ///< of the random numbers
  uint32_t lastMoment = 0;
  std::string failure;
};

/// The engine whose launch runs.
extern Engine *runningEngine;

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_ENGINE_H
