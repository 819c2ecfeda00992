//===- KernelsAvx512.cpp - Products on AVX-512 -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 14 rows are 28 accumulators; with two panel vectors and one broadcast 31 of 32
// registers. bf16 needs one more for its mask: 13 rows.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Float.h"
#include "runtime/backends/cpu/gemm/KernelSets.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <immintrin.h>
#include <type_traits>
#include <utility>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))),    \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // in immintrin.h itself
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,fma")
#endif

namespace moec::rt::cpu {
namespace {

struct Isa {
  static constexpr const char *name = "avx512";
  template <DType Weight> static constexpr int maxRows = Weight == DType::F32 ? 14 : 13;
  using Vec = __m512;

  static Vec zero() { return _mm512_setzero_ps(); }
  static Vec splat(float value) { return _mm512_set1_ps(value); }
  static Vec broadcast(const float *p) { return _mm512_set1_ps(*p); }
  static Vec load(const float *p) { return _mm512_loadu_ps(p); }
  static void store(float *p, Vec v) { _mm512_storeu_ps(p, v); }
  static void prefetch(const std::byte *p) {
    _mm_prefetch(reinterpret_cast<const char *>(p), _MM_HINT_T0);
  }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  static Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec roundToInteger(Vec v) {
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec timesPowerOfTwo(Vec v, Vec n) { return _mm512_scalef_ps(v, n); }

  static Vec loadEven(const std::byte *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
  }
  static Vec loadOdd(const std::byte *p) {
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(-65536)));
  }
  static Vec loadAs(const std::byte *p, DType type, uint32_t index) {
    if (type == DType::F32)
      return load(reinterpret_cast<const float *>(p) + index);
    const __m256i *halves = reinterpret_cast<const __m256i *>(p + 2 * index);
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(halves));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  /// The nearest bf16, ties to even, in the upper halves; a NaN stays one.
  static __m512i upperHalves(Vec v) {
    __m512i bits = _mm512_castps_si512(v);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    return _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), quiet);
  }
  static Vec roundToBF16(Vec v) {
    return _mm512_castsi512_ps(_mm512_and_si512(upperHalves(v), _mm512_set1_epi32(-65536)));
  }
  static void storeBF16(uint16_t *p, Vec v) {
    __m256i halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32(upperHalves(v), 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), halves);
  }
};

#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makeAvx512Kernels(DType weightsType) {
  if (weightsType == DType::F32)
    return std::make_unique<FmaKernels<DType::F32>>();
  return std::make_unique<FmaKernels<DType::BF16>>();
}

} // namespace moec::rt::cpu

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif // x86-64
