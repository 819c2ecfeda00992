//===- FormatTest.cpp - Numbers for people --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Format.h"

#include <gtest/gtest.h>

using namespace moec::run;

TEST(Format, seconds_have_three_digits_and_a_unit) {
  EXPECT_EQ(formatSeconds(0), "0.00 us");
  EXPECT_EQ(formatSeconds(1.234e-6), "1.23 us");
  EXPECT_EQ(formatSeconds(0.0123), "12.3 ms");
  EXPECT_EQ(formatSeconds(0.1234), "123 ms");
  EXPECT_EQ(formatSeconds(0.99951), "1.00 s");
  EXPECT_EQ(formatSeconds(99.96), "100 s");
}

TEST(Format, small_numbers_are_scientific) {
  EXPECT_EQ(formatScientific(0), "0");
  EXPECT_EQ(formatScientific(0.00312), "3.1e-03");
}

TEST(Format, counts_have_their_noun) {
  EXPECT_EQ(formatCount(1, "token"), "1 token");
  EXPECT_EQ(formatCount(0, "token"), "0 tokens");
}

TEST(Format, padding_counts_characters_not_bytes) {
  EXPECT_EQ(padLeft("█", 3), "  █");
  EXPECT_EQ(padRight("█", 3), "█  ");
  EXPECT_EQ(padLeft("long", 2), "long");
}
