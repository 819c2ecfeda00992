//===- KernelsAvx512.cpp - Products on AVX-512 -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 14 rows are 28 accumulators; with two panel vectors and one broadcast 31 of 32
// registers. bf16 needs one more for its mask: 13 rows.
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
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))),    \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // in immintrin.h itself
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,fma")
#endif

namespace moec::rt::cpu {
namespace {

#include "runtime/backends/cpu/gemm/VectorAvx512.inc"

struct Isa : VectorAvx512 {
  static constexpr uint32_t maxRows(Scheme scheme) { return scheme == Scheme::F32 ? 14 : 13; }
  static constexpr int halvesAtOnce = 2;

  template <Scheme> static Vec broadcast(const std::byte *p) {
    return _mm512_set1_ps(*reinterpret_cast<const float *>(p));
  }
  static Vec multiplyAdd(Vec x, Vec w, Vec sum) { return fma(x, w, sum); }
  template <Scheme scheme, Part part> static Vec loadWeights(const std::byte *p) {
    if constexpr (scheme == Scheme::F32)
      return _mm512_loadu_ps(p);
    else if constexpr (part == Part::Even)
      return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
    else
      return _mm512_castsi512_ps(
          _mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(-65536)));
  }
};

#include "runtime/backends/cpu/gemm/Epilogues.inc"
#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makeAvx512Kernels(DType weightsType) {
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
