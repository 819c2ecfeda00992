//===- Chakra.h - Chakra execution traces -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files `PREFIX.RANK.et`, one a rank (chakra.proto). Kernels are computations of
// the GPU, joins computations of the CPU, which take a simulator a nanosecond; what
// a node reads is in data_deps, what it only comes after in ctrl_deps. Sends and
// receives carry comm_src, comm_dst, comm_tag, comm_size, and flags `moec_flag`;
// others say which exchange they are of, `moec_exchange`, and where they are one hop
// of several from a token's rank to its expert's, `moec_hop`: who reads them back for
// what is dispatched must not take the way back for it, nor a token twice.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_CHAKRA_H
#define MOEC_RUNTIME_FORMATS_CHAKRA_H

#include "runtime/base/Status.h"
#include "runtime/formats/Messages.h"
#include "runtime/formats/Phase.h"
#include "runtime/traffic/ItemCounts.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moec::formats {

/// Below 64 KiB what a simulator rounds to whole nanoseconds is no longer small; more
/// pieces gain little where a switch forwards message by message.
inline constexpr PieceOptions chakraPieces = {.smallestBytes = 64 << 10, .most = 16};

/// What a put is part of.
struct PutUse {
  Phase exchange = Phase::Step; ///< Dispatch, Combine; Step: not known
  bool isHop = false;
};

/// The file of a rank. Times are in whole microseconds, for the format has no other.
/// `uses` by family of the graph, or empty.
std::string chakraTrace(const MessageGraph &graph, uint32_t rank,
                        std::span<const PutUse> uses = {});

/// The trace of one rank, by name for messages.
struct ChakraFile {
  std::string name;
  std::span<const uint8_t> bytes;
};

/// Bytes that traces send, row = source; of a moec trace those of the dispatch, without
/// its flags. One error for a moec trace without a dispatch or one in hops, and
/// for: a file that ends within a message, a node twice or before itself, a dependence
/// on no node, a rank that is none, a send without its receive and the other way
/// round, sizes that differ. Unsupported where nodes are collectives.
rt::Result<traffic::Matrix> chakraTraffic(std::span<const ChakraFile> files);

/// The same from `PREFIX.0.et`, `PREFIX.1.et` and so on. `path` is one of them, or the
/// prefix with .et behind it.
rt::Result<traffic::Matrix> readChakraTraffic(const std::string &path);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_CHAKRA_H
