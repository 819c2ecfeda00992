//===- StageTableTest.cpp - Which tokens travel in which stage ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/StageTable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace moec::birkhoff;
using moec::Piece;

static std::vector<uint64_t> randomCounts(uint32_t nodes, uint32_t lanes, uint64_t most,
                                          unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint64_t> counts(size_t(nodes) * lanes * nodes);
  for (uint64_t &count : counts)
    count = random() % (most + 1) * (random() % 4 != 0);
  return counts;
}

/// Pieces in the order of their tokens cover the set without gaps.
static void checkCover(const std::vector<uint64_t> &counts, uint32_t nodes, uint32_t lanes,
                       const StageTable &table) {
  for (uint32_t source = 0; source < nodes * lanes; ++source)
    for (uint32_t node = 0; node < nodes; ++node) {
      std::vector<Piece> pieces;
      for (uint32_t stage = 0; stage < table.stages(); ++stage)
        for (uint32_t lane = 0; lane < lanes; ++lane)
          if (Piece piece = table.piece(source, node, stage, lane); piece.size())
            pieces.push_back(piece);
      std::sort(pieces.begin(), pieces.end(),
                [](const Piece &a, const Piece &b) { return a.begin < b.begin; });
      uint64_t end = 0;
      for (const Piece &piece : pieces) {
        EXPECT_EQ(piece.begin, end);
        end = piece.end;
      }
      EXPECT_EQ(end, counts[source * nodes + node]) << source << " " << node;
    }
}

TEST(StageTable, PiecesAreDisjointAndTheWhole) {
  for (auto [nodes, lanes] : {std::pair(2u, 2u), {3u, 2u}, {2u, 4u}, {5u, 3u}, {16u, 8u}})
    for (uint32_t stages : {1u, 2u, nodes, 2 * nodes})
      for (uint64_t most : {0u, 1u, 3u, 1000u}) {
        std::vector<uint64_t> counts = randomCounts(nodes, lanes, most, nodes + stages);
        checkCover(counts, nodes, lanes, StageTable(counts, nodes, lanes, stages));
      }
}

TEST(StageTable, WhatStaysOnTheNodeStaysOnTheLane) {
  std::vector<uint64_t> counts(8, 10); // 2 nodes of 2
  StageTable table(counts, 2, 2, 3);
  EXPECT_EQ(table.piece(3, 1, 0, 1), (Piece{0, 10}));
  EXPECT_EQ(table.piece(3, 1, 0, 0).size() + table.piece(3, 1, 1, 1).size(), 0u);
}

TEST(StageTable, LanesCarryEqualParts) {
  std::vector<uint64_t> counts = randomCounts(4, 8, 5000, 3);
  StageTable table(counts, 4, 8, 4);
  for (uint32_t from = 0; from < 4; ++from)
    for (uint32_t to = 0; to < 4; ++to)
      for (uint32_t stage = 0; stage < 4; ++stage) {
        uint64_t least = UINT64_MAX, most = 0;
        for (uint32_t lane = 0; lane < 8; ++lane) {
          uint64_t carried = 0;
          for (uint32_t source = from * 8; source < from * 8 + 8; ++source)
            carried += table.piece(source, to, stage, lane).size();
          least = std::min(least, carried);
          most = std::max(most, carried);
        }
        if (from != to)
          EXPECT_LE(most - least, 8u); // one token for each source
      }
}

/// Every token once, each stage an even run of its set, and every lane of a pair of nodes as
/// much as the others; a lane that has no more than its share sends nothing by others.
TEST(StageTable, LanesTakeWhatOneHasTooMuch) {
  constexpr uint32_t nodes = 3, lanes = 4, stages = 5;
  std::vector<uint64_t> counts = randomCounts(nodes, lanes, 900, 5);
  StageTable table(counts, nodes, lanes, stages, Cut::Lanes);
  for (uint32_t source = 0; source < nodes * lanes; ++source)
    for (uint32_t to = 0; to < nodes; ++to) {
      uint64_t count = counts[size_t(source) * nodes + to];
      for (uint32_t stage = 0; stage < stages; ++stage) {
        uint64_t next = count * stage / stages;
        for (uint32_t turn = 0; turn < lanes; ++turn) { // the own lane's come first
          Piece piece = table.piece(source, to, stage, (source + turn) % lanes);
          if (piece.size() == 0)
            continue;
          EXPECT_EQ(piece.begin, next);
          next = piece.end;
        }
        EXPECT_EQ(next, count * (stage + 1) / stages);
      }
    }
  for (uint32_t from = 0; from < nodes; ++from)
    for (uint32_t to = 0; to < nodes; ++to) {
      std::vector<uint64_t> carried(lanes), own(lanes);
      uint64_t all = 0;
      for (uint32_t lane = 0; lane < lanes; ++lane) {
        own[lane] = counts[size_t(from * lanes + lane) * nodes + to];
        all += own[lane];
        for (uint32_t by = 0; by < lanes; ++by)
          for (uint32_t stage = 0; stage < stages; ++stage) {
            uint64_t size = table.piece(from * lanes + lane, to, stage, by).size();
            carried[by] += size;
            if (by != lane && (from == to || own[lane] <= all / lanes))
              EXPECT_EQ(from == to ? size : 0, 0u);
          }
      }
      for (uint32_t lane = 0; lane < lanes && from != to; ++lane)
        EXPECT_NEAR(double(carried[lane]), double(all) / lanes, stages * lanes);
    }
}

/// In a stage a node sends to one node and receives from one; only the rest, which is
/// little, is for whomever it may be.
TEST(StageTable, MostStagesAreOneToOne) {
  constexpr uint32_t nodes = 6, stages = 16;
  StageTable table(randomCounts(nodes, 2, 1000, 9), nodes, 2, stages);
  uint64_t total = 0, scattered = 0;
  for (uint32_t stage = 0; stage < stages; ++stage) {
    std::vector<unsigned> targets(nodes), sources(nodes);
    uint64_t amount = 0;
    for (uint32_t from = 0; from < nodes; ++from)
      for (uint32_t to = 0; to < nodes; ++to) {
        uint64_t sent = table.before(from, to, stage + 1) - table.before(from, to, stage);
        amount += sent;
        targets[from] += from != to && sent;
        sources[to] += from != to && sent;
      }
    auto isMany = [](unsigned count) { return count > 1; };
    bool isRest = std::any_of(targets.begin(), targets.end(), isMany) ||
                  std::any_of(sources.begin(), sources.end(), isMany);
    total += amount;
    scattered += isRest ? amount : 0;
  }
  EXPECT_GT(total, 0u);
  EXPECT_LT(double(scattered), 0.3 * double(total));
}
