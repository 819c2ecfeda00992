//===- ScheduleProblem.h - What a schedule is asked for ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Knows no MLIR: a problem is numbers, a solution prints itself as a schedule block
// of the language. Each algorithm solves it in a file of its own; CheckSchedule.h
// judges what they say.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_SCHEDULEPROBLEM_H
#define MOEC_PASSES_SCHEDULING_SCHEDULEPROBLEM_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec::scheduling {

/// A class of links, in one direction of one GPU.
struct Link {
  std::string name;
  bool rail = false;       ///< leaves the node
  bool multicasts = false; ///< a switch copies and adds on the way
  uint64_t megabytesPerSecond = 0;
  uint64_t latencyNanoseconds = 0;
};

struct Topology {
  std::string machine;
  uint32_t nodes = 1;
  uint32_t gpusPerNode = 1;
  std::vector<Link> links;
};

enum class Algorithm : uint8_t {
  StaggeredPut, ///< straight to each rank, from the own one on
  TwoTier,      ///< once to each node, by way of its rank on the own lane
  Multicast,    ///< once to all ranks, who find their own part of it
  Staged,       ///< the same over the groups of GPUs behind a host bridge or a socket
  Birkhoff,     ///< once to each node, in stages of one-to-one nodes, by all lanes evenly
};
/// As the schedule block spells it.
const char *nameOf(Algorithm algorithm);

/// What comes back to a token's rank. Each has bits of its own.
enum class Combine : uint8_t {
  Rows,    ///< every expert's row
  Partial, ///< sums of a rank's (and a node's) rows
  Switch,  ///< the sum of all ranks' sums, made by the switch
};
/// As the schedule block spells it.
const char *nameOf(Combine combine);

struct ScheduleProblem {
  uint32_t ranks = 1;
  uint32_t nodes = 1; ///< of the mesh, joined by rails; divides `ranks`
  uint32_t topK = 1;
  std::optional<Topology> topology;
  uint64_t bytesPerToken = 0;       ///< of a token row that goes out
  uint64_t bytesPerReturnedRow = 0; ///< of a (token, slot) row that comes back; 0: none does
  /// A rank's tasks of one step all end before those of the next begin.
  bool serialSteps = true;
  Combine combine = Combine::Rows;
  /// Puts in flight share a link in proportion to their sizes.
  bool ratesBySize = false;
  /// Experts run on the tokens of a source as soon as these are there.
  bool pipelinesExperts = false;
  /// Equal runs of a node's ranks behind one host bridge or socket; 1: no such machine.
  uint32_t groups = 1;
  bool copyEngine = false;  ///< copy engines move what is put, not SMs
  bool crossByHost = false; ///< staged: between groups through host memory
  /// What the source asks for; empty: free to choose. Window 0 is all peers.
  std::optional<Algorithm> algorithm;
  std::optional<uint32_t> window;
  std::optional<uint32_t> depth;
  std::optional<uint32_t> stages; ///< of Birkhoff
  /// Pieces in which rows cross nodes or groups and are handed on; 1: at once.
  uint32_t chunks = 1;
  bool sprays = false; ///< what a lane has more than others goes by these
};

struct ScheduleSolution {
  uint32_t window = 0; ///< puts of a family in flight at once, see `eachPeer`; 0: all
  uint32_t depth = 1;  ///< copies of each symmetric region, used round robin
  Algorithm algorithm = Algorithm::StaggeredPut;
  Combine combine = Combine::Rows;
  bool ratesBySize = false;
  bool pipelinesExperts = false;
  uint32_t groups = 1; ///< of a staged schedule, which are the nodes of its plan
  uint32_t stages = 1; ///< of Birkhoff
  uint32_t chunks = 1; ///< pieces of what crosses nodes or groups
  bool sprays = false;
  bool eachPeer = false; ///< the window is of puts to each peer
  bool copyEngine = false;
  bool crossByHost = false;

  /// A schedule block of the language that asks for exactly this.
  std::string print(const std::string &layer) const;
};

/// Takes what is asked for and chooses the rest.
ScheduleSolution solveSchedule(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_SCHEDULEPROBLEM_H
