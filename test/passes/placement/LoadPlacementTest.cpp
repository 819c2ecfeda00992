//===- LoadPlacementTest.cpp - Placement by load ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadProblem.h"
#include "passes/placement/PublishedBalancer.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace moec {
namespace {

/// Units that make sums easy: a row takes 1 s, a byte within a node 1 s.
LoadCosts unitCosts(uint32_t lanes) {
  LoadCosts costs;
  costs.lanes = lanes;
  costs.tokensPerRank = 1;
  costs.rowSeconds = 1;
  return costs;
}

LoadProblem makeProblem(std::vector<double> load, uint32_t ranks, uint32_t lanes, uint32_t slots,
                        uint32_t topK = 1, uint32_t tokens = 4096) {
  LoadProblem problem;
  problem.experts = load.size();
  problem.ranks = ranks;
  problem.costs = unitCosts(lanes);
  problem.slots.assign(ranks, slots);
  problem.copies = problem.experts;
  double sum = std::accumulate(load.begin(), load.end(), 0.0);
  problem.loads = {load};
  for (double &count : load)
    count /= sum;
  problem.tokens = sampleTokens(load, {topK, {}, tokens}, 1);
  return problem;
}

std::vector<double> lognormal(uint32_t experts, double sigma, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> load;
  for (uint32_t i = 0; i < experts; ++i) { // normal enough: a sum of uniforms
    double sum = -6;
    for (int j = 0; j < 12; ++j)
      sum += random() * 0x1p-32;
    load.push_back(std::exp(sigma * sum));
  }
  return load;
}

//===----------------------------------------------------------------------===//
// What a step costs
//===----------------------------------------------------------------------===//

// Two ranks, one token each, one expert a token; 3 of 4 tokens choose expert 0.
TEST(LoadCost, CountsTheSlowestRankOfEachPhase) {
  LoadProblem problem = makeProblem({3, 1}, 2, 2, 1);
  LoadCost cost = costOf(problem, {{0}, {1}});
  EXPECT_DOUBLE_EQ(cost.computeSeconds, 1.5) << "2 tokens, of which 3/4";
  EXPECT_DOUBLE_EQ(cost.imbalance, 1.5);
  EXPECT_DOUBLE_EQ(cost.dispatchSeconds, 0.75) << "from the other rank's token";
  EXPECT_DOUBLE_EQ(cost.combineSeconds, 0.75);
  EXPECT_EQ(cost.crossNodeBytes, 0) << "one node";
}

TEST(LoadCost, ACopyTakesItsShareOfTheTokens) {
  LoadProblem problem = makeProblem({3, 1}, 2, 2, 2);
  problem.copies = 3;
  LoadCost cost = costOf(problem, {{0}, {0, 1}});
  EXPECT_DOUBLE_EQ(cost.computeSeconds, 2 * (0.375 + 0.25));
  EXPECT_DOUBLE_EQ(cost.imbalance, 1.25);
}

TEST(LoadCost, BetweenNodesTheRailIsTheLink) {
  LoadProblem problem = makeProblem({1, 1, 1, 1}, 4, 2, 1);
  problem.costs.railRate = 0.1;
  LoadCost cost = costOf(problem, {{0}, {1}, {2}, {3}});
  EXPECT_DOUBLE_EQ(cost.dispatchSeconds, 10 * 2 * 0.25) << "two tokens of other nodes, a quarter";
  EXPECT_DOUBLE_EQ(cost.nodeCopies, 0.5);
  EXPECT_DOUBLE_EQ(cost.crossNodeBytes, 2);
}

// Two experts a token, both on one node of two ranks: one crossing a token, or two.
TEST(LoadCost, ATokenCrossesOnceANodeInTwoTiers) {
  LoadProblem problem = makeProblem({1, 1}, 4, 2, 1, 2);
  problem.costs.railRate = 0.1;
  SlotLists slots{{0}, {1}, {}, {}};
  EXPECT_DOUBLE_EQ(costOf(problem, slots).dispatchSeconds, 20)
      << "each rank of the other node sends its token twice";
  problem.costs.nodeDedup = true;
  EXPECT_DOUBLE_EQ(costOf(problem, slots).dispatchSeconds, 10);
  EXPECT_DOUBLE_EQ(costOf(problem, slots).nodeCopies, 0.5);
}

TEST(LoadCost, FewRowsCostReadingTheWeights) {
  LoadCosts costs = unitCosts(1);
  costs.readSeconds = 5;
  EXPECT_DOUBLE_EQ(slotSeconds(costs, 100), 100);
  EXPECT_DOUBLE_EQ(slotSeconds(costs, 2), 5);
  EXPECT_DOUBLE_EQ(slotSeconds(costs, 0.5), 2.5) << "touched every other step";
}

TEST(LoadCost, AMoveComesFromTheNearestCopy) {
  LoadProblem problem = makeProblem({1, 1, 1, 1}, 4, 2, 2);
  problem.costs.expertBytes = 100;
  problem.costs.railRate = 0.1;
  problem.costs.steps = 10;
  problem.inForce = Placement{{{0}, {1}, {2}, {3}}};
  LoadCost cost = costOf(problem, {{1}, {0}, {2}, {3, 0}});
  EXPECT_EQ(cost.movedBytes, 300);
  EXPECT_EQ(cost.movedAcrossNodes, 100);
  EXPECT_DOUBLE_EQ(cost.moveSeconds, 100 / 0.1 / 10) << "the rail's";
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

TEST(TokenSample, FitsTheHistogram) {
  std::vector<double> load = lognormal(64, 0.6, 3);
  double sum = std::accumulate(load.begin(), load.end(), 0.0);
  for (double &count : load)
    count /= sum;
  TokenSample sample = sampleTokens(load, {8, {}, 4096}, 7);
  std::vector<double> counts(64);
  for (uint32_t expert : sample.experts)
    ++counts[expert];
  for (uint32_t expert = 0; expert < 64; ++expert)
    EXPECT_NEAR(counts[expert] / sample.experts.size(), load[expert], 0.005) << expert;
  for (size_t token = 0; token < sample.size(); ++token) {
    std::vector<uint32_t> of(&sample.experts[token * 8], &sample.experts[token * 8] + 8);
    std::sort(of.begin(), of.end());
    EXPECT_EQ(std::unique(of.begin(), of.end()), of.end());
  }
  EXPECT_EQ(sampleTokens(load, {8, {}, 4096}, 7).experts, sample.experts);
  EXPECT_NE(sampleTokens(load, {8, {}, 4096}, 8).experts, sample.experts);
}

TEST(TokenSample, KeepsToTheGroupsThatTheRouterKeeps) {
  TokenSample sample =
      sampleTokens(std::vector<double>(64, 1.0 / 64),
                   {.topK = 8, .groups = GroupLimit{8, 4, GroupScore::SumOfTop2}}, 1);
  for (size_t token = 0; token < sample.size(); ++token) {
    uint32_t groups = 0;
    for (uint32_t i = 0; i < 8; ++i)
      groups |= 1u << (sample.experts[token * 8 + i] / 8);
    EXPECT_LE(__builtin_popcount(groups), 4);
  }
}

// Distinct nodes of a token under uniform routing: D(8) = 5.295 of 8 for 256
// experts, 8 a token (Q (1 - C(E-E/Q,k) / C(E,k))).
TEST(TokenSample, ReachesAsManyNodesAsUniformRoutingDoes) {
  LoadProblem problem = makeProblem(std::vector<double>(256, 1), 64, 8, 4, 8);
  SlotLists slots(64);
  for (uint32_t expert = 0; expert < 256; ++expert)
    slots[expert / 4].push_back(expert);
  EXPECT_NEAR(costOf(problem, slots).nodeCopies, 5.295 * 7 / 8, 0.03);
}

//===----------------------------------------------------------------------===//
// Answers
//===----------------------------------------------------------------------===//

TEST(PlaceByLoad, PacksWhatFitsExactly) {
  LoadProblem problem = makeProblem({5, 4, 3, 3, 2, 1}, 2, 2, 3);
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_DOUBLE_EQ(answer.cost.imbalance, 1);
}

TEST(PlaceByLoad, CopiesTheHottest) {
  LoadProblem problem = makeProblem({8, 1, 1, 1, 1, 1, 1, 1}, 4, 4, 3);
  problem.copies = 11;
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_EQ(homesOf(answer.placement.slots, 8)[0].size(), 4u);
  problem.mostCopies = 2;
  answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_EQ(homesOf(answer.placement.slots, 8)[0].size(), 2u);
}

TEST(PlaceByLoad, StaysWhereMovingCostsMoreThanItSaves) {
  LoadProblem problem = makeProblem(lognormal(32, 0.7, 5), 4, 4, 8);
  Placement linear = place({32, 4, DealRule::Linear, {}, {}});
  problem.inForce = linear;
  problem.costs.expertBytes = 1e6;
  problem.costs.steps = 1;
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_EQ(answer.placement, linear);
  problem.costs.steps = 1e12;
  answer = placeByLoad(problem);
  EXPECT_LT(answer.cost.imbalance, 1.01);
  problem.costs.steps = 1e7;
  double some = placeByLoad(problem).cost.movedBytes;
  EXPECT_GT(some, 0);
  EXPECT_LT(some, answer.cost.movedBytes) << "the few moves that are worth it";
}

// Experts 2i and 2i + 1 are always chosen together: apart, a token goes to two nodes.
TEST(PlaceByLoad, BringsTogetherWhatIsChosenTogether) {
  LoadProblem problem = makeProblem(std::vector<double>(32, 1), 4, 1, 8, 2);
  problem.costs.railRate = 0.01;
  problem.tokens = {2, {}};
  std::mt19937 random(1);
  std::vector<uint32_t> names(32);
  std::iota(names.begin(), names.end(), 0);
  std::shuffle(names.begin(), names.end(), random);
  for (uint32_t token = 0; token < 1600; ++token)
    for (uint32_t i = 0; i < 2; ++i)
      problem.tokens.experts.push_back(names[token % 16 * 2 + i]);
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  double apart = costOf(problem, place({32, 4, DealRule::Linear, {}, {}}).slots).nodeCopies;
  EXPECT_GT(apart, 1.2);
  EXPECT_LT(answer.cost.nodeCopies, 1) << "0.75 is the least";
}

TEST(PlaceByLoad, KeepsGroupsOnNodes) {
  LoadProblem problem = makeProblem(lognormal(64, 0.5, 2), 8, 4, 10, 4);
  problem.groups = 8;
  problem.groupsOnNodes = true;
  problem.copies = 80;
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_LT(answer.cost.imbalance, 1.1);
}

TEST(PlaceByLoad, BalancesEveryPeriod) {
  std::vector<double> day = lognormal(64, 0.8, 1), night = lognormal(64, 0.8, 2);
  LoadProblem problem = makeProblem(day, 8, 8, 8);
  double blind = 0;
  {
    LoadAnswer answer = placeByLoad(problem);
    problem.loads = {day, night};
    blind = costOf(problem, answer.placement.slots).imbalance;
  }
  LoadAnswer answer = placeByLoad(problem);
  EXPECT_EQ(checkLoadPlacement(problem, answer), "");
  EXPECT_GT(blind, 1.1);
  EXPECT_LT(answer.cost.worstImbalance, 1.06);
}

TEST(PlaceByLoad, IsNeverBehindThePublishedBalancer) {
  for (uint32_t seed = 0; seed < 3; ++seed) {
    uint32_t ranks = seed % 3 ? 8 : 16, slots = 64 / ranks + seed % 2;
    LoadProblem problem = makeProblem(lognormal(64, 0.4 + 0.1 * seed, seed), ranks, 8, slots, 4);
    problem.copies = ranks * slots;
    LoadAnswer answer = placeByLoad(problem);
    EXPECT_EQ(checkLoadPlacement(problem, answer), "");
    std::vector<uint32_t> map =
        publishedBalance(problem.loads[0], {problem.copies, 1, ranks / 8, ranks});
    SlotLists lists(ranks);
    for (size_t slot = 0; slot < map.size(); ++slot)
      lists[slot / slots].push_back(map[slot]);
    EXPECT_LE(answer.cost.seconds(), costOf(problem, lists).seconds()) << seed;
  }
}

LoadProblem randomProblem(std::mt19937 &random) {
  auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  uint32_t experts = 1 + below(24), ranks = 1 + below(10);
  LoadProblem problem =
      makeProblem(lognormal(experts, 1, random()), ranks, 1 + below(4), 1, 1 + below(experts), 256);
  if (below(2))
    problem.loads.push_back(lognormal(experts, 1, random()));
  problem.costs.nodeDedup = below(2);
  problem.costs.partialReturn = below(2);
  problem.costs.readSeconds = below(3);
  problem.costs.railRate = 0.1;
  problem.costs.expertBytes = below(3);
  uint32_t room = 0;
  for (uint32_t &slots : problem.slots)
    room += slots = below(2) + (experts + ranks - 1) / ranks;
  problem.mostCopies = below(2) ? UINT32_MAX : 2 + below(3);
  problem.copies = experts + below(room - experts + 1);
  if (below(3) == 0)
    problem.inForce = place({experts, ranks, DealRule::RoundRobin, {}, {}});
  if (below(3) == 0)
    problem.holds = {{below(ranks), {below(experts)}}};
  return problem;
}

TEST(PlaceByLoad, EveryAnswerKeepsItsPromises) {
  std::mt19937 random(1);
  int solvable = 0;
  for (int i = 0; i < 24; ++i) {
    LoadProblem problem = randomProblem(random);
    if (!checkLoadProblem(problem).empty())
      continue;
    ++solvable;
    LoadAnswer answer = placeByLoad(problem);
    ASSERT_EQ(checkLoadPlacement(problem, answer), "") << "case " << i;
    if (i % 8 == 0)
      ASSERT_EQ(placeByLoad(problem).placement, answer.placement) << "case " << i;
  }
  EXPECT_GT(solvable, 12);
}

TEST(PlaceByLoad, EveryMutationIsFound) {
  std::mt19937 random(2);
  LoadProblem problem = makeProblem(lognormal(16, 1, 1), 4, 2, 6, 2);
  problem.copies = 20;
  problem.mostCopies = 2;
  problem.holds = {{1, {3}}};
  LoadAnswer right = placeByLoad(problem);
  ASSERT_EQ(checkLoadPlacement(problem, right), "");
  for (int i = 0; i < 500; ++i) {
    LoadAnswer wrong = right;
    auto &slots = wrong.placement.slots[random() % 4],
         &others = wrong.placement.slots[random() % 4];
    switch (random() % 5) {
    case 0:
      slots.erase(slots.begin() + random() % slots.size());
      break;
    case 1:
      slots.push_back(random() % 17);
      break;
    case 2:
      std::swap(slots.front(), others.back());
      break;
    case 3:
      wrong.placement.slots.pop_back();
      break;
    case 4:
      wrong.cost.computeSeconds *= 0.99;
      break;
    }
    if (wrong.placement != right.placement ||
        wrong.cost.computeSeconds != right.cost.computeSeconds)
      ASSERT_NE(checkLoadPlacement(problem, wrong), "") << "case " << i;
  }
}

TEST(CheckLoadProblem, SaysWhyThereIsNoAnswer) {
  LoadProblem problem = makeProblem({1, 1, 1, 1}, 2, 2, 2);
  problem.copies = 5;
  EXPECT_EQ(checkLoadProblem(problem),
            "5 copies of experts do not fit 4 slots, 2 on each of 2 gpus");
  problem.copies = 3;
  EXPECT_EQ(checkLoadProblem(problem),
            "there are 4 copies of experts to place, but 3 are asked for");
  problem.copies = 4;
  problem.holds = {{0, {0, 1, 2}}};
  EXPECT_EQ(checkLoadProblem(problem), "rank 0 is given 3 experts by hand, but has 2 slots");
  problem.holds.clear();
  problem.loads = {{1, 2}};
  EXPECT_EQ(checkLoadProblem(problem), "a load counts 2 experts, the layer has 4");
  problem.loads = {{0, 0, 0, 0}};
  EXPECT_EQ(checkLoadProblem(problem), "a load has no counts");
  problem.loads = {{1, 1, 1, 1}};
  problem.groups = 3;
  EXPECT_EQ(checkLoadProblem(problem), "4 experts do not make 3 groups");
  problem.groups = 1;
  problem.costs.lanes = 1;
  problem.groupsOnNodes = true;
  EXPECT_EQ(checkLoadProblem(problem),
            "groups keep to nodes, but the slots of 2 nodes hold 0 whole groups of 1");
}

} // namespace
} // namespace moec
