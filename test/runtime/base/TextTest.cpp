//===- TextTest.cpp - Messages and their parts ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Status.h"

#include <gtest/gtest.h>
#include <limits>

using namespace moec::rt;

TEST(Text, ConcatPrintsEachKind) {
  EXPECT_EQ(concat("rank ", 3, " of ", uint64_t(8), ' ', true, " ", -1.5, " ", 0.1),
            "rank 3 of 8 true -1.5 0.1");
  EXPECT_EQ(concat(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(concat(uint8_t(7)), "7");
}

TEST(Text, QuoteShowsWhatCannotBePrinted) {
  EXPECT_EQ(quote("mlp.gate"), "'mlp.gate'");
  EXPECT_EQ(quote("a\nb"), "'a\\x0ab'");
  EXPECT_EQ(quote("\xc3\xa9"), "'\xc3\xa9'");
  EXPECT_EQ(quote("\xc3"), "'\\xc3'");
  EXPECT_EQ(printable("a\x1b[2J\xff"), "a\\x1b[2J\\xff");
  EXPECT_EQ(printable(std::string(999, 'x')), std::string(999, 'x'));
  EXPECT_EQ(quote(std::string(401, 'x')), "'" + std::string(400, 'x') + "...'");
}

TEST(Text, PrintableUtf8RefusesControlsAndBrokenBytes) {
  EXPECT_TRUE(isPrintableUtf8("layer"));
  EXPECT_TRUE(isPrintableUtf8("\xe2\x82\xac \xf0\x9f\x98\x80"));
  EXPECT_FALSE(isPrintableUtf8(std::string_view("a\0b", 3)));
  EXPECT_FALSE(isPrintableUtf8("\x7f"));
  EXPECT_FALSE(isPrintableUtf8("\xc0\xaf"));         // overlong
  EXPECT_FALSE(isPrintableUtf8("\xe0\x80\x80"));     // overlong
  EXPECT_FALSE(isPrintableUtf8("\xed\xa0\x80"));     // surrogate
  EXPECT_FALSE(isPrintableUtf8("\xf4\x90\x80\x80")); // past U+10FFFF
  EXPECT_FALSE(isPrintableUtf8("\xe2\x82"));         // cut
}

TEST(Text, BytesAreScaled) {
  EXPECT_EQ(formatBytes(0), "0 B");
  EXPECT_EQ(formatBytes(1023), "1023 B");
  EXPECT_EQ(formatBytes(1536), "1.5 KiB");
  EXPECT_EQ(formatBytes(uint64_t(80) << 30), "80.0 GiB");
}

TEST(Status, CarriesCodeAndMessage) {
  EXPECT_TRUE(Status().ok());
  Status failed = unsupportedError("dtype ", quote("f8"));
  EXPECT_EQ(failed.exitCode(), 2);
  EXPECT_EQ(failed.within("layer ", 3).message(), "layer 3: dtype 'f8'");
  EXPECT_EQ(failed.within("layer ", 3).code(), Code::Unsupported);
}

static Result<int> half(int value) {
  if (value % 2)
    return invalidError("wanted an even number, found ", value);
  return value / 2;
}
static Result<int> quarter(int value) {
  MOEC_ASSIGN_OR_RETURN(int once, half(value));
  MOEC_ASSIGN_OR_RETURN(int twice, half(once));
  return twice;
}

TEST(Status, ResultsPassFailuresOn) {
  ASSERT_TRUE(quarter(8).ok());
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).status().message(), "wanted an even number, found 3");
  EXPECT_EQ(quarter(6).status().exitCode(), 1);
}
