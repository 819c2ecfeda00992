//===- KernelsAvx2.cpp - Products on AVX2 with FMA -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Six rows of half a panel are 12 accumulators of 16 registers; bf16 needs one more for its
// mask: five rows.
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/KernelSets.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <cmath>
#include <immintrin.h>
#include <type_traits>
#include <utility>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#pragma GCC diagnostic ignored "-Wpsabi" // nothing here is called from elsewhere
#endif

namespace moec::rt::cpu {
namespace {

struct Isa {
  static constexpr const char *name = "avx2";
  static constexpr uint32_t maxRows(Scheme scheme) { return scheme == Scheme::F32 ? 6 : 5; }
  static constexpr int halvesAtOnce = 1;
  struct Vec {
    __m256 low, high;
  };

  static Vec zero() { return splat(0); }
  static Vec splat(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  template <Scheme> static Vec broadcast(const std::byte *p) {
    return splat(*reinterpret_cast<const float *>(p));
  }
  static Vec multiplyAdd(Vec x, Vec w, Vec sum) { return fma(x, w, sum); }
  static Vec load(const float *p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static void store(float *p, Vec v) {
    _mm256_storeu_ps(p, v.low);
    _mm256_storeu_ps(p + 8, v.high);
  }
  static void prefetch(const std::byte *p) {
    _mm_prefetch(reinterpret_cast<const char *>(p), _MM_HINT_T0);
  }
  static void prefetchFar(const std::byte *p) {
    _mm_prefetch(reinterpret_cast<const char *>(p), _MM_HINT_T1);
  }
  static Vec add(Vec a, Vec b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
  }
  static Vec sub(Vec a, Vec b) {
    return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
  }
  static Vec mul(Vec a, Vec b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  static Vec div(Vec a, Vec b) {
    return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
  }
  static Vec min(Vec a, Vec b) {
    return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
  }
  static Vec max(Vec a, Vec b) {
    return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
  }
  static Vec fma(Vec a, Vec b, Vec c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
  }
  static __m256 rounded(__m256 v) {
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec roundToInteger(Vec v) { return {rounded(v.low), rounded(v.high)}; }
  static __m256 scaled(__m256 v, __m256 n) {
    __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(v), exponent));
  }
  static Vec timesPowerOfTwo(Vec v, Vec n) {
    return {scaled(v.low, n.low), scaled(v.high, n.high)};
  }

  template <Scheme scheme, Part part> static Vec loadWeights(const std::byte *p) {
    if constexpr (scheme == Scheme::F32)
      return load(reinterpret_cast<const float *>(p));
    const __m256i *pairs = reinterpret_cast<const __m256i *>(p);
    auto one = [](__m256i pair) {
      return _mm256_castsi256_ps(part == Part::Even
                                     ? _mm256_slli_epi32(pair, 16)
                                     : _mm256_and_si256(pair, _mm256_set1_epi32(-65536)));
    };
    return {one(_mm256_loadu_si256(pairs)), one(_mm256_loadu_si256(pairs + 1))};
  }
  static __m256 widened(const std::byte *p) {
    __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
  static Vec loadAs(const std::byte *p, DType type, uint32_t index) {
    if (type == DType::F32)
      return load(reinterpret_cast<const float *>(p) + index);
    return {widened(p + 2 * index), widened(p + 2 * index + 16)};
  }
  /// The nearest bf16, ties to even, in the upper halves; a NaN stays one.
  static __m256i upperHalves(__m256 v) {
    __m256i bits = _mm256_castps_si256(v);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i nearest = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    __m256i isNan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    return _mm256_blendv_epi8(nearest, quiet, isNan);
  }
  static __m256 toBF16(__m256 v) {
    return _mm256_castsi256_ps(_mm256_and_si256(upperHalves(v), _mm256_set1_epi32(-65536)));
  }
  static Vec roundToBF16(Vec v) { return {toBF16(v.low), toBF16(v.high)}; }
  static void storeBF16(uint16_t *p, Vec v) {
    __m256i low = _mm256_srli_epi32(upperHalves(v.low), 16);
    __m256i high = _mm256_srli_epi32(upperHalves(v.high), 16);
    // Packing works within 128-bit lanes: the middle quarters change places.
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), packed);
  }
};

#include "runtime/backends/cpu/gemm/Epilogues.inc"
#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makeAvx2Kernels(DType weightsType) {
  if (weightsType == DType::F32)
    return std::make_unique<FmaKernels<Scheme::F32>>();
  return std::make_unique<FmaKernels<Scheme::WidenBF16>>();
}

} // namespace moec::rt::cpu

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif // x86-64
