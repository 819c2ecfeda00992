//===- Order.h - What happened before what ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vector clocks at the grain of warps. A warp counts *moments*: one passes whenever
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

#include <cstdint>
#include <memory>
#include <vector>

namespace moec::rt::emulator {

struct Thread;
struct Warp;

/// Agents of a CTA: 64 mbarriers, 8 warpgroups, 24 issuers of bulk stores.
inline constexpr uint32_t mbarrierAgents = 64, warpgroupAgents = 8, bulkAgents = 24;
inline constexpr uint32_t firstWarpgroupAgent = mbarrierAgents;
inline constexpr uint32_t firstBulkAgent = mbarrierAgents + warpgroupAgents;
inline constexpr uint32_t agentCount = mbarrierAgents + warpgroupAgents + bulkAgents;

enum class Proxy : uint8_t { Generic = 0, AsyncGlobal = 1, AsyncShared = 2 };

/// Immutable once it is shared.
class Clock {
public:
  Clock(uint32_t warps, uint32_t moment);
  Clock(const Clock &) = default;

  bool knows(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment) const {
    const uint32_t *at = row(proxy) + warp;
    return at[0] >= moment || (at[warps] >= moment && (at[2 * warps] >> lane & 1));
  }
  uint32_t agent(uint32_t index) const { return agents[index]; }

  void join(const Clock &other, bool withAgents);
  void addLane(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment);
  void addWarp(Proxy proxy, uint32_t warp, uint32_t moment);
  void addAgent(uint32_t index, uint32_t count) {
    if (agents[index] < count)
      agents[index] = count;
  }
  /// What the generic proxy knows, `proxy` knows from now on.
  void fence(Proxy proxy);

private:
  const uint32_t *row(Proxy proxy) const { return moments.data() + size_t(proxy) * 3 * warps; }
  uint32_t *row(Proxy proxy) { return moments.data() + size_t(proxy) * 3 * warps; }

  uint32_t warps;
  std::vector<uint32_t> moments; ///< per proxy: all lanes, some lanes, which lanes
  uint32_t agents[agentCount] = {};
};
using ClockRef = std::shared_ptr<const Clock>;

/// Gathers what the parties of a barrier, or the writers of a word, published.
struct Meeting {
  std::shared_ptr<Clock> gathering; ///< null: nothing since the last release
  ClockRef released;                ///< of the last completed phase
  ClockRef lastJoined;
  /// Same input, same result: lanes of a warp mostly know the same.
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
};

/// The rules. A null object stands for a launch that is not checked.
class Order {
public:
  /// Everything up to `moment` happened before this launch.
  Order(uint32_t warps, uint32_t moment);

  void begin(Thread &thread);
  void begin(Warp &warp) const;
  uint32_t firstMoment() const { return start; }

  /// What `thread` did so far becomes part of the meeting.
  void publish(Thread &thread, Meeting &meeting);
  /// The phase is complete: what was gathered can be acquired.
  void release(Meeting &meeting);
  void acquire(Thread &thread, Meeting &meeting);
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
  void addSelf(const Thread &thread, Clock &clock) const;
  static void pass(Thread &thread);

  uint32_t start;
  ClockRef initial;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_ORDER_H
