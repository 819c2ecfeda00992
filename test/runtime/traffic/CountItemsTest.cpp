//===- CountItemsTest.cpp - From traffic to the sizes of a step -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Traffic.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

using namespace moec;
using namespace moec::traffic;

/// DeepSeek-V3: 8 of 256.
static Routing makeRouting(uint32_t ranks, uint32_t nodes, uint32_t tokens, uint32_t experts = 256,
                           uint32_t topK = 8) {
  Routing routing;
  routing.tokens.assign(ranks, tokens);
  routing.nodes = nodes;
  routing.experts = experts;
  routing.topK = topK;
  routing.placement.slots.resize(ranks);
  for (uint32_t expert = 0; expert < experts; ++expert)
    routing.placement.slots[uint64_t(expert) * ranks / experts].push_back(expert);
  return routing;
}

static ItemCounts count(const std::string &traffic, const Routing &routing, uint32_t layer = 0) {
  rt::Result<Traffic> parsed = parseTraffic(traffic);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  rt::Result<ItemCounts> counts = countItems(*parsed, routing, layer);
  EXPECT_TRUE(counts.ok()) << counts.status().message();
  return counts.ok() ? *counts : ItemCounts();
}

static double imbalance(const Matrix &matrix) {
  double most = 0, sum = 0;
  for (uint32_t rank = 0; rank < matrix.getSize(); ++rank) {
    most = std::max(most, matrix.columnSum(rank));
    sum += matrix.columnSum(rank);
  }
  return most * matrix.getSize() / sum;
}

/// D(Q) = Q (1 - C(E - E/Q, k) / C(E, k)), as DeepEP V2 has it: 5.295 copies at 8
/// ranks, 6.523, 7.267, 7.676, 7.890.
TEST(CountItems, UniformHasTheExpectedDistinctTargets) {
  for (auto [ranks, copies] :
       {std::pair(8u, 5.295), {16u, 6.523}, {32u, 7.267}, {64u, 7.676}, {128u, 7.890}}) {
    ItemCounts counts = count("uniform", makeRouting(ranks, 1, 1));
    EXPECT_NEAR(counts.copies.rowSum(0), copies, 5e-4);
    EXPECT_NEAR(counts.rows.rowSum(0), 8, 1e-9);
    EXPECT_NEAR(imbalance(counts.copies), 1, 1e-12);
  }
}

TEST(CountItems, NodesGetOneCopyOfAToken) {
  ItemCounts counts = count("uniform", makeRouting(32, 4, 1000));
  double nodes = std::accumulate(counts.nodeCopies.begin(), counts.nodeCopies.begin() + 4, 0.0);
  EXPECT_NEAR(nodes / 1000, 4 * (1 - 0.0964464), 1e-6); // C(192, 8) / C(256, 8)
}

TEST(CountItems, DrawnTokensKeepTheirInvariants) {
  for (const char *traffic :
       {"lognormal:0.6:1", "zipf:1:2", "lognormal:1:3:ranks", "lognormal:1:3:pairs"}) {
    Routing routing = makeRouting(8, 2, 500);
    ItemCounts counts = count(traffic, routing);
    for (uint32_t source = 0; source < 8; ++source) {
      EXPECT_EQ(counts.rows.rowSum(source), 4000);
      EXPECT_LE(counts.copies.rowSum(source), 4000);
      for (uint32_t node = 0; node < 2; ++node) {
        double copies = 0, most = 0;
        for (uint32_t rank = 4 * node; rank < 4 * node + 4; ++rank) {
          copies += counts.copies.at(source, rank);
          most = std::max(most, counts.copies.at(source, rank));
        }
        EXPECT_GE(counts.nodeCopies[2 * source + node], most);
        EXPECT_LE(counts.nodeCopies[2 * source + node], std::min(copies, 500.0));
      }
    }
  }
}

TEST(CountItems, SeedAndLayerSayWhichStepIsDrawn) {
  Routing routing = makeRouting(4, 1, 50);
  auto cell = [&](const char *traffic, uint32_t layer) {
    ItemCounts counts = count(traffic, routing, layer);
    std::vector<double> all;
    for (uint32_t i = 0; i < 16; ++i)
      all.push_back(counts.rows.at(i / 4, i % 4));
    return all;
  };
  EXPECT_EQ(cell("lognormal:0.5:1", 0), cell("lognormal:0.5:1", 0));
  EXPECT_NE(cell("lognormal:0.5:1", 0), cell("lognormal:0.5:2", 0));
  EXPECT_NE(cell("lognormal:0.5:1", 0), cell("lognormal:0.5:1", 1));
}

/// Known numbers: every platform draws the same step.
TEST(CountItems, DrawsTheSameStepEverywhere) {
  ItemCounts counts = count("lognormal:0.6:1", makeRouting(4, 1, 1000, 16, 2));
  std::vector<double> rows;
  for (uint32_t rank = 0; rank < 4; ++rank)
    rows.push_back(counts.rows.columnSum(rank));
  EXPECT_EQ(rows, (std::vector<double>{1781, 1485, 2765, 1969}));
}

TEST(CountItems, MoreSigmaIsMoreSkew) {
  Routing routing = makeRouting(8, 1, 4096);
  double last = 1;
  for (const char *traffic :
       {"lognormal:0.3:5:ranks", "lognormal:0.6:5:ranks", "lognormal:1:5:ranks"}) {
    double now = imbalance(count(traffic, routing).rows);
    EXPECT_GT(now, last);
    last = now;
  }
}

TEST(CountItems, SharedSkewHeatsTheSameRankForAllSourcesAndPairsDoNot) {
  Routing routing = makeRouting(8, 1, 4096);
  auto hottest = [](const Matrix &matrix, uint32_t source) {
    uint32_t best = 0;
    for (uint32_t rank = 1; rank < matrix.getSize(); ++rank)
      best = matrix.at(source, rank) > matrix.at(source, best) ? rank : best;
    return best;
  };
  Matrix shared = count("lognormal:0.8:3:ranks", routing).rows;
  Matrix pairs = count("lognormal:0.8:3:pairs", routing).rows;
  uint32_t same = 0;
  for (uint32_t source = 0; source < 8; ++source) {
    EXPECT_EQ(hottest(shared, source), hottest(shared, 0));
    same += hottest(pairs, source) == hottest(pairs, 0);
  }
  EXPECT_LT(same, 8u);
}

/// Loads are met though nobody is chosen twice for a token.
TEST(CountItems, MeasuredLoadsAreMet) {
  rt::Result<Traffic> traffic =
      readTraffic("expert,load\n0,10\n1,20\n2,30\n3,40\n4,50\n5,50\n6,0\n7,0\n", "t");
  ASSERT_TRUE(traffic.ok());
  Routing routing = makeRouting(8, 1, 20000, 8, 2);
  rt::Result<ItemCounts> counts = countItems(*traffic, routing);
  ASSERT_TRUE(counts.ok());
  std::vector<double> load = {10, 20, 30, 40, 50, 50, 0, 0};
  for (uint32_t rank = 0; rank < 8; ++rank)
    EXPECT_NEAR(counts->rows.columnSum(rank) / 320000, load[rank] / 200, 0.01);
}

TEST(CountItems, GroupLimitBoundsTheNodesOfAToken) {
  Routing routing = makeRouting(32, 8, 400);
  routing.groups = GroupLimit{8, 4, GroupScore::SumOfTop2, RejectedValue::Zero};
  for (const char *traffic : {"uniform", "lognormal:0.5:1"}) {
    ItemCounts counts = count(traffic, routing);
    double nodes =
        std::accumulate(counts.nodeCopies.begin(), counts.nodeCopies.begin() + 8, 0.0) / 400;
    EXPECT_LE(nodes, 4);
    EXPECT_GT(nodes, 3);
    EXPECT_NEAR(counts.rows.rowSum(0), 3200, 1e-6);
  }
  routing.groups->score = GroupScore::Max;
  EXPECT_NEAR(count("zipf:0.5:1", routing).rows.rowSum(3), 3200, 1e-6);
}

TEST(CountItems, ReplicasShareTheirLoad) {
  Routing routing = makeRouting(2, 1, 100, 2, 1);
  routing.placement.slots = {{0, 1}, {0}};
  ItemCounts counts = count("uniform", routing);
  EXPECT_NEAR(counts.rows.at(0, 1), 25, 1e-9); // half of expert 0's
  EXPECT_NEAR(counts.copies.at(0, 0), 75, 1e-9);
  EXPECT_NEAR(counts.copies.at(1, 1), 25, 1e-9);
}

TEST(CountItems, TracesAreCountedAsTheyAre) {
  rt::Result<Traffic> traffic = readTraffic("rank,slot0,slot1\n0,0,1\n0,2,3\n1,3,2\n", "t");
  ASSERT_TRUE(traffic.ok());
  Routing routing = makeRouting(2, 1, 0, 4, 2);
  rt::Result<ItemCounts> counts = countItems(*traffic, routing);
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->tokens, (std::vector<double>{2, 1}));
  EXPECT_EQ(counts->copies.at(0, 0), 1);
  EXPECT_EQ(counts->rows.at(0, 1), 2);
  EXPECT_EQ(counts->copies.at(1, 1), 1);
  EXPECT_EQ(counts->copies.at(1, 0), 0);
}

TEST(CountItems, SaysWhatDoesNotFit) {
  auto message = [](const char *text, const Routing &routing, std::optional<uint32_t> layer = {}) {
    rt::Result<Traffic> traffic = readTraffic(text, "t");
    EXPECT_TRUE(traffic.ok()) << traffic.status().message();
    return countItems(*traffic, routing, layer).status().message();
  };
  Routing routing = makeRouting(2, 1, 10, 4, 2);
  EXPECT_EQ(message("[1, 2, 3, 4, 5]", routing), "t: counts 5 experts, the layer has 4");
  EXPECT_EQ(message("layer,slot0,slot1\n0,1,2\n1,1,2\n", routing),
            "traffic: holds layers 0..1: which one is meant?");
  EXPECT_EQ(message("layer,slot0,slot1\n0,1,2\n1,1,2\n", routing, 2),
            "traffic: has no layer 2, it holds 0..1");
  EXPECT_EQ(message("slot0\n1\n", routing), "traffic: wanted 2 experts a token, found 1");
  EXPECT_EQ(message("slot0,slot1\n1,9\n", routing),
            "traffic: token 0: wanted an expert below 4, found 9");
  EXPECT_EQ(message("rank,slot0,slot1\n7,1,2\n", routing),
            "traffic: token 0: wanted a rank below 2, found 7");
  EXPECT_EQ(message("1,2\n3,4\n", routing),
            "traffic: wanted tokens by expert, found a matrix of bytes");
  Routing uneven = routing;
  uneven.nodes = 3;
  EXPECT_EQ(message("[1, 2, 3, 4]", uneven), "wanted nodes that divide 2 ranks, found 3");
  Routing holes = routing;
  holes.placement.slots[1].pop_back();
  EXPECT_EQ(message("[1, 2, 3, 4]", holes),
            "placement: wanted expert 3 on some rank, found it on none");
}
