//===- FlowGraph.cpp - Dominators and loops of a kernel's code ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dominators as Cooper, Harvey and Kennedy compute them: "A Simple, Fast Dominance
// Algorithm", 2001.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/flow/FlowGraph.h"

#include <algorithm>
#include <map>
#include <set>

namespace moec::codegen {

static Edges reversed(const Edges &edges) {
  Edges turned(edges.size());
  for (Block from = 0; from < edges.size(); ++from)
    for (Block to : edges[from])
      turned[to].push_back(from);
  return turned;
}

/// Blocks reached from the root, each behind all its successors but for back edges.
static std::vector<Block> postorder(const Edges &successors, Block root) {
  std::vector<Block> order;
  std::vector<bool> seen(successors.size());
  std::vector<std::pair<Block, size_t>> stack = {{root, 0}};
  seen[root] = true;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    if (next == successors[block].size()) {
      order.push_back(block);
      stack.pop_back();
      continue;
    }
    Block to = successors[block][next++];
    if (!seen[to]) {
      seen[to] = true;
      stack.push_back({to, 0});
    }
  }
  return order;
}

std::vector<std::optional<Block>> dominators(const Edges &successors, Block root) {
  std::vector<Block> order = postorder(successors, root);
  std::vector<size_t> number(successors.size(), 0);
  for (size_t i = 0; i < order.size(); ++i)
    number[order[i]] = i;
  Edges predecessors = reversed(successors);
  std::vector<std::optional<Block>> idom(successors.size());
  idom[root] = root;
  auto intersect = [&](Block a, Block b) {
    while (a != b) {
      while (number[a] < number[b])
        a = *idom[a];
      while (number[b] < number[a])
        b = *idom[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (auto block = order.rbegin() + 1; block < order.rend(); ++block) {
      std::optional<Block> found;
      for (Block predecessor : predecessors[*block])
        if (idom[predecessor])
          found = found ? intersect(*found, predecessor) : predecessor;
      if (idom[*block] != found) {
        idom[*block] = found;
        changed = true;
      }
    }
  }
  return idom;
}

bool Loop::contains(Block block) const {
  return std::binary_search(blocks.begin(), blocks.end(), block);
}

FlowGraph::FlowGraph(Edges successors)
    : forward(std::move(successors)), backward(reversed(forward)) {
  if (forward.empty())
    return;
  idom = dominators(forward, 0);
  findLoops();
}

bool FlowGraph::dominates(Block a, Block b) const {
  while (b != a && b != 0 && idom[b])
    b = *idom[b];
  return a == b;
}

void FlowGraph::findLoops() {
  std::map<Block, std::set<Block>> bodies;
  for (Block from = 0; from < size(); ++from)
    for (Block header : forward[from]) {
      if (!reachable(from) || !dominates(header, from))
        continue;
      std::set<Block> &body = bodies[header];
      body.insert(header);
      std::vector<Block> work = {from};
      while (!work.empty()) {
        Block block = work.back();
        work.pop_back();
        if (!body.insert(block).second)
          continue;
        for (Block predecessor : backward[block])
          if (reachable(predecessor))
            work.push_back(predecessor);
      }
    }
  for (const auto &[header, body] : bodies)
    naturalLoops.push_back({header, {body.begin(), body.end()}, std::nullopt});
  // Of two loops with different headers one holds the other or they share nothing.
  std::sort(naturalLoops.begin(), naturalLoops.end(), [](const Loop &a, const Loop &b) {
    return std::pair(b.blocks.size(), a.header) < std::pair(a.blocks.size(), b.header);
  });
  for (size_t inner = 0; inner < naturalLoops.size(); ++inner)
    for (size_t outer = 0; outer < inner; ++outer)
      if (naturalLoops[outer].contains(naturalLoops[inner].header))
        naturalLoops[inner].parent = outer;
}

std::optional<size_t> FlowGraph::loopOf(Block block) const {
  std::optional<size_t> found;
  for (size_t i = 0; i < naturalLoops.size(); ++i)
    if (naturalLoops[i].contains(block))
      found = i; // smaller ones come later
  return found;
}

std::vector<std::vector<Block>> FlowGraph::controllers() const {
  // Post-dominators: the graph turned around, with one exit for all ends.
  Edges turned(size() + 1);
  Block exit = Block(size());
  for (Block block = 0; block < size(); ++block) {
    for (Block successor : forward[block])
      turned[successor].push_back(block);
    if (forward[block].empty())
      turned[exit].push_back(block);
  }
  std::vector<std::optional<Block>> ipdom = dominators(turned, exit);
  std::vector<std::vector<Block>> found(size());
  for (Block block = 0; block < size(); ++block) {
    if (forward[block].size() < 2 || !reachable(block))
      continue;
    for (Block successor : forward[block])
      for (Block at = successor; ipdom[at] && at != ipdom[block] && at != exit; at = *ipdom[at])
        if (found[at].empty() || found[at].back() != block)
          found[at].push_back(block);
  }
  return found;
}

} // namespace moec::codegen
