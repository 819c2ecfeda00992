//===- FlowGraphTest.cpp - Dominators, loops, what decides what -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/flow/FlowGraph.h"

#include <gtest/gtest.h>

using namespace moec::codegen;
using Blocks = std::vector<Block>;

// 0 -> 1 (outer header) -> 2 <-> 2 (inner loop) -> 3 or 4 -> 5 -> 1 or 6; 7 unreachable.
static FlowGraph nested() { return FlowGraph({{1}, {2}, {2, 3, 4}, {5}, {5}, {1, 6}, {}, {3}}); }

TEST(FlowGraph, FindsDominators) {
  auto idom = dominators({{1, 2}, {3}, {3}, {4}, {1}, {}}, 0);
  EXPECT_EQ(idom[3], 0u);
  EXPECT_EQ(idom[4], 3u);
  EXPECT_EQ(idom[1], 0u); // two ways in: from 0, and around from 4
  EXPECT_EQ(idom[5], std::nullopt);
}

TEST(FlowGraph, NestsLoops) {
  FlowGraph graph = nested();
  ASSERT_EQ(graph.loops().size(), 2u);
  EXPECT_EQ(graph.loops()[0].header, 1u);
  EXPECT_EQ(graph.loops()[0].blocks, (Blocks{1, 2, 3, 4, 5}));
  EXPECT_EQ(graph.loops()[0].parent, std::nullopt);
  EXPECT_EQ(graph.loops()[1].blocks, (Blocks{2}));
  EXPECT_EQ(graph.loops()[1].parent, 0u);
  EXPECT_EQ(graph.loopOf(2), 1u);
  EXPECT_EQ(graph.loopOf(4), 0u);
  EXPECT_EQ(graph.loopOf(6), std::nullopt);
  EXPECT_FALSE(graph.reachable(7));
}

TEST(FlowGraph, MergesLoopsOfOneHeader) {
  FlowGraph graph({{1}, {2, 3}, {1}, {1, 4}, {}});
  ASSERT_EQ(graph.loops().size(), 1u);
  EXPECT_EQ(graph.loops()[0].blocks, (Blocks{1, 2, 3}));
}

TEST(FlowGraph, KnowsWhatDecides) {
  auto controllers = nested().controllers();
  EXPECT_EQ(controllers[3], (Blocks{2}));
  EXPECT_EQ(controllers[4], (Blocks{2}));
  EXPECT_EQ(controllers[5], (Blocks{5})) << "whether the outer loop goes on, and nothing else";
  EXPECT_EQ(controllers[2], (Blocks{2, 5}));
  EXPECT_TRUE(controllers[6].empty()) << "runs whatever is decided";
  EXPECT_TRUE(controllers[0].empty());
}

TEST(FlowGraph, TakesNothingForAnAnswer) {
  EXPECT_TRUE(FlowGraph(Edges()).loops().empty());
  EXPECT_TRUE(FlowGraph({{0}}).controllers()[0].empty()) << "never ends";
}
