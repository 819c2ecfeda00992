//===- ExpertTest.cpp - Whole layers worked out by hand -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/reference/Numbers.h"
#include "test/reference/Product.h"
#include "test/reference/Reference.h"

#include <gtest/gtest.h>
#include <map>
#include <stdexcept>

using namespace reference;

namespace {
/// f32 weights by what they are for.
struct Weights {
  std::map<std::pair<Weight, size_t>, std::vector<float>> values;
  std::vector<std::pair<Weight, size_t>> asked;

  WeightLookup lookup() {
    return [this](Weight weight, size_t expert) {
      asked.emplace_back(weight, expert);
      return Tensor{values.at({weight, expert}).data(), Type::F32};
    };
  }
};

/// Two wide, one expert of width 1: gate reads x0, up reads x1, down is (1, 3).
struct OneExpert {
  OneExpert() {
    layer.hidden = 2;
    layer.experts = layer.intermediate = 1;
    weights.values[{Weight::Router, 0}] = {1, 1};
    weights.values[{Weight::ExpertGate, 0}] = {1, 0};
    weights.values[{Weight::ExpertUp, 0}] = {0, 1};
    weights.values[{Weight::ExpertDown, 0}] = {1, 3};
  }
  Result run(std::vector<float> x) {
    return reference::run(layer, {x.data(), Type::F32}, x.size() / 2, weights.lookup(), 1);
  }
  Layer layer;
  Weights weights;
};
} // namespace

TEST(Expert, silu) {
  OneExpert one;
  Result result = one.run({1, 2});
  EXPECT_EQ(result.indices, (std::vector<int64_t>{0}));
  EXPECT_EQ(result.weights, (std::vector<float>{1}));
  EXPECT_NEAR(result.output[0], 1.4621171573, 1e-6); // 1 / (1 + 1/e) * 2
  EXPECT_NEAR(result.output[1], 4.3863514718, 1e-6);
}

TEST(Expert, gelu_tanh) {
  OneExpert one;
  one.layer.activation = Activation("gate gelu_tanh up mul");
  EXPECT_NEAR(one.run({1, 2}).output[0], 1.6823839812, 1e-6);
}

TEST(Expert, clamped_swiglu) {
  OneExpert one;
  one.layer.activation =
      Activation("gate 7 min 1.702 gate 7 min mul sigmoid mul up -7 7 clamp 1 add mul");
  // 1 sigmoid(1.702) (2 + 1); then both beyond their limits, 7 sigmoid(11.914) (-7 + 1)
  EXPECT_NEAR(one.run({1, 2}).output[0], 3 * 0.845795586, 1e-6);
  EXPECT_NEAR(one.run({9, -8}).output[0], -42 * 0.9999933037, 1e-4);
  EXPECT_NEAR(one.run({-9, 8}).output[0], -1.602542389e-5, 1e-10); // no limit below
}

TEST(Expert, an_activation_without_a_gate_asks_for_none) {
  OneExpert one;
  one.layer.activation = Activation("up relu square");
  EXPECT_EQ(one.run({1, 2}).output[0], 4);
  EXPECT_EQ(one.run({1, -2}).output[0], 0);
  for (const auto &[weight, expert] : one.weights.asked)
    EXPECT_NE(weight, Weight::ExpertGate);
}

TEST(Expert, biases_are_added_to_the_products) {
  OneExpert one;
  one.layer.activation = Activation("gate up mul");
  one.layer.gateBias = one.layer.upBias = one.layer.downBias = true;
  one.weights.values[{Weight::ExpertGateBias, 0}] = {2};
  one.weights.values[{Weight::ExpertUpBias, 0}] = {-1};
  one.weights.values[{Weight::ExpertDownBias, 0}] = {10, 1 + 0x1p-9f};
  EXPECT_EQ(one.run({1, 2}).output, (std::vector<float>{13, 10 + 0x1p-9f}));
  one.layer.weightsType = Type::BF16;
  EXPECT_EQ(one.run({1, 2}).output, (std::vector<float>{13, 10}));
}

TEST(Expert, every_step_of_an_activation) {
  EXPECT_EQ(Activation("gate up sub up div neg")(7, 2), -2.5);
  EXPECT_EQ(Activation("gate up min gate up max mul 4 mul sqrt")(8, 2), 8);
  EXPECT_NEAR(Activation("up exp up tanh add")(0, 1), 2.7182818285 + 0.7615941560, 1e-9);
  EXPECT_NEAR(Activation("up gelu")(0, 1), 0.8413447461, 1e-9);
  EXPECT_NEAR(Activation("up softplus")(0, 1), 1.3132616875, 1e-9);
  EXPECT_THROW(Activation("gate up"), std::invalid_argument);
  EXPECT_THROW(Activation("add"), std::invalid_argument);
  EXPECT_THROW(Activation("gate swish"), std::invalid_argument);
}

TEST(Expert, a_residual_is_the_token_itself) {
  OneExpert one;
  one.layer.residual = true;
  EXPECT_NEAR(one.run({1, 2}).output[0], 1 + 1.4621171573, 1e-6);
  EXPECT_NEAR(one.run({1, 2}).output[1], 2 + 4.3863514718, 1e-6);
}

TEST(Expert, the_inner_product_is_rounded_to_the_tokens_type) {
  OneExpert one;
  one.layer.tokensType = Type::BF16;
  Result result = one.run({1, 2});
  EXPECT_EQ(result.output[0], 1.4609375f); // 187 / 128
  EXPECT_EQ(result.output[1], 4.3828125f);
}

TEST(Expert, rows_are_rounded_to_the_combine_type) {
  OneExpert one;
  one.layer.tokensType = one.layer.combineType = Type::BF16;
  EXPECT_EQ(one.run({1, 2}).output[1], 4.375f); // 140 / 32
}

TEST(Expert, the_weights_are_rounded_to_the_weights_type) {
  OneExpert one;
  one.weights.values[{Weight::ExpertDown, 0}] = {1 + 0x1p-9f, 3};
  EXPECT_NEAR(one.run({1, 2}).output[0], 1.4621171573 * (1 + 0x1p-9), 1e-6);
  one.layer.weightsType = Type::BF16;
  EXPECT_NEAR(one.run({1, 2}).output[0], 1.4621171573, 1e-6);
}

TEST(Expert, a_shared_expert_is_added) {
  OneExpert one;
  one.layer.sharedIntermediate = 1;
  one.weights.values[{Weight::SharedGate, 0}] = {0, 1};
  one.weights.values[{Weight::SharedUp, 0}] = {1, 0};
  one.weights.values[{Weight::SharedDown, 0}] = {1, 0};
  // silu(2) * 1 = 1.7615941560
  EXPECT_NEAR(one.run({1, 2}).output[0], 1.4621171573 + 1.7615941560, 1e-6);
  one.layer.sharedGate = true;
  one.weights.values[{Weight::SharedScale, 0}] = {0, 0.5};
  EXPECT_NEAR(one.run({1, 2}).output[0], 1.4621171573 + 0.7310585786 * 1.7615941560, 1e-6);
}

TEST(Expert, each_token_gets_the_weighted_rows_of_its_experts) {
  Layer layer;
  layer.hidden = layer.intermediate = 1;
  layer.experts = 3;
  layer.topK = 2;
  layer.logitsBias = true;
  layer.normalize = true;
  Weights weights;
  weights.values[{Weight::Router, 0}] = {0, 0, 0};
  weights.values[{Weight::RouterBias, 0}] = {std::log(1.f), std::log(5.f), std::log(3.f)};
  for (size_t e : {1, 2}) { // expert 0 has no weights: nobody may ask for them
    weights.values[{Weight::ExpertGate, e}] = {1};
    weights.values[{Weight::ExpertUp, e}] = {1};
    weights.values[{Weight::ExpertDown, e}] = {float(8 * e)};
  }
  std::vector<float> x = {1, 2};
  Result result = run(layer, {x.data(), Type::F32}, 2, weights.lookup(), 2);
  EXPECT_EQ(result.indices, (std::vector<int64_t>{1, 2, 1, 2}));
  EXPECT_NEAR(result.weights[0], .625, 1e-6);
  // (5/8 * 8 + 3/8 * 16) silu(x) x
  EXPECT_NEAR(result.output[0], 11 * .7310585786, 1e-5);
  EXPECT_NEAR(result.output[1], 11 * 4 * .8807970780, 1e-5);
}

TEST(Expert, no_tokens_give_no_rows) {
  OneExpert one;
  Result result = one.run({});
  EXPECT_TRUE(result.output.empty());
  EXPECT_TRUE(one.weights.asked.empty());
}

TEST(Expert, a_layer_that_contradicts_itself_is_refused) {
  OneExpert one;
  one.layer.topK = 2;
  EXPECT_THROW(one.run({1, 2}), std::invalid_argument);
}

TEST(Product, sums_in_order_whatever_the_threads) {
  const size_t rows = 7, in = 13, out = 21;
  std::vector<float> x(rows * in), w(out * in);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::sin(float(i));
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = std::cos(3.0f * float(i));
  for (size_t threads : {1, 3}) {
    std::vector<double> y = multiply(x, rows, in, {w.data(), Type::F32}, out, Type::F32, threads);
    for (size_t t = 0; t < rows; ++t)
      for (size_t o = 0; o < out; ++o) {
        double sum = 0;
        for (size_t i = 0; i < in; ++i)
          sum += double(x[t * in + i]) * w[o * in + i];
        EXPECT_EQ(y[t * out + o], sum);
      }
  }
}

TEST(Numbers, bf16_rounds_to_the_nearest_even) {
  EXPECT_EQ(roundTo(Type::BF16, 1 + 0x1p-8), 1.0f);          // half way: down to even
  EXPECT_EQ(roundTo(Type::BF16, 1 + 3 * 0x1p-8), 1.015625f); // half way: up to even
  EXPECT_EQ(roundTo(Type::BF16, 1 + 0x1.1p-8), 1.0078125f);  // above half way
  EXPECT_TRUE(std::isnan(roundTo(Type::BF16, std::nan(""))));
  EXPECT_TRUE(std::isinf(roundTo(Type::BF16, 3.4e38)));
}

TEST(Numbers, f16_values) {
  EXPECT_EQ(fromF16(0x3c00), 1.0f);
  EXPECT_EQ(fromF16(0xc000), -2.0f);
  EXPECT_EQ(fromF16(0x0001), 0x1p-24f);
  EXPECT_EQ(fromF16(0x7bff), 65504.0f);
  EXPECT_TRUE(std::isinf(fromF16(0x7c00)));
  EXPECT_TRUE(std::isnan(fromF16(0x7e00)));
}

TEST(Expert, partial_sums_are_rounded_before_they_are_added) {
  Weights weights;
  Layer layer;
  layer.hidden = layer.intermediate = 1;
  layer.experts = layer.topK = 3;
  layer.score = Score::Identity;
  layer.activation = Activation("up");
  layer.combineType = Type::BF16;
  weights.values[{Weight::Router, 0}] = {4, 2, 1};
  const float down[] = {0.25f, 0x1p-10f, 0x1p-9f}; // rows 1, 2^-9, 2^-9
  for (size_t expert = 0; expert < 3; ++expert) {
    weights.values[{Weight::ExpertUp, expert}] = {1};
    weights.values[{Weight::ExpertDown, expert}] = {down[expert]};
  }
  float x = 1;
  auto run = [&](const Sums &sums) {
    return reference::run(layer, {&x, Type::F32}, 1, weights.lookup(), 1, {}, sums).output[0];
  };
  EXPECT_EQ(run({}), 1 + 0x1p-8f);
  // 1 + 2^-9 is a tie and becomes 1.
  auto byPair = [](size_t, size_t expert) { return expert / 2; };
  EXPECT_EQ(run({byPair, 0}), 1 + 0x1p-9f);
  // The other pair adds up to a number of bf16; together they are one again.
  auto byOtherPair = [](size_t, size_t expert) { return (expert + 1) / 2; };
  EXPECT_EQ(run({byOtherPair, 0}), 1 + 0x1p-8f);
  // Of parts 0, 1 and 2 the last two are of one whole.
  auto each = [](size_t, size_t expert) { return expert + 1; };
  EXPECT_EQ(run({each, 2}), 1 + 0x1p-8f);
  EXPECT_EQ(run({[](size_t, size_t expert) { return expert; }, 2}), 1 + 0x1p-9f);
  // Of a sum that is rounded at its end the two half ulps are both there, or none.
  auto alone = [](size_t, size_t expert) { return expert; };
  EXPECT_EQ(run({alone, 0}), 1 + 0x1p-8f);
  EXPECT_EQ(run({alone, 0, /*roundsTotal=*/true}), 1.0f); // half way: down to even
}
