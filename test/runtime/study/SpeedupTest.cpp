//===- SpeedupTest.cpp - What faster links are worth ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Speedup.h"

#include <gtest/gtest.h>

using namespace moec::study;

TEST(Speedup, follows_amdahl) {
  EXPECT_DOUBLE_EQ(endToEndFactor(0, 18), 1);
  EXPECT_DOUBLE_EQ(endToEndFactor(1, 18), 18);
  EXPECT_DOUBLE_EQ(endToEndFactor(0.5, 2), 1 / 0.75);
  EXPECT_DOUBLE_EQ(endToEndFactor(0.5, 0.5), 1 / 1.5); // slower links
}

TEST(Speedup, ten_times_needs_nearly_all_of_a_step) {
  // 900 GB/s against 50: f >= 0.953.
  EXPECT_NEAR(endToEndFactor(0.953, 18), 10, 0.01);
  EXPECT_NEAR(*speedupNeeded(0.953, 10), 18, 0.2);
  EXPECT_NEAR(*speedupNeeded(1, 10), 10, 1e-12);
  EXPECT_FALSE(speedupNeeded(0.89, 10)); // not even links without any cost
  EXPECT_FALSE(speedupNeeded(0.5, 10));
}

TEST(Speedup, exposed_is_what_computing_does_not_hide) {
  StepParts parts;
  parts.communicationSeconds = 3;
  parts.computeSeconds = 1;
  parts.seconds = 3.5;
  ExposedShare share = exposedShareOf(parts);
  EXPECT_DOUBLE_EQ(share.serial, 0.75);
  EXPECT_DOUBLE_EQ(share.scheduled, 2.5 / 3.5);
  EXPECT_DOUBLE_EQ(share.ideal, 2.0 / 3);
  parts.seconds = 2.5; // less than communication without kernels
  EXPECT_DOUBLE_EQ(exposedShareOf(parts).ideal, 1.5 / 2.5);
  parts.seconds = 3.5;
  share = exposedShareOf(parts, 1); // a second of attention
  EXPECT_DOUBLE_EQ(share.serial, 3.0 / 5);
  EXPECT_DOUBLE_EQ(share.scheduled, 2.5 / 4.5);
  EXPECT_DOUBLE_EQ(share.ideal, 0.5);
}

TEST(Speedup, all_can_be_hidden_or_nothing_happen) {
  StepParts parts;
  EXPECT_EQ(exposedShareOf(parts).serial, 0);
  parts.communicationSeconds = 1;
  parts.computeSeconds = 2;
  parts.seconds = 2;
  EXPECT_EQ(exposedShareOf(parts).ideal, 0);
  EXPECT_EQ(exposedShareOf(parts).scheduled, 0);
}
