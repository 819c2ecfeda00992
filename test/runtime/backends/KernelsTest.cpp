//===- KernelsTest.cpp - Products, and their bits --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/gemm/Kernels.h"
#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/SelfTest.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

namespace moec::test {
namespace {

using namespace rt::cpu;

constexpr DType types[] = {DType::F32, DType::BF16};

template <typename Body> void forEverySet(const Body &body) {
  for (DType tokens : types)
    for (DType weights : types)
      for (const std::unique_ptr<KernelSet> &set : allKernelSets(tokens, weights)) {
        SCOPED_TRACE(set->name());
        body(*set, tokens);
      }
}

TEST(Kernels, PassTheirSelfTest) {
  forEverySet([](const KernelSet &set, DType tokens) { EXPECT_EQ(selfTest(set, tokens), ""); });
}

std::vector<std::byte> randomElements(size_t count, DType type, uint32_t seed) {
  std::vector<std::byte> bytes(count * sizeOf(type));
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < count; ++i) {
    float value = normal(random);
    uint16_t half = rt::toBF16(value);
    if (type == DType::F32)
      std::memcpy(bytes.data() + i * 4, &value, 4);
    else
      std::memcpy(bytes.data() + i * 2, &half, 2);
  }
  return bytes;
}

/// The bits of a row for every number of rows around it, in one call and cut anywhere.
TEST(Kernels, RowsDoNotSeeEachOther) {
  constexpr uint32_t depth = 130, columns = 64, most = 300;
  forEverySet([](const KernelSet &set, DType tokens) {
    std::vector<std::byte> source = randomElements(most * depth, tokens, 1);
    std::vector<std::byte> weights = randomElements(columns * depth, set.weightsType(), 2);
    size_t stride = set.rowElements(depth) * sizeOf(set.rowType());
    std::vector<std::byte> rows(most * stride);
    for (uint32_t row = 0; row < most; ++row)
      set.fillRow(source.data() + row * depth * sizeOf(tokens), tokens, depth,
                  rows.data() + row * stride);
    std::vector<std::byte> panels(set.panelsOf(columns) * set.panelBytes(depth) + 32768);
    for (uint32_t panel = 0; panel < set.panelsOf(columns); ++panel)
      set.packPanel(weights.data(), depth, panel * set.panelColumns(), set.panelColumns(), 0,
                    panels.data() + panel * set.panelBytes(depth));
    auto multiply = [&](uint32_t first, uint32_t count) {
      std::vector<float> out(count * columns);
      std::vector<std::byte *> targets;
      for (uint32_t row = 0; row < count; ++row)
        targets.push_back(reinterpret_cast<std::byte *>(&out[row * columns]));
      set.multiply({rows.data() + first * stride, stride, count},
                   {panels.data(), 0, set.panelsOf(columns), depth},
                   {targets.data(), DType::F32, columns});
      return out;
    };
    std::vector<float> all = multiply(0, most);
    for (uint32_t count = 1; count < most; count += count < 40 ? 1 : 13) {
      uint32_t first = count * 7 % (most - count + 1);
      EXPECT_EQ(std::memcmp(multiply(first, count).data(), &all[first * columns],
                            count * columns * sizeof(float)),
                0)
          << count << " rows from " << first;
    }
  });
}

/// bf16 results are the nearest bf16, ties to even; a NaN stays one.
TEST(Kernels, ResultsAreRoundedToNearestEven) {
  forEverySet([](const KernelSet &set, DType tokens) {
    if (set.rowType() == DType::BF16)
      return; // cannot take these rows
    const float values[] = {1.00390625f,
                            1.01171875f,
                            1.0f,
                            std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(),
                            -3.4e38f,
                            1e-40f};
    std::vector<std::byte> one(sizeOf(set.weightsType()));
    float unit = 1;
    uint16_t half = rt::toBF16(unit);
    std::memcpy(one.data(), set.weightsType() == DType::F32 ? static_cast<void *>(&unit) : &half,
                one.size());
    std::vector<std::byte> panel(set.panelBytes(1) + 32768);
    set.packPanel(one.data(), 1, 0, 1, 0, panel.data());
    for (float value : values) {
      std::vector<std::byte> row(set.rowElements(1) * 4);
      set.fillRow(reinterpret_cast<const std::byte *>(&value), DType::F32, 1, row.data());
      uint16_t found = 0;
      std::byte *target = reinterpret_cast<std::byte *>(&found);
      set.multiply({row.data(), row.size(), 1}, {panel.data(), 0, 1, 1}, {&target, DType::BF16, 1});
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(rt::fromBF16(found)));
      else
        EXPECT_EQ(found, rt::toBF16(value)) << value;
    }
  });
}

TEST(Kernels, RowsAreAdded) {
  forEverySet([](const KernelSet &set, DType) {
    for (DType type : types)
      for (uint32_t count : {1, 15, 16, 33}) {
        std::vector<std::byte> row = randomElements(count, type, count);
        std::vector<float> sum(count, .5f);
        set.addRow(sum.data(), row.data(), type, count);
        for (uint32_t i = 0; i < count; ++i) {
          float value = type == DType::F32
                            ? reinterpret_cast<const float *>(row.data())[i]
                            : rt::fromBF16(reinterpret_cast<const uint16_t *>(row.data())[i]);
          EXPECT_EQ(sum[i], .5f + value);
        }
      }
  });
}

TEST(Float, HalvesConvertExactly) {
  EXPECT_EQ(rt::fromF16(0x3c00), 1.f);
  EXPECT_EQ(rt::fromF16(0xc000), -2.f);
  EXPECT_EQ(rt::fromF16(0x0001), std::ldexp(1.f, -24));
  EXPECT_EQ(rt::fromF16(0x03ff), 1023 * std::ldexp(1.f, -24));
  EXPECT_EQ(rt::fromF16(0x7bff), 65504.f);
  EXPECT_TRUE(std::isinf(rt::fromF16(0x7c00)));
  EXPECT_TRUE(std::isnan(rt::fromF16(0x7e01)));
  EXPECT_TRUE(std::isnan(rt::fromBF16(rt::toBF16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(rt::toBF16(1.00390625f), 0x3f80); // a tie, to even
  EXPECT_EQ(rt::toBF16(1.01171875f), 0x3f82);
}

} // namespace
} // namespace moec::test
