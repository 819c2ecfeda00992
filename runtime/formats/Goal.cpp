//===- Goal.cpp - Group operation assembly language, as text --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Goal.h"

#include "runtime/base/Text.h"

#include <cmath>

namespace moec::formats {

static void appendNode(std::string &out, uint32_t number, const Node &node) {
  out += rt::concat("l", number + 1, ": ");
  switch (node.kind) {
  case NodeKind::Receive:
    out += rt::concat("recv ", node.bytes, "b from ", node.peer, " tag ", node.tag, " cpu 1");
    break;
  case NodeKind::Send:
    out += rt::concat("send ", node.bytes, "b to ", node.peer, " tag ", node.tag, " cpu 1");
    break;
  case NodeKind::Kernel:
    out += rt::concat("calc ", static_cast<uint64_t>(std::llround(node.seconds * 1e9)), " cpu 0");
    break;
  case NodeKind::Join:
    out += "calc 0 cpu 1";
    break;
  }
  out += '\n';
}

std::string goalText(const MessageGraph &graph) {
  std::string out = rt::concat("num_ranks ", graph.ranks.size(), "\n");
  for (size_t rank = 0; rank < graph.ranks.size(); ++rank) {
    const RankProgram &program = graph.ranks[rank];
    out += rt::concat("\nrank ", rank, " {\n");
    for (uint32_t node = 0; node < program.nodes.size(); ++node)
      appendNode(out, node, program.nodes[node]);
    for (uint32_t node = 0; node < program.nodes.size(); ++node)
      for (const Dependency &first : program.before(node))
        out += rt::concat("l", node + 1, " requires l", first.node + 1, "\n");
    out += "}\n";
  }
  return out;
}

} // namespace moec::formats
