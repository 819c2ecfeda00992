//===- Tree.h - The parts of a node, one within the other -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of runtime/topology: what the drawings draw.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_TREE_H
#define MOEC_RUNTIME_TOPOLOGY_TREE_H

#include "runtime/topology/Machine.h"

namespace moec::topology {

enum class PartKind : uint8_t { Node, Socket, Bridge, Switch, Gpu, Nic };

struct Part {
  PartKind kind = PartKind::Node;
  std::string label; ///< "switch 0", "gpus 0..3"
  std::string note;  ///< its rate; may be empty
  std::vector<Part> parts;
};

/// The node with its GPUs; runs of GPUs that nothing tells apart are one part.
Part partsOf(const Machine &machine);

/// "nvlink joins all gpus, 370.8 GB/s each way", a line a group; empty: no NVLink.
std::vector<std::string> nvlinkLines(const Machine &machine);

/// "0..3, 8": runs of ascending numbers shortened.
std::string rangesText(const std::vector<uint32_t> &numbers);

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_TREE_H
