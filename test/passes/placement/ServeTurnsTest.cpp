//===- ServeTurnsTest.cpp - Which copy serves whom, and how often ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/placement/ServeTurns.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace moec;

namespace {

using Lists = std::vector<std::vector<uint32_t>>;

double most(const std::vector<double> &rows) { return *std::max_element(rows.begin(), rows.end()); }

TEST(ServeTurns, TheNearestCopyServes) {
  // Two nodes of two: expert 0 on ranks 0 and 3, expert 1 on 1 and 2 of both nodes.
  ServeProblem problem{{{0}, {1}, {1}, {0}}, 2, 2, {}};
  std::vector<Turns> turns = turnsFor(problem, ServeRule::Nearest);
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_EQ(turns[0], (Turns{0, Lists{{0}, {0}, {3}, {3}}}));
  EXPECT_EQ(turns[1], (Turns{1, Lists{{1}, {1}, {2}, {2}}}));
  EXPECT_EQ(distanceOf(problem, turns).offNode, 0);
  EXPECT_DOUBLE_EQ(distanceOf(problem, {}).offNode, 0.5);
}

TEST(ServeTurns, CopiesOfTheSameNodeTakeTurns) {
  ServeProblem problem{{{0}, {0, 1}, {}, {}}, 2, 2, {}};
  std::vector<Turns> turns = turnsFor(problem, ServeRule::Nearest);
  ASSERT_EQ(turns.size(), 1u); // one copy needs no turns
  EXPECT_EQ(turns[0].ranks, (Lists{{0}, {1}, {0, 1}, {0, 1}}));
}

TEST(ServeTurns, AFullRankServesFewer) {
  // Rank 0 has an expert of its own with half of all rows, and a copy of the other one.
  ServeProblem problem{{{0, 1}, {1}}, 2, 2, {.5, .5}};
  EXPECT_DOUBLE_EQ(most(rowShares(problem, {})), .75);
  std::vector<Turns> turns = turnsFor(problem, ServeRule::Balanced);
  ASSERT_EQ(turns.size(), 1u);
  EXPECT_EQ(turns[0].ranks, (Lists{{1}, {1}}));
  EXPECT_DOUBLE_EQ(most(rowShares(problem, turns)), .5);
}

TEST(ServeTurns, SharesAreSpreadOverTheList) {
  // Rank 0 is to have 1/4 of expert 2, rank 1 3/4: 5/8 - 1/8 against 3/8 + 1/8.
  ServeProblem problem{{{0, 2}, {1, 2}}, 3, 1, {.4375, .3125, .25}};
  std::vector<Turns> turns = turnsFor(problem, ServeRule::Balanced);
  EXPECT_NEAR(most(rowShares(problem, turns)), .5, 1e-9);
  ASSERT_EQ(turns.size(), 1u);
  // The own copy as far as balance allows: rank 1 has its own tokens all.
  EXPECT_EQ(turns[0].ranks, (Lists{{0, 1}, {1}}));
}

/// Random placements with hot experts: promises hold, nobody gets more than without turns,
/// and less crosses nodes than in turn.
TEST(ServeTurns, BalancedIsNoWorseThanInTurn) {
  std::mt19937_64 random(1);
  double farInTurn = 0, farBalanced = 0;
  for (int i = 0; i < 100; ++i) {
    uint32_t ranks = 1 + random() % 16, experts = 1 + random() % 40, lanes = 1 + random() % 8;
    ServeProblem problem{Lists(ranks), experts, lanes, std::vector<double>(experts)};
    double sum = 0;
    for (uint32_t expert = 0; expert < experts; ++expert) {
      uint32_t first = random() % ranks, second = random() % ranks;
      problem.slots[first].push_back(expert);
      if (second != first && random() % 2)
        problem.slots[second].push_back(expert);
      sum += problem.shares[expert] = double(1 + random() % 100);
    }
    for (double &share : problem.shares)
      share /= sum;
    for (ServeRule rule : {ServeRule::InTurn, ServeRule::Nearest, ServeRule::Balanced})
      EXPECT_EQ(checkTurns(problem, rule, turnsFor(problem, rule)), "");
    std::vector<Turns> turns = turnsFor(problem, ServeRule::Balanced);
    EXPECT_EQ(turns, turnsFor(problem, ServeRule::Balanced));
    std::vector<double> rows = rowShares(problem, turns);
    EXPECT_NEAR(std::accumulate(rows.begin(), rows.end(), 0.0), 1, 1e-9);
    farInTurn += distanceOf(problem, {}).offNode;
    farBalanced += distanceOf(problem, turns).offNode;
  }
  EXPECT_LT(farBalanced, farInTurn);
}

TEST(ServeTurns, TheJudgeSeesWhatIsWrong) {
  ServeProblem problem{{{0}, {0, 1}, {}}, 2, 3, {}};
  auto fault = [&](ServeRule rule, Lists lists) {
    return checkTurns(problem, rule, {{0, std::move(lists)}});
  };
  EXPECT_EQ(fault(ServeRule::Nearest, {{0}, {1}, {0, 1}}), "");
  EXPECT_EQ(fault(ServeRule::Nearest, {{0}, {1}}), "expert 0 has no list for some source");
  EXPECT_EQ(fault(ServeRule::Nearest, {{0}, {1}, {}}), "expert 0 has no copy for rank 2");
  EXPECT_EQ(fault(ServeRule::Nearest, {{0}, {1}, {2}}), "expert 0 is not on rank 2");
  EXPECT_EQ(fault(ServeRule::Nearest, {{0, 1}, {1}, {0, 1}}),
            "expert 0 has a nearer copy for rank 0");
  EXPECT_EQ(fault(ServeRule::Balanced, {{1}, {1}, {1}}),
            "a rank has more rows than without the turns");
}

} // namespace
