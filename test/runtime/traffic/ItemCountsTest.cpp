//===- ItemCountsTest.cpp - Matrices of counts ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ItemCounts.h"

#include <gtest/gtest.h>

using namespace moec::traffic;

TEST(Matrix, SumsRowsAndColumns) {
  Matrix matrix(3);
  matrix.at(0, 1) = 2;
  matrix.at(0, 2) = 5;
  matrix.at(2, 1) = 1;
  EXPECT_EQ(matrix.rowSum(0), 7);
  EXPECT_EQ(matrix.rowSum(1), 0);
  EXPECT_EQ(matrix.columnSum(1), 3);
  EXPECT_EQ(matrix.maximum(), 5);
}

TEST(Matrix, IsZeroWhenEmpty) {
  EXPECT_EQ(Matrix().maximum(), 0);
  EXPECT_EQ(Matrix(2).maximum(), 0);
}

TEST(ItemCounts, StandForMoreTokens) {
  ItemCounts counts;
  counts.tokens = {2, 3};
  counts.copies = counts.rows = Matrix(2);
  counts.copies.at(0, 1) = 2;
  counts.rows.at(1, 0) = 3;
  counts.nodeCopies = {1, 0, 0, 4};
  counts.scaleBy(8);
  EXPECT_EQ(counts.tokens, (std::vector<double>{16, 24}));
  EXPECT_EQ(counts.copies.at(0, 1), 16);
  EXPECT_EQ(counts.rows.at(1, 0), 24);
  EXPECT_EQ(counts.nodeCopies, (std::vector<double>{8, 0, 0, 32}));
}
