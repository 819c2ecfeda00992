//===- SelfTest.cpp - Does a kernel set work on this machine? --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/gemm/SelfTest.h"

#include "runtime/backends/Float.h"
#include "runtime/base/Text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moec::rt::cpu {
namespace {

/// Nothing is a multiple of a tile, a vector or a group of depths.
constexpr uint32_t depth = 71, columns = 45, rows = 37;

class SelfTest {
public:
  SelfTest(const KernelSet &kernels, DType tokensType) : kernels(kernels), tokensType(tokensType) {
    xs = numbers(rows * depth);
    ws = numbers(2 * columns * depth);
    size_t stride = kernels.rowElements(depth) * sizeOf(kernels.rowType());
    rowMemory.resize(rows * stride);
    std::vector<std::byte> stored = storedAs(xs, tokensType);
    for (uint32_t row = 0; row < rows; ++row)
      kernels.fillRow(stored.data() + row * depth * sizeOf(tokensType), tokensType, depth,
                      rowMemory.data() + row * stride);
    x = {rowMemory.data(), stride, rows};
  }

  std::string run() {
    std::string plain = checkPlain();
    return plain.empty() ? checkGated() : plain;
  }

private:
  /// From -1 to 1, exact in bf16: the same on every machine.
  static std::vector<float> numbers(size_t count) {
    std::vector<float> values(count);
    uint32_t state = 12345;
    for (float &value : values) {
      state = state * 1664525 + 1013904223;
      value = static_cast<float>(static_cast<int32_t>(state) >> 24) / 128;
    }
    return values;
  }
  static std::vector<std::byte> storedAs(const std::vector<float> &values, DType type) {
    std::vector<std::byte> bytes(values.size() * sizeOf(type));
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t half = toBF16(values[i]);
      std::memcpy(bytes.data() + i * sizeOf(type),
                  type == DType::F32 ? static_cast<const void *>(&values[i]) : &half, sizeOf(type));
    }
    return bytes;
  }

  /// Packs columns `first` .. + `count` of the weights, `width` a panel, from `at` on.
  void pack(uint32_t first, uint32_t width, uint32_t at, std::vector<std::byte> &panels) {
    std::vector<std::byte> stored = storedAs(ws, kernels.weightsType());
    const std::byte *matrix = stored.data() + first * depth * sizeOf(kernels.weightsType());
    for (uint32_t panel = 0; panel * width < columns; ++panel)
      kernels.packPanel(matrix, depth, panel * width, std::min(width, columns - panel * width), at,
                        panels.data() + panel * kernels.panelBytes(depth));
  }
  double product(uint32_t row, uint32_t column) const {
    double sum = 0;
    for (uint32_t k = 0; k < depth; ++k)
      sum += double(xs[row * depth + k]) * ws[column * depth + k];
    return sum;
  }
  static std::string compare(const char *what, uint32_t row, uint32_t column, double wanted,
                             float found, double tolerance) {
    if (std::fabs(wanted - found) <= tolerance) // false for a NaN
      return "";
    return concat(what, " product, row ", row, ", column ", column, ": wanted ", wanted, ", found ",
                  found);
  }

  std::string checkPlain() {
    uint32_t count = kernels.panelsOf(columns);
    std::vector<std::byte> panels(count * kernels.panelBytes(depth) + 32768); // they prefetch
    pack(0, kernels.panelColumns(), 0, panels);
    std::vector<float> together(rows * columns), alone(rows * columns);
    auto multiply = [&](std::vector<float> &out, uint32_t first, uint32_t number) {
      std::vector<std::byte *> targets;
      for (uint32_t row = first; row < first + number; ++row)
        targets.push_back(reinterpret_cast<std::byte *>(&out[row * columns]));
      kernels.multiply({x.data + first * x.stride, x.stride, number},
                       {panels.data(), 0, count, depth}, {targets.data(), DType::F32, columns});
    };
    multiply(together, 0, rows);
    for (uint32_t row = 0; row < rows; ++row)
      multiply(alone, row, 1);
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t column = 0; column < columns; ++column) {
        std::string fault = compare("plain", row, column, product(row, column),
                                    together[row * columns + column], 1e-4);
        if (!fault.empty())
          return fault;
      }
    return std::memcmp(together.data(), alone.data(), together.size() * 4) == 0
               ? ""
               : "the bits of a row depend on the rows around it";
  }

  std::string checkGated() {
    uint32_t count = kernels.gatedPanelsOf(columns);
    std::vector<std::byte> panels(count * kernels.panelBytes(depth) + 32768);
    pack(0, kernels.gatedColumns(), 0, panels);
    pack(columns, kernels.gatedColumns(), kernels.gatedColumns(), panels);
    size_t size = sizeOf(kernels.rowType());
    size_t stride = kernels.rowElements(columns) * size;
    std::vector<std::byte> out(rows * stride, std::byte(0xff));
    ActivationCode silu(Activation::Silu);
    kernels.multiplyGated(x, {panels.data(), 0, count, depth},
                          {out.data(), stride, columns, tokensType, &silu});
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t column = 0; column < columns; ++column) {
        double gate = product(row, column), up = product(row, columns + column);
        double wanted = gate / (1 + std::exp(-gate)) * up;
        const std::byte *place = out.data() + row * stride + column * size;
        float found = kernels.rowType() == DType::F32
                          ? *reinterpret_cast<const float *>(place)
                          : fromBF16(*reinterpret_cast<const uint16_t *>(place));
        double tolerance = (tokensType == DType::F32 ? 1e-5 : 5e-3) * (1 + std::fabs(wanted));
        std::string fault = compare("gated", row, column, wanted, found, tolerance);
        if (!fault.empty())
          return fault;
      }
    return "";
  }

  const KernelSet &kernels;
  DType tokensType;
  std::vector<float> xs, ws;
  std::vector<std::byte> rowMemory;
  RowsView x;
};

} // namespace

std::string selfTest(const KernelSet &kernels, DType tokensType) {
  return SelfTest(kernels, tokensType).run();
}

} // namespace moec::rt::cpu
