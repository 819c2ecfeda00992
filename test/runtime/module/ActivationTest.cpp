//===- ActivationTest.cpp - Expressions of activations, as text and steps -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/ActivationExpr.h"

#include <gtest/gtest.h>

namespace moec {
namespace {

ActivationExpr fromText(const char *postfix) {
  return fromPostfix(postfix).value_or(ActivationExpr());
}

TEST(Activation, TheUsualOnesAreRecognised) {
  EXPECT_EQ(recognize(Activation::Silu)->function, Activation::Silu);
  EXPECT_EQ(recognize(fromText("gate gelu_tanh up mul"))->function, Activation::GeluTanh);
  KnownActivation clamped = *recognize(ActivationExpr::clampedSwiglu(5, 1.5));
  EXPECT_EQ(clamped.function, Activation::ClampedSwiglu);
  EXPECT_EQ(clamped.limit, 5);
  EXPECT_EQ(clamped.alpha, 1.5);
  EXPECT_FALSE(recognize(fromText("gate relu up mul")));
  EXPECT_FALSE(recognize(ActivationExpr::clampedSwiglu(-1, 1))); // no clamp of the usual kind
  ActivationExpr almost = Activation::ClampedSwiglu;
  almost.steps[5].value = 6; // another limit for the second gate
  EXPECT_FALSE(recognize(almost));
}

TEST(Activation, TextNeedsNoMoreParenthesesThanItMust) {
  EXPECT_EQ(toText(Activation::Silu), "silu(gate) * up");
  EXPECT_EQ(toText(Activation::ClampedSwiglu),
            "min(gate, 7) * sigmoid(1.702 * min(gate, 7)) * (clamp(up, -7, 7) + 1)");
  EXPECT_EQ(toText(fromText("up relu square")), "square(relu(up))");
  EXPECT_EQ(toText(fromText("gate up gate sub sub")), "gate - (up - gate)");
  EXPECT_EQ(toText(fromText("gate up add neg -2 mul gate div")), "-(gate + up) * -2 / gate");
  EXPECT_EQ(toText(fromText("up gate up mul div")), "up / (gate * up)");
}

TEST(Activation, StepsReadBack) {
  for (const ActivationExpr &expression :
       {ActivationExpr(Activation::Silu), ActivationExpr(Activation::ClampedSwiglu),
        fromText("gate exp up tanh max 1e-20 add sqrt gelu softplus")})
    EXPECT_EQ(fromPostfix(toPostfix(expression)), expression);
  EXPECT_EQ(toPostfix(Activation::Silu), "gate silu up mul");
  EXPECT_FALSE(fromPostfix("gate swish"));
  EXPECT_FALSE(fromPostfix("gate  up"));
  EXPECT_FALSE(fromPostfix("constant"));
}

TEST(Activation, WhatIsWrongIsSaid) {
  EXPECT_EQ(checkActivation(Activation::ClampedSwiglu), "");
  EXPECT_EQ(checkActivation(fromText("up relu square")), "");
  EXPECT_EQ(checkActivation(ActivationExpr()), "wanted one value at the end, found 0");
  EXPECT_EQ(checkActivation(fromText("gate up")), "wanted one value at the end, found 2");
  EXPECT_EQ(checkActivation(fromText("up mul")), "wanted 2 operands for mul, found 1");
  EXPECT_EQ(checkActivation(fromText("gate silu")), "wanted a function of up, found none");
  EXPECT_EQ(checkActivation(fromText("up inf mul")), "wanted finite constants, found inf");
  EXPECT_EQ(checkActivation(fromText("up 1e300 mul")), "wanted finite constants, found 1e+300");
  ActivationExpr strange({{ActivationOp::Up, 3}});
  EXPECT_EQ(checkActivation(strange), "wanted a value with constants alone, found one at up");
  strange.steps = {{ActivationOp(21)}};
  EXPECT_EQ(checkActivation(strange), "wanted a step from 0 to 20, found 21");
  strange.steps.assign(17, {ActivationOp::Up});
  EXPECT_EQ(checkActivation(strange), "wanted at most 16 values at once");
  strange.steps.assign(65, {ActivationOp::Up});
  EXPECT_EQ(checkActivation(strange), "wanted at most 64 steps, found 65");
}

} // namespace
} // namespace moec
