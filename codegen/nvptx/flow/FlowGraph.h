//===- FlowGraph.h - Dominators and loops of a kernel's code ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX and machine code alike: blocks are numbers, block 0 is the entry, and an
// edge may occur twice. Blocks that the entry does not reach take no part.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_FLOW_FLOWGRAPH_H
#define MOEC_CODEGEN_NVPTX_FLOW_FLOWGRAPH_H

#include <optional>
#include <vector>

namespace moec::codegen {

using Block = unsigned;
using Edges = std::vector<std::vector<Block>>;

/// The immediate dominator of every block: the last block that every way from
/// `root` passes. The root is its own; unreachable blocks have none.
std::vector<std::optional<Block>> dominators(const Edges &successors, Block root);

/// A natural loop: the blocks from which a back edge to the header is reached
/// without passing the header. Loops with one header are one.
struct Loop {
  Block header;
  std::vector<Block> blocks;    ///< ascending
  std::optional<size_t> parent; ///< the smallest loop around it, an index
  bool contains(Block block) const;
};

class FlowGraph {
public:
  explicit FlowGraph(Edges successors);

  size_t size() const { return forward.size(); }
  const std::vector<Block> &successors(Block block) const { return forward[block]; }
  const std::vector<Block> &predecessors(Block block) const { return backward[block]; }
  bool reachable(Block block) const { return idom[block].has_value(); }
  bool dominates(Block a, Block b) const;
  /// A loop stands behind those around it.
  const std::vector<Loop> &loops() const { return naturalLoops; }
  /// Index of the smallest loop that holds the block.
  std::optional<size_t> loopOf(Block block) const;

  /// For every block those that decide whether it runs: they have a way on which it
  /// always does and one on which it need not.
  std::vector<std::vector<Block>> controllers() const;

private:
  void findLoops();

  Edges forward, backward;
  std::vector<std::optional<Block>> idom;
  std::vector<Loop> naturalLoops;
};

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_FLOW_FLOWGRAPH_H
