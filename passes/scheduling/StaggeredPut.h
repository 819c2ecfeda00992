//===- StaggeredPut.h - Decide how an exchange is scheduled -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every rank puts to r, r+1, .. modulo the number of ranks, several peers at
// once. Knows no MLIR: a problem is numbers, a solution prints itself as a
// schedule block of the language, and CheckSchedule.h judges it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H
#define MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec::scheduling {

/// A class of links, in one direction of one GPU.
struct Link {
  std::string name;
  bool rail = false; ///< leaves the node
  uint64_t megabytesPerSecond = 0;
  uint64_t latencyNanoseconds = 0;
};

struct Topology {
  std::string machine;
  uint32_t nodes = 1;
  uint32_t gpusPerNode = 1;
  std::vector<Link> links;
};

struct ScheduleProblem {
  uint32_t ranks = 1;
  uint32_t topK = 1;
  std::optional<Topology> topology;
  uint64_t bytesPerToken = 0;       ///< of a token row that goes out
  uint64_t bytesPerReturnedRow = 0; ///< of a (token, slot) row that comes back; 0: none does
  /// A rank's tasks of one step all end before those of the next begin.
  bool serialSteps = true;
  /// What the source asks for; empty: free to choose. Window 0 is all peers.
  std::optional<uint32_t> window;
  std::optional<uint32_t> depth;
};

/// Where a rank begins. More orders come with more algorithms.
enum class PeerOrder : uint8_t {
  Staggered, ///< at itself, then the next rank, modulo the number of ranks
};

struct ScheduleSolution {
  uint32_t window = 0; ///< peers with a put in flight at once; 0: all
  uint32_t depth = 1;  ///< copies of each symmetric region, used round robin
  PeerOrder order = PeerOrder::Staggered;

  /// A schedule block of the language that asks for exactly this.
  std::string print(const std::string &layer) const;
};

/// Peers in flight that reach the bound of an exchange with skewed counts within
/// a few per cent; one at a time is up to 1.9 times as slow (dialects/comm/README.md).
inline constexpr uint32_t defaultWindow = 4;

/// The fewest copies of a region with which no rank overwrites what a peer still
/// reads.
uint32_t getMinimalDepth(const ScheduleProblem &problem);

/// Takes what is asked for and chooses the rest.
ScheduleSolution solveStaggeredPut(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H
