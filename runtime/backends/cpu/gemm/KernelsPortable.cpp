//===- KernelsPortable.cpp - Products on any machine -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain loops over sixteen floats, which the compiler turns into the vectors of
// the architecture's baseline. A multiplication and an addition are rounded apart:
// contraction would depend on how a loop was compiled, and bits with it.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Float.h"
#include "runtime/backends/cpu/gemm/KernelSets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

namespace moec::rt::cpu {
namespace {

struct Isa {
  static constexpr const char *name = "portable";
  template <DType Weight> static constexpr int maxRows = 2;
  struct Vec {
    float lane[16];
  };

  template <typename Function> static Vec map(Function function) {
    Vec result;
    for (int i = 0; i < 16; ++i)
      result.lane[i] = function(i);
    return result;
  }
  static Vec zero() { return splat(0); }
  static Vec splat(float value) {
    return map([&](int) { return value; });
  }
  static Vec broadcast(const float *p) { return splat(*p); }
  static Vec load(const float *p) {
    return map([&](int i) { return p[i]; });
  }
  static void store(float *p, Vec v) {
    for (int i = 0; i < 16; ++i)
      p[i] = v.lane[i];
  }
  static void prefetch(const std::byte *p) { __builtin_prefetch(p); }
  static Vec add(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Vec sub(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static Vec mul(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Vec div(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static Vec min(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vec max(Vec a, Vec b) {
    return map([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vec fma(Vec a, Vec b, Vec c) {
    return map([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static Vec roundToInteger(Vec v) {
    return map([&](int i) { return std::nearbyint(v.lane[i]); });
  }
  static Vec timesPowerOfTwo(Vec v, Vec n) {
    return map([&](int i) { return std::ldexp(v.lane[i], static_cast<int>(n.lane[i])); });
  }
  static Vec loadEven(const std::byte *p) {
    const uint16_t *pairs = reinterpret_cast<const uint16_t *>(p);
    return map([&](int i) { return fromBF16(pairs[2 * i]); });
  }
  static Vec loadOdd(const std::byte *p) {
    const uint16_t *pairs = reinterpret_cast<const uint16_t *>(p);
    return map([&](int i) { return fromBF16(pairs[2 * i + 1]); });
  }
  static Vec loadAs(const std::byte *p, DType type, uint32_t index) {
    if (type == DType::F32)
      return load(reinterpret_cast<const float *>(p) + index);
    const uint16_t *halves = reinterpret_cast<const uint16_t *>(p) + index;
    return map([&](int i) { return fromBF16(halves[i]); });
  }
  static Vec roundToBF16(Vec v) {
    return map([&](int i) { return fromBF16(toBF16(v.lane[i])); });
  }
  static void storeBF16(uint16_t *p, Vec v) {
    for (int i = 0; i < 16; ++i)
      p[i] = toBF16(v.lane[i]);
  }
};

#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makePortableKernels(DType weightsType) {
  if (weightsType == DType::F32)
    return std::make_unique<FmaKernels<DType::F32>>();
  return std::make_unique<FmaKernels<DType::BF16>>();
}

} // namespace moec::rt::cpu
