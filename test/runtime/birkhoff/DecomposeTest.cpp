//===- DecomposeTest.cpp - Stages of one-to-one sends ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/Decompose.h"
#include "runtime/birkhoff/WidestMatching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

using namespace moec::birkhoff;

using Units = std::vector<uint64_t>;

/// Log-normal entries, some of them 0, a diagonal that must be ignored.
static Units randomUnits(uint32_t nodes, unsigned seed, double sigma, double zeros = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Units units(size_t(nodes) * nodes);
  for (uint64_t &entry : units)
    entry = uniform(random) < zeros ? 0 : uint64_t(1e4 * std::exp(sigma * normal(random)));
  return units;
}

static uint64_t largestLine(const Units &units, uint32_t nodes) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < nodes; ++i) {
    uint64_t row = 0, column = 0;
    for (uint32_t j = 0; j < nodes; ++j) {
      row += i == j ? 0 : units[i * nodes + j];
      column += i == j ? 0 : units[j * nodes + i];
    }
    most = std::max({most, row, column});
  }
  return most;
}

/// What every decomposition is.
static void check(const Units &units, uint32_t nodes, const Decomposition &parts) {
  Units sum = parts.rest;
  ASSERT_EQ(sum.size(), units.size());
  for (const Stage &stage : parts.stages) {
    ASSERT_EQ(stage.target.size(), nodes);
    EXPECT_GT(stage.units, 0u);
    EXPECT_EQ(*std::max_element(stage.amounts.begin(), stage.amounts.end()), stage.units);
    std::vector<bool> isTarget(nodes);
    for (uint32_t node = 0; node < nodes; ++node) {
      uint32_t to = stage.target[node];
      ASSERT_EQ(to == nobody, stage.amounts[node] == 0);
      if (to == nobody)
        continue;
      ASSERT_LT(to, nodes);
      EXPECT_NE(to, node);
      EXPECT_FALSE(isTarget[to]) << "two send to " << to;
      isTarget[to] = true;
      sum[node * nodes + to] += stage.amounts[node];
    }
  }
  for (uint32_t node = 0; node < nodes; ++node)
    EXPECT_EQ(parts.restFrom(node, node), 0u);
  for (size_t i = 0; i < sum.size(); ++i) {
    bool isDiagonal = i / nodes == i % nodes;
    EXPECT_EQ(sum[i], isDiagonal ? 0 : units[i]);
  }
  EXPECT_EQ(parts.bound, largestLine(units, nodes));
  EXPECT_EQ(parts.length(), parts.bound);
  EXPECT_TRUE(std::is_sorted(parts.stages.begin(), parts.stages.end(),
                             [](const Stage &a, const Stage &b) { return a.units > b.units; }));
}

TEST(Decompose, NothingAndOneNode) {
  Decomposition none = decompose({}, 0);
  EXPECT_TRUE(none.stages.empty());
  EXPECT_EQ(none.length(), 0u);
  Units one = {7};
  Decomposition alone = decompose(one, 1);
  EXPECT_TRUE(alone.stages.empty());
  EXPECT_EQ(alone.bound, 0u);
  Units zeros(9);
  EXPECT_TRUE(decompose(zeros, 3).stages.empty());
}

TEST(Decompose, ByHand) {
  // 0 has 5 for 1 and 1 for 2, 1 has 1 for 2, 2 has 3 for 0: the bound is 6, row 0.
  Units units = {9, 5, 1, 0, 9, 1, 3, 0, 9};
  Decomposition parts = decompose(units, 3);
  check(units, 3, parts);
  EXPECT_EQ(parts.bound, 6u);
  ASSERT_FALSE(parts.stages.empty());
  EXPECT_EQ(parts.stages[0].target[0], 1u);
}

TEST(Decompose, APermutationIsOneStage) {
  Units units(16);
  for (uint32_t node = 0; node < 4; ++node)
    units[node * 4 + (node + 1) % 4] = 10;
  Decomposition parts = decompose(units, 4);
  check(units, 4, parts);
  EXPECT_EQ(parts.stages.size(), 1u);
}

TEST(Decompose, EvenTrafficTakesOneStageAPeer) {
  Units units(64, 100);
  Decomposition parts = decompose(units, 8);
  check(units, 8, parts);
  EXPECT_EQ(parts.stages.size(), 7u);
}

TEST(Decompose, OneReceiverBindsAll) {
  Units units(25);
  for (uint32_t node = 1; node < 5; ++node)
    units[node * 5] = node;
  Decomposition parts = decompose(units, 5);
  check(units, 5, parts);
  EXPECT_EQ(parts.bound, 10u);
  for (const Stage &stage : parts.stages)
    EXPECT_EQ(std::count(stage.target.begin(), stage.target.end(), nobody), 4);
}

TEST(Decompose, RandomMatrices) {
  for (uint32_t nodes = 2; nodes <= 32; ++nodes)
    for (double sigma : {0.0, 0.5, 2.0}) {
      Units units = randomUnits(nodes, nodes, sigma, nodes % 3 ? 0 : 0.6);
      Decomposition parts = decompose(units, nodes);
      SCOPED_TRACE(nodes);
      check(units, nodes, parts);
      EXPECT_EQ(std::accumulate(parts.rest.begin(), parts.rest.end(), uint64_t(0)), 0u);
      EXPECT_LE(parts.stages.size(), size_t(nodes - 1) * (nodes - 1) + 1);
    }
}

TEST(Decompose, CutShortTheRestIsSmall) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Units units = randomUnits(16, seed, 0.6);
    Decomposition parts = decompose(units, 16, {.maxStages = 32});
    check(units, 16, parts);
    EXPECT_EQ(parts.stages.size(), 32u);
    EXPECT_LT(double(largestLine(parts.rest, 16)), 0.25 * double(parts.bound));
  }
}

TEST(Decompose, StopsWhereTheRestIsNegligible) {
  Units units = randomUnits(16, 1, 0.6);
  Decomposition parts = decompose(units, 16, {.negligible = 0.1});
  check(units, 16, parts);
  EXPECT_LE(largestLine(parts.rest, 16), parts.bound / 10);
  EXPECT_LT(parts.stages.size(), decompose(units, 16).stages.size());
}

TEST(Decompose, IsTheSameEveryTime) {
  Units units = randomUnits(24, 5, 1);
  Decomposition a = decompose(units, 24), b = decompose(units, 24);
  ASSERT_EQ(a.stages.size(), b.stages.size());
  for (size_t i = 0; i < a.stages.size(); ++i)
    EXPECT_EQ(a.stages[i].target, b.stages[i].target);
}

TEST(Decompose, LargeUnitsDoNotOverflow) {
  Units units(9, uint64_t(1) << 58);
  check(units, 3, decompose(units, 3));
}

//===----------------------------------------------------------------------===//
// The matching
//===----------------------------------------------------------------------===//

/// By trying all permutations.
static uint64_t widestByForce(const Units &matrix, uint32_t size) {
  std::vector<uint32_t> columns(size);
  std::iota(columns.begin(), columns.end(), 0);
  uint64_t best = 0;
  do {
    uint64_t least = UINT64_MAX;
    for (uint32_t row = 0; row < size; ++row)
      least = std::min(least, matrix[row * size + columns[row]]);
    best = std::max(best, least);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

TEST(WidestMatching, IsTheWidestOfAll) {
  for (uint32_t size = 1; size <= 6; ++size)
    for (unsigned seed = 0; seed < 30; ++seed) {
      Units matrix = randomUnits(size, seed, 1, seed % 2 ? 0.3 : 0);
      WidestMatching matching(size);
      uint64_t best = widestByForce(matrix, size);
      ASSERT_EQ(matching.find(matrix), best > 0) << size << " " << seed;
      if (best == 0)
        continue;
      EXPECT_EQ(matching.width(), best);
      // Again from where it was, after entries have shrunk.
      for (uint32_t row = 0; row < size; ++row)
        matrix[row * size + matching.columns()[row]] -= best;
      best = widestByForce(matrix, size);
      ASSERT_EQ(matching.find(matrix), best > 0);
      if (best)
        EXPECT_EQ(matching.width(), best);
    }
}
