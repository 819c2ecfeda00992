//===- RouterTest.cpp - Router rules against values worked out by hand ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// R1 to R7 are the rules of the published models: softmax renormalised, softmax
// as it is, top-k before softmax, groups by best member, sigmoid with bias and
// groups by two best, sigmoid with bias, softmax with bias.
//===----------------------------------------------------------------------===//

#include "test/reference/Router.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace reference;
using Experts = std::vector<size_t>;

/// Logits whose softmax is `p` (which sums to one) and that no rounding moves.
static Logits softmaxOf(const std::vector<double> &p) {
  Logits logits;
  for (double v : p)
    logits.value.push_back(std::log(v));
  logits.low = logits.high = logits.value;
  return logits;
}

/// Logits whose sigmoid is `s`.
static Logits sigmoidOf(const std::vector<double> &s) {
  Logits logits;
  for (double v : s)
    logits.value.push_back(std::log(v / (1 - v)));
  logits.low = logits.high = logits.value;
  return logits;
}

static Layer layerOf(size_t experts, size_t topK, Score score) {
  Layer layer;
  layer.experts = experts;
  layer.topK = topK;
  layer.score = score;
  return layer;
}

static void expectWeights(const Choice &choice, const std::vector<double> &weights) {
  ASSERT_EQ(choice.weights.size(), weights.size());
  for (size_t k = 0; k < weights.size(); ++k)
    EXPECT_NEAR(choice.weights[k], weights[k], 1e-6) << "slot " << k;
}

TEST(Router, r1_softmax_over_all_then_renormalised) {
  Layer layer = layerOf(4, 2, Score::Softmax);
  layer.normalize = true;
  Choice choice = choose(layer, softmaxOf({.1, .2, .3, .4}), {});
  EXPECT_EQ(choice.experts, (Experts{3, 2}));
  expectWeights(choice, {4. / 7, 3. / 7});
  EXPECT_NEAR(choice.margin, .1, 1e-9); // .3 was taken, .2 was not
}

TEST(Router, r2_softmax_as_it_is) {
  Choice choice = choose(layerOf(4, 2, Score::Softmax), softmaxOf({.1, .4, .3, .2}), {});
  EXPECT_EQ(choice.experts, (Experts{1, 2}));
  expectWeights(choice, {.4, .3});
}

TEST(Router, r3_softmax_over_the_chosen) {
  Layer layer = layerOf(4, 3, Score::Softmax);
  layer.scoreAfterTopK = true;
  Choice choice = choose(layer, softmaxOf({.1, .2, .3, .4}), {});
  EXPECT_EQ(choice.experts, (Experts{3, 2, 1}));
  expectWeights(choice, {4. / 9, 3. / 9, 2. / 9});
  EXPECT_NEAR(choice.margin, std::log(2.0), 1e-9); // the choice is on logits
}

TEST(Router, sigmoid_of_the_chosen) {
  Layer layer = layerOf(3, 2, Score::Sigmoid);
  layer.scoreAfterTopK = true;
  Choice choice = choose(layer, sigmoidOf({.2, .9, .6}), {});
  EXPECT_EQ(choice.experts, (Experts{1, 2}));
  expectWeights(choice, {.9, .6});
}

TEST(Router, r4_the_best_groups_by_their_best_member) {
  Layer layer = layerOf(6, 2, Score::Softmax);
  layer.groups = 3;
  layer.groupsKept = 1;
  layer.rejectedIsZero = true;
  layer.scale = 16;
  // Expert 3 is second of all, but its group loses against the group of expert 0.
  Choice choice = choose(layer, softmaxOf({.30, .05, .06, .24, .20, .15}), {});
  EXPECT_EQ(choice.experts, (Experts{0, 1}));
  expectWeights(choice, {4.8, .8});
  EXPECT_NEAR(choice.margin, .05, 1e-9); // expert 1 against a zero; the groups differ by .06
}

TEST(Router, the_margin_is_that_of_the_groups_where_they_are_closer) {
  Layer layer = layerOf(4, 1, Score::Softmax);
  layer.groups = 2;
  layer.groupsKept = 1;
  Choice choice = choose(layer, softmaxOf({.1, .31, .3, .29}), {});
  EXPECT_EQ(choice.experts, (Experts{1}));
  EXPECT_NEAR(choice.margin, .01, 1e-9);
}

TEST(Router, r5_sigmoid_with_bias_and_groups_by_two_best) {
  Layer layer = layerOf(6, 2, Score::Sigmoid);
  layer.selectionBias = true;
  layer.groups = 2;
  layer.groupsKept = 1;
  layer.groupScore = GroupScore::SumOfTop2;
  layer.normalize = true;
  layer.normalizeEpsilon = 1e-20;
  layer.scale = 2.5;
  // s + bias = .75 .25 .25 | .5 .75 .25: the groups have 1.0 and 1.25.
  Choice choice = choose(layer, sigmoidOf({.75, .25, .25, .5, .25, .75}), {0, 0, 0, 0, .5, -.5});
  EXPECT_EQ(choice.experts, (Experts{4, 3}));
  expectWeights(choice, {2.5 / 3, 5. / 3}); // of .25 and .5: the bias only chooses
}

TEST(Router, a_rejected_zero_beats_an_allowed_negative) {
  Layer layer = layerOf(4, 2, Score::Identity);
  layer.groups = 2;
  layer.groupsKept = 1;
  Logits logits;
  logits.value = logits.low = logits.high = {.9, -.1, .3, .2};
  EXPECT_EQ(choose(layer, logits, {}).experts, (Experts{0, 1}));
  layer.rejectedIsZero = true;
  EXPECT_EQ(choose(layer, logits, {}).experts, (Experts{0, 2}));
}

TEST(Router, r6_sigmoid_with_bias) {
  Layer layer = layerOf(4, 2, Score::Sigmoid);
  layer.selectionBias = true;
  layer.normalize = true;
  Choice choice = choose(layer, sigmoidOf({.8, .6, .2, .5}), {-.5, 0, .5, 0});
  EXPECT_EQ(choice.experts, (Experts{2, 1}));
  expectWeights(choice, {.25, .75}); // .2 and .6
}

TEST(Router, r7_softmax_with_bias) {
  Layer layer = layerOf(4, 2, Score::Softmax);
  layer.selectionBias = true;
  layer.normalize = true;
  Choice choice = choose(layer, softmaxOf({.1, .2, .3, .4}), {.5, 0, 0, -.2});
  EXPECT_EQ(choice.experts, (Experts{0, 2}));
  expectWeights(choice, {.25, .75}); // .1 and .3
}

TEST(Router, an_epsilon_is_added_to_the_sum) {
  Layer layer = layerOf(2, 1, Score::Softmax);
  layer.normalize = true;
  layer.normalizeEpsilon = .6;
  expectWeights(choose(layer, softmaxOf({.6, .4}), {}), {.5});
}

TEST(Router, ties_go_to_the_lower_expert) {
  Choice choice = choose(layerOf(5, 3, Score::Softmax), softmaxOf({.1, .2, .3, .2, .2}), {});
  EXPECT_EQ(choice.experts, (Experts{2, 1, 3}));
  EXPECT_EQ(choice.margin, 0);
  EXPECT_EQ(choice.isSure, (std::vector<uint8_t>{1, 0, 0}));
}

TEST(Router, nothing_left_out_is_sure) {
  Choice choice = choose(layerOf(3, 3, Score::Softmax), softmaxOf({.2, .3, .5}), {});
  EXPECT_EQ(choice.experts, (Experts{2, 1, 0}));
  EXPECT_TRUE(std::isinf(choice.margin));
  EXPECT_GT(choice.margin, choice.rounding);
}

TEST(Router, weights_are_rounded_at_the_end) {
  Layer layer = layerOf(2, 2, Score::Softmax);
  layer.routingType = Type::BF16;
  Choice choice = choose(layer, softmaxOf({2. / 3, 1. / 3}), {});
  EXPECT_EQ(choice.weights[0], 0.66796875f); // 171 / 256
  EXPECT_EQ(choice.weights[1], 0.333984375f);
}

TEST(Router, a_margin_within_the_rounding_is_not_sure) {
  Layer layer = layerOf(3, 1, Score::Sigmoid);
  Logits logits = sigmoidOf({.2, .5, .6});
  EXPECT_TRUE(choose(layer, logits, {}).isSure[0]);
  for (double &z : logits.low)
    z -= .25; // s(1-s) * .25 = .06 down for .6, and as much up for .5
  for (double &z : logits.high)
    z += .25;
  Choice choice = choose(layer, logits, {});
  EXPECT_NEAR(choice.margin, .1, 1e-9);
  EXPECT_GT(choice.rounding, .11);
  EXPECT_FALSE(choice.isSure[0]);
}
