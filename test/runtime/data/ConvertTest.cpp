//===- ConvertTest.cpp - Between element types ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Convert.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace moec::rt;

TEST(Convert, bf16_to_the_nearest_ties_to_even) {
  EXPECT_EQ(bf16FromF32(1.0f), 0x3f80);
  EXPECT_EQ(bf16FromF32(1 + 0x1p-8f), 0x3f80);
  EXPECT_EQ(bf16FromF32(1 + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(bf16FromF32(-3.4e38f), 0xff80); // rounds to infinity
  EXPECT_EQ(bf16FromF32(0x1p-133f), 0x0001);
  EXPECT_TRUE(std::isnan(f32FromBf16(bf16FromF32(std::bit_cast<float>(0x7f800001)))));
}

TEST(Convert, every_f16_is_what_its_fields_say) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value = f32FromF16(static_cast<uint16_t>(bits));
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(value), fraction != 0) << bits;
      EXPECT_EQ(std::isinf(value), fraction == 0) << bits;
      continue;
    }
    double wanted =
        exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
    EXPECT_EQ(value, bits >> 15 ? -wanted : wanted) << bits;
    EXPECT_EQ(std::signbit(value), bits >> 15 != 0) << bits;
  }
}

TEST(Convert, tensors_at_odd_addresses) {
  const uint8_t bytes[] = {0, 0x80, 0x3f, 0x00, 0xc0}; // from 1: BF16 1, -2
  Result<std::vector<float>> values = toF32({ElementType::BF16, {2}, {bytes + 1, 4}});
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(*values, (std::vector<float>{1, -2}));
}

TEST(Convert, i32_widens) {
  const int32_t numbers[] = {-5, 7};
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(numbers), 8);
  EXPECT_EQ(*toI64({ElementType::I32, {2}, bytes}), (std::vector<int64_t>{-5, 7}));
}

TEST(Convert, other_types_are_unsupported) {
  Status status = toF32({ElementType::F8_E4M3, {0}, {}}).status();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(), "wanted F32, BF16 or F16, found F8_E4M3");
  EXPECT_EQ(toI64({ElementType::F32, {0}, {}}).status().message(), "wanted I64 or I32, found F32");
}
