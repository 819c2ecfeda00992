//===- Order.h - What happened before what ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vector clocks (Clock.h) at the grain of warps. A warp counts *moments*: one passes whenever
// a lane publishes what it did, or the warp synchronizes. What a thread knows of
// another warp is up to which moment all of its lanes are known, and up to which
// later one some of them. Where several lanes published one by one the later moment
// is taken for all of these: a race may be missed there, none is made up.
//
// Three such clocks are kept side by side: for accesses of the generic proxy, and
// for what has passed a fence to the async proxy, of global and of shared memory.
// Accesses that complete on their own (copies on an mbarrier, operands of wgmma,
// sources of bulk stores) belong to *agents* of a CTA, each with a plain counter.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_ORDER_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_ORDER_H

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Clock.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace moec::rt::emulator {

struct Thread;
struct Warp;

/// Gathers what the parties of a barrier, or the writers of a word, published.
struct Meeting {
  std::shared_ptr<Clock> gathering; ///< null: nothing since the last release
  ClockRef released;                ///< of the last completed phase
  std::vector<ClockRef> joined;     ///< into `gathering`; lanes of a warp mostly know the same
  uint64_t phase = 0;               ///< releases until now
  /// Same input, same result.
  ClockRef memoInput, memoResult;
};

struct ThreadOrder {
  ClockRef known;
  uint32_t fencedGlobal = 0, fencedShared = 0; ///< own moments behind a proxy fence
  ClockRef fenced;                             ///< what the last fence lets relaxed writes publish
  Scope fencedScope = Scope::Cta;
  ClockRef unfenced; ///< what relaxed reads saw, until a fence
};

struct WarpOrder {
  uint32_t moment = 0;
  /// What the last lane made of what it knew: the next one does the same.
  uint64_t memoDeed = 0;
  ClockRef memoInput, memoResult;
};

/// The rules. A null object stands for a launch that is not checked.
class Order {
public:
  /// Everything up to `moment` happened before this launch.
  Order(uint32_t ctas, uint32_t warpsPerCta, uint32_t moment);

  void begin(Thread &thread);
  void begin(Warp &warp) const;
  uint32_t firstMoment() const { return start; }

  /// What `thread` did so far becomes part of the meeting.
  void publish(Thread &thread, Meeting &meeting);
  /// The phase is complete: what was gathered can be acquired.
  void release(Meeting &meeting);
  void acquire(Thread &thread, Meeting &meeting);
  /// For a thread that has stood still since it published, in this phase.
  void acquireOwn(Thread &thread, Meeting &meeting, uint64_t phase);
  void acquire(Thread &thread, const ClockRef &clock, bool sameCta);
  /// Everything of `thread` until now, as one clock.
  ClockRef snapshot(Thread &thread);

  /// bar.warp.sync of `lanes`.
  void syncWarp(Warp &warp, uint32_t lanes);
  void fenceProxy(Thread &thread, bool global, bool shared);
  void fence(Thread &thread, Scope scope);
  void learnAgent(Thread &thread, uint32_t agent, uint32_t count);

  bool knows(const Thread &thread, Proxy proxy, uint32_t otherThread, uint32_t moment) const;
  bool knowsAgent(const Thread &thread, uint32_t agent, uint32_t count) const;
  static uint32_t moment(const Thread &thread);

private:
  template <typename Change> static void learn(Thread &thread, uint64_t deed, Change change);
  void addSelf(const Thread &thread, Clock &clock) const;
  static void pass(Thread &thread);

  uint32_t start;
  ClockRef initial;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_ORDER_H
