//===- ExprTest.cpp - Plan expressions -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"

#include "runtime/plan/PlanText.h"

#include <array>
#include <gtest/gtest.h>
#include <limits>

using namespace moec::plan;

static std::string text(const Expr &expr) {
  std::array<std::string, 2> names = {"p", "s"};
  return exprText(expr, names);
}

static Expr p() { return domainVariable(0); }
static Expr s() { return domainVariable(1); }

TEST(Expr, PrintsWithFewBrackets) {
  EXPECT_EQ(text(mod(step(), 2)), "n mod 2");
  EXPECT_EQ(text(rank() * constant(8) + p()), "r * 8 + p");
  EXPECT_EQ(text((rank() + p()) * constant(8)), "(r + p) * 8");
  EXPECT_EQ(text(mod(rank() + constant(1), 4)), "(r + 1) mod 4");
  EXPECT_EQ(text(rank() + (p() + s())), "r + (p + s)");
  EXPECT_EQ(text(floorDiv(floorDiv(p(), 2), 3)), "p floordiv 2 floordiv 3");
  EXPECT_EQ(text(p() * mod(s(), 3)), "p * (s mod 3)");
}

TEST(Expr, PrintsDifferences) {
  EXPECT_EQ(text(rank() + constant(-1)), "r - 1");
  EXPECT_EQ(text(rank() + p() * constant(-1)), "r - p");
  EXPECT_EQ(text(rank() + (p() + s()) * constant(-1)), "r - (p + s)");
  EXPECT_EQ(text(p() * constant(-2)), "p * -2");
  EXPECT_EQ(text(constant(std::numeric_limits<int64_t>::min())), "-9223372036854775808");
}

TEST(Expr, EvaluatesTowardsMinusInfinity) {
  std::array<int64_t, 4> values = {5, 7, -3, 2}; // r, n, p, s
  EXPECT_EQ(evaluate(rank() + step() * constant(10), values), 75);
  EXPECT_EQ(evaluate(floorDiv(p(), 2), values), -2);
  EXPECT_EQ(evaluate(mod(p(), 2), values), 1);
  EXPECT_EQ(evaluate(mod(p(), 3), values), 0);
  EXPECT_EQ(evaluate(floorDiv(rank(), 2) + s(), values), 4);
}

/// Every value of every expression lies in its interval, and where the interval is
/// exact both ends are taken.
TEST(Expr, IntervalsHoldEveryValue) {
  std::array<Interval, 3> bounds = {Interval{0, 4}, {1, 9}, {-3, 3}};
  struct Case {
    Expr expr;
    bool exact;
  };
  std::vector<Case> cases = {{rank() + p(), true},          {rank() * p(), true},
                             {mod(step(), 3), true},        {mod(rank(), 5), true},
                             {floorDiv(p(), 2), true},      {mod(p() * constant(2), 4), false},
                             {rank() + rank() * p(), false}};
  for (const Case &one : cases) {
    std::optional<Interval> interval = evaluateInterval(one.expr, bounds);
    ASSERT_TRUE(interval);
    Interval seen{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
    for (int64_t r = 0; r <= 4; ++r)
      for (int64_t n = 1; n <= 9; ++n)
        for (int64_t v = -3; v <= 3; ++v) {
          int64_t value = evaluate(one.expr, std::array{r, n, v});
          seen = {std::min(seen.low, value), std::max(seen.high, value)};
        }
    EXPECT_LE(interval->low, seen.low) << text(one.expr);
    EXPECT_GE(interval->high, seen.high) << text(one.expr);
    if (one.exact) {
      EXPECT_EQ(*interval, seen) << text(one.expr);
    }
  }
}

TEST(Expr, IntervalsNoticeOverflow) {
  std::array<Interval, 2> bounds = {Interval{0, 7}, {1, int64_t(1) << 32}};
  EXPECT_FALSE(evaluateInterval(step() * step(), bounds));
  EXPECT_FALSE(evaluateInterval(rank() + constant(std::numeric_limits<int64_t>::max()), bounds));
  EXPECT_TRUE(evaluateInterval(constant(std::numeric_limits<int64_t>::max()), bounds));
}
