//===- CompareTest.cpp - What counts as agreement -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/reference/Compare.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace reference;

namespace {
/// Two tokens of one value, two experts each; the choice of the second is unsure.
struct Case {
  Case() {
    expected.tokens = expected.topK = 2;
    expected.hidden = 1;
    expected.output = output = {3, 4};
    expected.indices = indices = {0, 1, 2, 3};
    expected.weights = weights = {.5, .25, .5, .25};
    expected.margin = {1, 1e-9};
    expected.rounding = {1e-6, 1e-6};
    expected.slotIsSure = {1, 1, 1, 0};
  }
  Comparison compare() {
    return reference::compare(expected, {output.data(), indices.data(), weights.data()});
  }
  Result expected;
  std::vector<float> output, weights;
  std::vector<int64_t> indices;
};
} // namespace

TEST(Compare, equal_results_agree) {
  Comparison comparison = Case().compare();
  EXPECT_EQ(comparison.outputError, 0);
  EXPECT_EQ(comparison.unsureTokens, 1u);
  EXPECT_EQ(comparison.leftOut, 0u);
  EXPECT_TRUE(comparison.agrees(0));
}

TEST(Compare, the_error_is_a_ratio_of_norms) {
  Case c;
  c.output = {3, 4.05f};
  EXPECT_NEAR(c.compare().outputError, .01, 1e-6);
  EXPECT_TRUE(c.compare().agrees(.011));
  EXPECT_FALSE(c.compare().agrees(.009));
}

TEST(Compare, another_expert_in_a_sure_slot_is_a_mismatch) {
  Case c;
  c.indices = {0, 7, 2, 3};
  Comparison comparison = c.compare();
  EXPECT_EQ(comparison.mismatches, 1u);
  EXPECT_EQ(comparison.firstToken, 0u);
  EXPECT_EQ(comparison.firstSlot, 1u);
  EXPECT_FALSE(comparison.agrees(1));
}

TEST(Compare, an_unsure_token_may_choose_otherwise_and_is_left_out) {
  Case c;
  c.indices = {0, 1, 2, 9};
  c.output = {3, 100};
  Comparison comparison = c.compare();
  EXPECT_EQ(comparison.leftOut, 1u);
  EXPECT_TRUE(comparison.agrees(0));
}

TEST(Compare, weights_are_matched_by_expert) {
  Case c;
  c.expected.slotIsSure = {0, 0, 1, 1}; // the order of the first token is not sure
  c.indices = {1, 0, 2, 3};
  c.weights = {.25, .5, .5, .25};
  EXPECT_TRUE(c.compare().agrees(0));
  c.weights = {.5, .25, .5, .25};
  EXPECT_FALSE(c.compare().agrees(.1));
}

TEST(Compare, values_that_are_not_finite_never_agree) {
  Case c;
  c.output = {3, NAN};
  EXPECT_FALSE(c.compare().agrees(1e9));
  c.output = {3, INFINITY};
  EXPECT_FALSE(c.compare().agrees(INFINITY));
}
