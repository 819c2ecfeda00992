//===- Multiply.h - The sum of one wgmma ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 64 x n += 64 x 16 * 16 x n in f32, straight on the accumulators of the 128 threads:
// operands are laid out so that a thread's accumulators are contiguous in the sum.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_MULTIPLY_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_MULTIPLY_H

#include <cstdint>

namespace moec::rt::emulator {

/// Accumulator i of a thread is row (i / 2 % 2) of its two, column i % 2 of its pair in
/// the i / 4-th eight columns. So A holds {x, x, y, y} for rows x and y = x + 8, and B
/// each pair of columns twice.
struct Operands {
  alignas(64) float a[32][16][4];
  alignas(64) float b[4][16][128];

  void setA(uint32_t row, uint32_t k, float value) {
    float *at = &a[row / 16 * 8 + row % 8][k][row / 8 % 2 * 2];
    at[0] = at[1] = value;
  }
  void setB(uint32_t column, uint32_t k, float value) {
    float *at = &b[column / 2 % 4][k][column / 8 * 4 + column % 2];
    at[0] = at[2] = value;
  }
};

/// `accumulators` of the 128 threads, n / 2 floats each; not adding: they are not read.
void multiply(const Operands &operands, float *const *accumulators, uint32_t n, bool isAdding);

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_MULTIPLY_H
