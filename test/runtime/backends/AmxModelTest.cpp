//===- AmxModelTest.cpp - The AMX kernels on a model of the tiles ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Few machines have AMX: the same source is compiled against a model of the eight
// tile registers that traps what the hardware would.
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/KernelSets.h"
#include "runtime/backends/cpu/gemm/SelfTest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace moec::rt::cpu {
namespace {

#include "runtime/backends/cpu/gemm/VectorPortable.inc"

using Isa = VectorPortable;

/// Tile registers as the processor manual describes them.
struct Tiles {
  struct Register {
    uint32_t rows = 0; ///< 0: not configured, its use is a fault
    uint8_t bytes[16][64];
  };
  static std::array<Register, 8> registers;
  static void require(bool condition, const char *what) {
    if (!condition)
      throw std::logic_error(what);
  }

  template <typename Shape> static void configure(const Shape &shape) {
    for (int tile = 0; tile < 8; ++tile) {
      require(shape.rows[tile] <= 16, "a tile has at most 16 rows");
      registers[tile].rows = shape.rows[tile];
      std::memset(registers[tile].bytes, 0, sizeof(registers[tile].bytes));
    }
  }
  static void release() {
    for (Register &tile : registers)
      tile.rows = 0;
  }
  static Register &get(int tile) {
    require(registers[tile].rows > 0, "this tile is not configured");
    return registers[tile];
  }
  template <int tile> static void zero() {
    std::memset(get(tile).bytes, 0, sizeof(get(tile).bytes));
  }
  template <int tile> static void load(const std::byte *p, size_t stride) {
    for (uint32_t row = 0; row < get(tile).rows; ++row)
      std::memcpy(get(tile).bytes[row], p + row * stride, 64);
  }
  template <int tile> static void store(float *p, size_t stride) {
    for (uint32_t row = 0; row < get(tile).rows; ++row)
      std::memcpy(reinterpret_cast<std::byte *>(p) + row * stride, get(tile).bytes[row], 64);
  }
  template <int sum, int x, int w> static void dot() {
    require(get(sum).rows == get(x).rows, "the rows of C and A must agree");
    require(get(w).rows == 16, "B has one row for each pair in a row of A");
    for (uint32_t row = 0; row < get(sum).rows; ++row)
      for (uint32_t column = 0; column < 16; ++column) {
        float parts[2] = {};
        for (uint32_t pair = 0; pair < 16; ++pair)
          for (uint32_t i = 0; i < 2; ++i)
            parts[i] += half(x, row, 2 * pair + i) * half(w, pair, 2 * column + i);
        float value;
        std::memcpy(&value, get(sum).bytes[row] + column * 4, 4);
        value += parts[0] + parts[1];
        std::memcpy(get(sum).bytes[row] + column * 4, &value, 4);
      }
  }
  static float half(int tile, uint32_t row, uint32_t index) {
    uint16_t bits;
    std::memcpy(&bits, get(tile).bytes[row] + index * 2, 2);
    return fromBF16(bits);
  }
};
std::array<Tiles::Register, 8> Tiles::registers;

#include "runtime/backends/cpu/gemm/Epilogues.inc"
// In this order.
#include "runtime/backends/cpu/gemm/AmxKernels.inc"

TEST(AmxModel, PassesTheSelfTest) { EXPECT_EQ(selfTest(AmxKernels(), DType::BF16), ""); }

/// Zeros follow the product up to the depth that the next one reads.
TEST(AmxModel, GatedRowsEndInZeros) {
  AmxKernels kernels;
  ActivationCode notZeroAtZero(*fromPostfix("gate exp up softplus add"));
  for (uint32_t columns : {1, 15, 16, 17, 32, 33, 48}) {
    std::vector<std::byte> panels(kernels.gatedPanelsOf(columns) * kernels.panelBytes(8) + 32768);
    std::vector<std::byte> x(3 * kernels.rowElements(8) * 2);
    size_t stride = kernels.rowElements(columns) * 2;
    std::vector<std::byte> out(3 * stride, std::byte(0xff));
    kernels.multiplyGated({x.data(), kernels.rowElements(8) * 2, 3},
                          {panels.data(), 0, kernels.gatedPanelsOf(columns), 8},
                          {out.data(), stride, columns, DType::BF16, &notZeroAtZero});
    uint32_t end = (columns + 31) / 32 * 32;
    for (uint32_t row = 0; row < 3; ++row)
      for (uint32_t column = columns; column < end; ++column)
        EXPECT_EQ(reinterpret_cast<uint16_t *>(out.data() + row * stride)[column], 0)
            << columns << " columns, row " << row << ", column " << column;
  }
}

} // namespace
} // namespace moec::rt::cpu
