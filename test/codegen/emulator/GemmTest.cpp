//===- GemmTest.cpp - A whole product in the emulator ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/emulator/Gemm.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace moec::test;

void expectProduct(const Gemm &gemm) {
  const std::vector<float> result = gemm.result();
  for (uint64_t i = 0; i < gemm.m; ++i)
    for (uint64_t j = 0; j < gemm.n; ++j) {
      double sum = 0, size = 0;
      for (uint64_t l = 0; l < gemm.k; ++l) {
        const double term =
            double(fromBf16(gemm.a[i * gemm.k + l])) * fromBf16(gemm.b[j * gemm.k + l]);
        sum += term;
        size += std::fabs(term);
      }
      ASSERT_NEAR(result[i * gemm.n + j], sum, size * 1e-6) << i << " " << j;
    }
}

TEST(Gemm, IsRightInOrder) {
  Gemm gemm(256, 256, 320);
  ASSERT_EQ(gemm.compile(), "");
  ASSERT_EQ(gemm.run(0), "");
  expectProduct(gemm);
}

TEST(Gemm, IsRightForEverySeed) {
  Gemm gemm(256, 512, 320);
  ASSERT_EQ(gemm.compile(), "");
  ASSERT_EQ(gemm.run(0), "");
  const std::vector<float> inOrder = gemm.result();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    ASSERT_EQ(gemm.run(seed), "") << "seed " << seed;
    EXPECT_EQ(gemm.result(), inOrder) << "seed " << seed;
  }
  expectProduct(gemm);
}

} // namespace
