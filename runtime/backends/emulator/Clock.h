//===- Clock.h - What a thread knows of the others --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A vector clock at the grain of warps, in pieces: one a CTA, which clocks share as
// long as they know the same of it. Most of what threads learn is of their own CTA;
// so a clock of a launch with many CTAs costs little more than one of a single CTA.
// Whoever changes a piece that others hold makes a copy.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_CLOCK_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_CLOCK_H

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace moec::rt::emulator {

/// Agents of a CTA: 64 mbarriers, 8 warpgroups, 24 issuers of bulk stores.
inline constexpr uint32_t mbarrierAgents = 64, warpgroupAgents = 8, bulkAgents = 24;
inline constexpr uint32_t firstWarpgroupAgent = mbarrierAgents;
inline constexpr uint32_t firstBulkAgent = mbarrierAgents + warpgroupAgents;
inline constexpr uint32_t agentCount = mbarrierAgents + warpgroupAgents + bulkAgents;

enum class Proxy : uint8_t { Generic = 0, AsyncGlobal = 1, AsyncShared = 2 };

/// Immutable once it is shared.
class Clock {
public:
  /// Of `ctas` CTAs of `warps` warps each; everything up to `moment` is known.
  Clock(uint32_t ctas, uint32_t warps, uint32_t moment);

  bool knows(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment) const {
    const Row &row = pieces[warp / warps]->rows[size_t(proxy)];
    const uint32_t at = warp % warps;
    return row.all[at] >= moment || (row.some[at] >= moment && (row.lanes[at] >> lane & 1));
  }
  uint32_t agent(uint32_t index) const { return agents->counts[index]; }

  void join(const Clock &other, bool withAgents);
  void addLane(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment);
  void addWarp(Proxy proxy, uint32_t warp, uint32_t moment);
  void addAgent(uint32_t index, uint32_t count);
  /// What the generic proxy knows, `proxy` knows from now on.
  void fence(Proxy proxy);

private:
  static constexpr uint32_t maxWarps = 32;
  template <typename T> // one launch at a time, on one host thread
  using Counted = boost::intrusive_ref_counter<T, boost::thread_unsafe_counter>;

  /// Of each warp: the moment up to which all lanes are known, a later one up to which
  /// some are, and which.
  struct Row {
    std::array<uint32_t, maxWarps> all, some, lanes;
  };
  struct Piece : Counted<Piece> {
    std::array<Row, 3> rows; ///< by proxy
  };
  struct Agents : Counted<Agents> {
    std::array<uint32_t, agentCount> counts{};
  };
  /// The object, for changing: a copy if others hold it.
  template <typename T> static T &own(boost::intrusive_ptr<T> &shared) {
    if (shared->use_count() != 1)
      shared = new T(*shared);
    return *shared;
  }

  void joinPiece(boost::intrusive_ptr<Piece> &mine, const boost::intrusive_ptr<Piece> &theirs);

  uint32_t warps;
  std::vector<boost::intrusive_ptr<Piece>> pieces; ///< by CTA
  boost::intrusive_ptr<Agents> agents;
};
using ClockRef = std::shared_ptr<const Clock>;

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_CLOCK_H
