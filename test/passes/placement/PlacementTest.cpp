//===- PlacementTest.cpp - Properties of placements, for many sizes -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace moec {
namespace {

constexpr uint32_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 16, 60, 61, 64, 128, 256};
constexpr uint32_t kRanks[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 63, 64, 65, 300};

std::vector<size_t> sizesOf(const Placement &placement) {
  std::vector<size_t> sizes;
  for (const auto &slots : placement.slots)
    sizes.push_back(slots.size());
  return sizes;
}

TEST(Placement, LinearIsContiguousAndEvenForAnyNumbers) {
  for (uint32_t experts : kSizes)
    for (uint32_t ranks : kRanks) {
      SCOPED_TRACE(std::to_string(experts) + " experts on " + std::to_string(ranks));
      Placement placement = place({experts, ranks, DealRule::Linear, {}, {}});
      std::vector<uint32_t> inOrder, wanted(experts);
      for (const auto &slots : placement.slots)
        inOrder.insert(inOrder.end(), slots.begin(), slots.end());
      std::iota(wanted.begin(), wanted.end(), 0);
      EXPECT_EQ(inOrder, wanted);
      auto sizes = sizesOf(placement);
      ASSERT_EQ(sizes.size(), ranks);
      auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
      EXPECT_LE(*most - *least, 1u);
      EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend())) << "longer blocks come first";
    }
}

TEST(Placement, RoundRobinPutsExpertOnItsRemainder) {
  for (uint32_t experts : kSizes)
    for (uint32_t ranks : kRanks) {
      Placement placement = place({experts, ranks, DealRule::RoundRobin, {}, {}});
      for (uint32_t rank = 0; rank < ranks; ++rank)
        for (size_t i = 0; i < placement.slots[rank].size(); ++i)
          EXPECT_EQ(placement.slots[rank][i], rank + i * ranks);
    }
}

TEST(Placement, SixtyExpertsOnEightRanks) {
  Placement placement = place({60, 8, DealRule::Linear, {}, {}});
  EXPECT_EQ(sizesOf(placement), (std::vector<size_t>{8, 8, 8, 8, 7, 7, 7, 7}));
  EXPECT_EQ(placement.slots[4].front(), 32u);
}

TEST(Placement, ListsComeBeforePinsBeforeWhatIsDealt) {
  PlacementProblem problem{6, 2, DealRule::Linear, {{1, {5, 0}}}, {{3, {1, 0}}, {2, {1}}}};
  Placement placement = place(problem);
  EXPECT_EQ(placement.slots[0], (std::vector<uint32_t>{3, 1}));
  EXPECT_EQ(placement.slots[1], (std::vector<uint32_t>{5, 0, 3, 2, 4}));
  EXPECT_EQ(checkPlacement(problem, placement), "");
}

/// A problem that has an answer: each expert listed, pinned or left, at random.
PlacementProblem randomProblem(std::mt19937 &random) {
  auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  PlacementProblem problem;
  problem.experts = 1 + below(40);
  problem.ranks = 1 + below(12);
  problem.rule = below(2) ? DealRule::Linear : DealRule::RoundRobin;
  std::vector<std::vector<uint32_t>> lists(problem.ranks);
  for (uint32_t expert = 0; expert < problem.experts; ++expert) {
    uint32_t kind = below(4);
    if (kind == 0)
      lists[below(problem.ranks)].push_back(expert);
    if (kind == 1) {
      std::vector<uint32_t> ranks(problem.ranks);
      std::iota(ranks.begin(), ranks.end(), 0);
      std::shuffle(ranks.begin(), ranks.end(), random);
      ranks.resize(1 + below(problem.ranks));
      problem.pins.push_back({expert, ranks});
    }
  }
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    if (!lists[rank].empty())
      problem.holds.push_back({rank, lists[rank]});
  return problem;
}

TEST(Placement, EveryAnswerKeepsItsPromises) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    PlacementProblem problem = randomProblem(random);
    ASSERT_EQ(checkProblem(problem), "");
    ASSERT_EQ(checkPlacement(problem, place(problem)), "");
  }
}

// Any single change to a right answer must be found: the judge sees what it says.
TEST(Placement, EveryMutationIsFound) {
  std::mt19937 random(2);
  for (int i = 0; i < 2000; ++i) {
    PlacementProblem problem = randomProblem(random);
    Placement right = place(problem), wrong = right;
    auto &slots = wrong.slots[random() % problem.ranks];
    switch (random() % 4) {
    case 0: // lose a slot
      if (!slots.empty())
        slots.erase(slots.begin() + random() % slots.size());
      break;
    case 1: // hold an expert more
      slots.push_back(random() % (problem.experts + 1));
      break;
    case 2: // swap two neighbours
      if (slots.size() > 1)
        std::swap(slots[0], slots[1]);
      break;
    case 3: // lose a rank
      wrong.slots.pop_back();
      break;
    }
    if (wrong != right)
      ASSERT_NE(checkPlacement(problem, wrong), "") << "case " << i;
  }
}

TEST(Placement, ProblemsWithoutAnAnswerSayWhy) {
  EXPECT_EQ(checkProblem({4, 2, DealRule::Linear, {{0, {4}}}, {}}),
            "expert 4 is placed, but the experts are 0 to 3");
  EXPECT_EQ(checkProblem({4, 2, DealRule::Linear, {}, {{1, {2}}}}),
            "rank 2 is given expert 1, but the ranks are 0 to 1");
  EXPECT_EQ(checkProblem({4, 2, DealRule::Linear, {{0, {1}}}, {{1, {0}}}}),
            "expert 1 is placed on rank 0 twice");
  EXPECT_EQ(checkProblem({2, 1, DealRule::None, {{0, {1}}}, {}}),
            "expert 0 is on no list, has no pin, and there is no rule for it");
}

Layer smallLayer() {
  Layer layer;
  layer.hidden = 10;
  layer.experts = 4;
  layer.weightsType = DType::BF16;
  layer.expert.intermediate = 3;
  return layer;
}

TEST(WeightBytes, CountsExpertsAndWhatEveryRankHolds) {
  Layer layer = smallLayer();
  Placement placement{{{0, 1, 2}, {3}, {}}};
  uint64_t router = 4 * 10 * 2, expert = 3 * 10 * 3 * 2;
  EXPECT_EQ(weightBytes(layer, placement),
            (std::vector<uint64_t>{router + 3 * expert, router + expert, router}));
  layer.router.selectionBias = true;
  layer.shared = SharedExpert{{5}, true};
  EXPECT_EQ(weightBytes(layer, placement)[2], router + 4 * 4 + 3 * 10 * 5 * 2 + 10 * 2);
}

TEST(WeightBytes, StopsAtTheLargestNumber) {
  Layer layer = smallLayer();
  layer.hidden = layer.expert.intermediate = UINT32_MAX;
  EXPECT_EQ(weightBytes(layer, {{{0, 1, 2, 3}}})[0], UINT64_MAX);
}

TEST(PrintPlacement, IsABlockOfTheLanguage) {
  Layer layer = smallLayer();
  layer.name = "small";
  EXPECT_EQ(printPlacement(layer, "ep4", {{{0, 1, 2, 3}, {2}, {3, 1, 2}, {}}}),
            "placement for small on ep4 {\n"
            "  gpu 0 holds 0..3 # 800 bytes of weights\n"
            "  gpu 1 holds 2 # 260 bytes of weights\n"
            "  gpu 2 holds 3, 1..2 # 620 bytes of weights\n"
            "  # gpu 3 holds no expert, 80 bytes of weights\n"
            "}\n");
}

} // namespace
} // namespace moec
