//===- RouterTest.cpp - The order of choices -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the comparison with the reference leaves open: ties, and what is no number.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Router.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace moec::test {
namespace {

using rt::cpu::RouterRule;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

struct Choice {
  std::vector<uint32_t> experts;
  std::vector<float> weights;
};

Choice choose(const Router &router, std::vector<float> logits) {
  std::vector<float> none;
  RouterRule rule(router, static_cast<uint32_t>(logits.size()), none, none);
  RouterRule::Workspace work;
  Choice choice{std::vector<uint32_t>(router.topK), std::vector<float>(router.topK)};
  rule.choose(logits, work, choice.experts.data(), choice.weights.data());
  return choice;
}

Router identity(uint32_t topK) {
  Router router;
  router.topK = topK;
  router.score = ScoreFunction::Identity;
  return router;
}

using Experts = std::vector<uint32_t>;

TEST(Router, FallingScoresTiesToTheLowerExpert) {
  EXPECT_EQ(choose(identity(4), {1, 3, 2, 3, 1}).experts, (Experts{1, 3, 2, 0}));
  EXPECT_EQ(choose(identity(2), {0.f, -0.f, 0.f}).experts, (Experts{0, 1}));
}

TEST(Router, NanIsChosenLast) {
  EXPECT_EQ(choose(identity(3), {nan, -infinity, nan, 5}).experts, (Experts{3, 1, 0}));
  EXPECT_EQ(choose(identity(3), {nan, nan, nan}).experts, (Experts{0, 1, 2}));
  EXPECT_EQ(choose(identity(2), {infinity, nan, -infinity}).experts, (Experts{0, 2}));
}

TEST(Router, SoftmaxOfInfinitiesChoosesValidExperts) {
  Router router = identity(2);
  router.score = ScoreFunction::Softmax;
  for (std::vector<float> logits :
       {std::vector<float>{infinity, infinity, 1}, {-infinity, -infinity, -infinity}, {nan, 1, 2}})
    EXPECT_EQ(choose(router, logits).experts, (Experts{0, 1})); // all scores are NaN
}

/// With all members of all kept groups taken, slots are filled from the rejected
/// ones, the lower first.
TEST(Router, MoreSlotsThanTheKeptGroupsHave) {
  Router router = identity(3);
  router.groups = GroupLimit{2, 1, GroupScore::Max, RejectedValue::MinusInfinity};
  EXPECT_EQ(choose(router, {1, 2, 9, 8}).experts, (Experts{2, 3, 0}));
}

TEST(Router, GroupTiesGoToTheLowerGroup) {
  Router router = identity(2);
  router.groups = GroupLimit{2, 1, GroupScore::SumOfTop2, RejectedValue::MinusInfinity};
  EXPECT_EQ(choose(router, {1, 2, 2, 1}).experts, (Experts{1, 0}));
}

TEST(Router, WeightsAreRoundedToTheirType) {
  Router router = identity(1);
  router.weightsType = DType::BF16;
  EXPECT_EQ(choose(router, {1.00390625f, 0}).weights[0], 1.0f); // a tie, to even
  router.scale = 3;
  EXPECT_EQ(choose(router, {1.00390625f, 0}).weights[0], 3.015625f);
}

} // namespace
} // namespace moec::test
