//===- Gemm.h - A whole product in the emulator -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel of gemm.mlir (TMA, a ring of mbarriers, wgmma) on random operands: what
// the tests hold against plain sums, and the benchmark times.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_EMULATOR_GEMM_H
#define MOEC_TEST_EMULATOR_GEMM_H

#include "test/emulator/Harness.h"

namespace moec::test {

/// C [m, n] = A [m, k] B [n, k]^T, bf16 with f32 sums; two CTAs of 384 threads.
class Gemm {
public:
  /// `rows` a multiple of 128, `columns` of 256, `depth` of 64.
  Gemm(uint64_t rows, uint64_t columns, uint64_t depth);

  /// Both give the message, empty when all is well.
  std::string compile();
  std::string run(uint64_t seed);
  std::vector<float> result() const { return harness.get<float>(c, m * n); }
  const rt::emulator::LaunchCounts &counts() const { return harness.counts(); }

  const uint64_t m, n, k;
  std::vector<uint16_t> a, b;

private:
  Harness harness;
  Block block;
  uint64_t c = 0;
};

} // namespace moec::test

#endif // MOEC_TEST_EMULATOR_GEMM_H
