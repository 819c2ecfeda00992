//===- RandomTest.cpp - Numbers that are the same everywhere --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Random.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

using namespace moec::traffic;

TEST(Random, LogarithmAndExponentialAgreeWithTheLibrary) {
  for (double value = 1e-300; value < 1e300; value *= 3.7) {
    EXPECT_NEAR(portableLog(value), std::log(value), 4e-16 * std::abs(std::log(value)) + 1e-16);
    double power = std::log(value);
    EXPECT_NEAR(portableExp(power) / std::exp(power), 1, 1e-12);
  }
  EXPECT_EQ(portableLog(1), 0);
  EXPECT_EQ(portableExp(0), 1);
}

/// Known bits: another platform, another compiler or an optimisation must not change them.
TEST(Random, HasTheSameBitsEverywhere) {
  Random random(Random::keyOf(7, 3));
  EXPECT_EQ(random.bits(), 15163254955750115275u);
  EXPECT_EQ(std::bit_cast<uint64_t>(random.normal()), 4613137353796138303u);
  EXPECT_EQ(std::bit_cast<uint64_t>(random.exponential()), 4611915906534379728u);
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  Random random(1);
  double sum = 0, squares = 0;
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / count, 0, 0.02);
  EXPECT_NEAR(squares / count, 1, 0.02);
}
