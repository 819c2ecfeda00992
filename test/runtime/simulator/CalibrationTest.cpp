//===- CalibrationTest.cpp - The simulator beside measurements ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/bench/calibration/Model.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>

using namespace moec::calibration;

namespace {

TEST(Calibration, EveryPointIsWithinATenthOrSaysWhyNot) {
  for (const Point &point : publishedPoints()) {
    double error = std::abs(errorOf(point));
    std::string name = point.library->name + ": " + point.what;
    EXPECT_TRUE(error <= 0.1 || !point.reason.empty()) << name << " is off by " << error;
    EXPECT_TRUE(error > 0.1 || point.reason.empty()) << name << " needs no reason any more";
    EXPECT_LE(error, 0.31) << name;
  }
}

TEST(Calibration, PointsAreNamedApartAndMoreAreHeldOutThanFitted) {
  std::set<std::string> names;
  int fitted = 0, held = 0;
  double sum = 0;
  for (const Point &point : publishedPoints()) {
    EXPECT_TRUE(names.insert(point.library->name + ": " + point.what).second) << point.what;
    EXPECT_FALSE(point.library->source.empty());
    ++(point.isFitted ? fitted : held);
    sum += point.isFitted ? 0 : std::abs(errorOf(point));
  }
  EXPECT_GT(held, fitted);
  EXPECT_LE(sum / held, 0.045); // mean of those that no constant has seen
}

} // namespace
