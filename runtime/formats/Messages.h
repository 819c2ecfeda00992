//===- Messages.h - A step as sends and receives ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Other people's formats are two-sided: a send here, its receive there. A plan is
// one-sided: a put, then a flag that says it has landed. In between:
//
//   put      a send, and a receive that nothing comes before: memory is always ready
//   signal   a send of 8 bytes
//   wait     joins the receive of the flag and of all puts that the flag covers
//   others   a computation, of no time where the plan only joins
//
// A put to the own rank or of nothing is such a join. A window becomes an order: a
// put waits for the one as many places before it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_MESSAGES_H
#define MOEC_RUNTIME_FORMATS_MESSAGES_H

#include "runtime/base/Status.h"
#include "runtime/simulator/TaskGraph.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moec::formats {

enum class NodeKind : uint8_t {
  Receive,
  Send,
  Kernel, ///< work of the GPU
  Join,   ///< no work and no time
};

struct Node {
  NodeKind kind = NodeKind::Join;
  simulator::FamilyId family = 0; ///< the op; of a receive the op that sends
  uint32_t peer = 0;              ///< Send and Receive
  uint32_t tag = 0;               ///< Send and Receive: counted by pair of ranks, from 0
  uint64_t bytes = 0;             ///< Send and Receive
  double seconds = 0;             ///< Kernel
  bool isFlag = false;            ///< Send and Receive: of a signal
};

struct Dependency {
  uint32_t node = 0;    ///< an earlier node of the same rank
  bool isOrder = false; ///< nothing is read of it: it sends
};

/// Nodes of a rank: the receives, then the others, each after what it depends on.
struct RankProgram {
  std::vector<Node> nodes;
  std::vector<uint32_t> dependencyBegin; ///< of each node, and the end of the last
  std::vector<Dependency> dependencies;
  std::span<const Dependency> before(uint32_t node) const {
    return std::span(dependencies)
        .subspan(dependencyBegin[node], dependencyBegin[node + 1] - dependencyBegin[node]);
  }
};

struct MessageGraph {
  std::vector<std::string> families; ///< names of ops
  std::vector<RankProgram> ranks;
};

/// How messages are cut. One that is smaller than two pieces is sent whole.
struct PieceOptions {
  uint64_t smallestBytes = UINT64_MAX;
  uint32_t most = 1; ///< pieces of one message
};

/// Bytes of a transfer: whole, where counts are expectations.
uint64_t bytesOf(const simulator::Task &transfer);

/// `families`: which of the graph's (its ops, as Phase.h chooses them) are wanted;
/// gates are where something before them is. Invalid where a wait's flag is never
/// raised; Unsupported where there are too many nodes.
rt::Result<MessageGraph> makeMessages(const simulator::TaskGraph &graph,
                                      const std::vector<bool> &families,
                                      const PieceOptions &pieces = {});

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_MESSAGES_H
