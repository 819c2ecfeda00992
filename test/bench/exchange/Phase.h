//===- Phase.h - What one phase of a step has to move -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way of tokens to their experts, without the layer around it: bytes, as schedules
// written by hand move them. The way back is the same turned round.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_BENCH_EXCHANGE_PHASE_H
#define MOEC_TEST_BENCH_EXCHANGE_PHASE_H

#include "runtime/bounds/Bound.h"
#include "runtime/simulator/TaskGraph.h"
#include "runtime/traffic/ItemCounts.h"

#include <string>
#include <vector>

namespace moec::bench {

/// Ranks in groups: nodes joined by rails, or parts of one machine.
struct Phase {
  uint32_t groups = 1, lanes = 1;
  traffic::Matrix bytes;         ///< to each rank, a token's row once
  std::vector<double> intoGroup; ///< to each group, a token's row once, [rank][group]

  uint32_t ranks() const { return groups * lanes; }
  uint32_t groupOf(uint32_t rank) const { return rank / lanes; }
  uint32_t rankAt(uint32_t group, uint32_t lane) const { return group * lanes + lane; }
  double toGroup(uint32_t rank, uint32_t group) const { return intoGroup[rank * groups + group]; }
};

/// `counts` with as many nodes as there are to be groups.
Phase makePhase(const traffic::ItemCounts &counts, double bytesPerCopy);
/// What no schedule beats on `network`: a copy once a group where `counts` have nodes.
double boundOf(const traffic::ItemCounts &counts, const topology::Network &network,
               double bytesPerCopy);

/// A schedule of a phase by hand. Paths: within a group NVLink, between groups `between`.
struct Schedule {
  std::string name;
  enum class Kind : uint8_t {
    Direct,  ///< straight to each rank, `window` at a time, staggered
    TwoTier, ///< once to each group, in `pieces`, by the own lane or all in turn
    Stages,  ///< once to each group, in stages of one-to-one groups
  } kind = Kind::Direct;
  uint32_t window = 0; ///< puts of a rank between groups at a time; 0: all
  uint32_t pieces = 1; ///< of TwoTier
  bool spray = false;  ///< of TwoTier
  uint32_t stages = 1; ///< of Stages, the rest among them
  bool ratesBySize = false;
  bool viaHost = false; ///< through host memory where PCIe is the only way
};

simulator::TaskGraph makeGraph(const Schedule &schedule, const Phase &phase, plan::Path between);

} // namespace moec::bench

#endif // MOEC_TEST_BENCH_EXCHANGE_PHASE_H
