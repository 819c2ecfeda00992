//===- RandomTest.cpp - Random weights and tokens -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Convert.h"
#include "runtime/data/RandomWeights.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace moec;
using namespace moec::rt;

static constexpr uint64_t hidden = 256, experts = 64;

static std::vector<float> valuesOf(const RandomData &data, const std::string &name, WeightRole role,
                                   const Shape &shape, ElementType type = ElementType::F32,
                                   uint32_t threads = 1) {
  std::vector<uint8_t> bytes(*bytesOf(type, shape));
  data.fillWeight(name, role, shape, type, threads, bytes);
  return *toF32({type, shape, bytes});
}

static std::vector<float> tokensOf(const RandomData &data, uint64_t first, uint64_t count) {
  std::vector<uint8_t> bytes(count * hidden * 4);
  data.fillTokens(first, count, ElementType::F32, bytes);
  return *toF32({ElementType::F32, {count, hidden}, bytes});
}

/// FNV-1a over the bits.
static uint64_t hashOf(const std::vector<float> &values) {
  uint64_t hash = 0xcbf29ce484222325;
  for (float value : values)
    hash = (hash ^ std::bit_cast<uint32_t>(value)) * 0x100000001b3;
  return hash;
}

TEST(Random, the_bits_are_fixed) {
  RandomData data(1, hidden);
  Shape up = {100, hidden}, gate = {experts, hidden};
  EXPECT_EQ(hashOf(valuesOf(data, "up", WeightRole::ExpertUp, up)), 0xcf67c5dfa62aa753u);
  EXPECT_EQ(hashOf(valuesOf(data, "up", WeightRole::ExpertUp, up, ElementType::BF16)),
            0x4ecbb7265d91f325u);
  EXPECT_EQ(hashOf(valuesOf(data, "gate", WeightRole::Router, gate)), 0xd7490fd274ff275du);
  EXPECT_EQ(hashOf(valuesOf(data, "bias", WeightRole::SelectionBias, {experts})),
            0xdfcbd7294e275508u);
  EXPECT_EQ(hashOf(tokensOf(data, 0, 10)), 0x472d9cee539eb95eu);
}

TEST(Random, threads_change_no_bit) {
  RandomData data(3, 1024);
  Shape shape = {1001, 1024}; // enough for several threads
  EXPECT_EQ(valuesOf(data, "w", WeightRole::ExpertUp, shape),
            valuesOf(data, "w", WeightRole::ExpertUp, shape, ElementType::F32, 3));
}

TEST(Random, a_token_does_not_depend_on_how_many_are_made) {
  RandomData data(3, hidden);
  std::vector<float> all = tokensOf(data, 0, 8), tail = tokensOf(data, 5, 3);
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), all.begin() + 5 * hidden));
}

TEST(Random, bf16_is_the_rounded_f32) {
  RandomData data(3, hidden);
  std::vector<float> exact = valuesOf(data, "w", WeightRole::Router, {experts, hidden});
  std::vector<float> rounded =
      valuesOf(data, "w", WeightRole::Router, {experts, hidden}, ElementType::BF16);
  for (size_t i = 0; i < exact.size(); ++i)
    ASSERT_EQ(rounded[i], f32FromBf16(bf16FromF32(exact[i])));
}

TEST(Random, seeds_and_names_give_other_values) {
  Shape shape = {4, hidden};
  auto first = valuesOf(RandomData(1, hidden), "a", WeightRole::ExpertUp, shape);
  EXPECT_NE(first, valuesOf(RandomData(2, hidden), "a", WeightRole::ExpertUp, shape));
  EXPECT_NE(first, valuesOf(RandomData(1, hidden), "b", WeightRole::ExpertUp, shape));
}

/// Mean, deviation and the correlation with the next element.
struct Moments {
  explicit Moments(const std::vector<float> &values) {
    double n = values.size();
    for (float v : values)
      mean += v / n;
    for (size_t i = 0; i < values.size(); ++i) {
      double d = values[i] - mean, next = values[(i + 1) % values.size()] - mean;
      variance += d * d / n;
      covariance += d * next / n;
    }
  }
  double mean = 0, variance = 0, covariance = 0;
};

TEST(Random, matrices_keep_the_size_of_what_they_multiply) {
  RandomData data(5, hidden);
  Moments up(valuesOf(data, "up", WeightRole::ExpertUp, {512, hidden}));
  EXPECT_NEAR(up.mean, 0, 1e-3);
  EXPECT_NEAR(up.variance * hidden, 1, 0.02);
  EXPECT_NEAR(up.covariance * hidden, 0, 0.02);
  Moments tokens(tokensOf(data, 0, 512));
  EXPECT_NEAR(tokens.variance, 1 + 1. / 16, 0.02);
}

/// How many of `tokens` tokens have each expert among the `topK` largest logits.
static std::vector<double> countChoices(uint64_t seed, size_t all, size_t topK, uint64_t tokens) {
  RandomData data(seed, hidden, RandomData::popularityFor(all, topK));
  std::vector<float> router = valuesOf(data, "gate", WeightRole::Router, {all, hidden});
  std::vector<float> x = tokensOf(data, 0, tokens);
  std::vector<double> counts(all, 0);
  for (uint64_t t = 0; t < tokens; ++t) {
    std::vector<std::pair<double, size_t>> logits;
    for (size_t e = 0; e < all; ++e)
      logits.emplace_back(std::inner_product(x.begin() + t * hidden, x.begin() + (t + 1) * hidden,
                                             router.begin() + e * hidden, 0.0),
                          e);
    std::partial_sort(logits.begin(), logits.begin() + topK, logits.end(), std::greater<>());
    for (size_t k = 0; k < topK; ++k)
      ++counts[logits[k].second];
  }
  return counts;
}

TEST(Random, experts_are_unequally_popular) {
  const std::pair<size_t, size_t> routers[] = {{64, 8}, {128, 8}, {60, 4}, {256, 8}};
  for (auto [all, topK] : routers)
    for (uint64_t seed : {1, 2, 3}) {
      const uint64_t tokens = 2000;
      std::vector<double> counts = countChoices(seed, all, topK, tokens);
      double logMean = 0, variance = 0;
      for (double count : counts)
        logMean += std::log(count + 1) / all;
      for (double count : counts)
        variance += std::pow(std::log(count + 1) - logMean, 2) / all;
      EXPECT_NEAR(std::sqrt(variance), 0.8, 0.2) << all << " " << seed;
      double mean = double(tokens * topK) / all;
      double busiest = *std::max_element(counts.begin(), counts.end()) / mean;
      EXPECT_GT(busiest, 2) << all << " " << seed;
      EXPECT_LT(busiest, 7) << all << " " << seed;
    }
}

TEST(Random, popularity_is_for_any_number_of_experts) {
  for (uint32_t all : {1u, 2u, 7u, 100000u})
    for (uint32_t topK : {1u, 2u, 8u}) {
      double popularity = RandomData::popularityFor(all, topK);
      EXPECT_GE(popularity, 0.1);
      EXPECT_LE(popularity, 1);
    }
}

TEST(RandomWeights, makes_what_it_was_told_of) {
  RandomWeights weights(1, RandomData(1, hidden), ElementType::BF16, 1);
  weights.add("bias", {WeightRole::SelectionBias, {experts}});
  weights.add("up", {WeightRole::ExpertUp, {3, hidden}});
  EXPECT_EQ(weights.find("bias")->type, ElementType::F32);
  Result<TensorView> up = weights.find("up");
  ASSERT_TRUE(up.ok());
  EXPECT_EQ(up->type, ElementType::BF16);
  EXPECT_EQ(up->shape, (Shape{3, hidden}));
  EXPECT_EQ(up->bytes.size(), 3 * hidden * 2);
  EXPECT_EQ(weights.find("down").status().message(), "random weights of seed 1: no tensor 'down'");
}
