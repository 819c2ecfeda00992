//===- KernelsAvx512Bf16.cpp - Products on AVX-512 with bf16 dot products --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
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
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))),                  \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // in immintrin.h itself
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")
#endif

namespace moec::rt::cpu {
namespace {

#include "runtime/backends/cpu/gemm/VectorAvx512.inc"

struct Isa : VectorAvx512 {
  static constexpr const char *name = "avx512-bf16";
  static constexpr uint32_t maxRows(Scheme) { return 14; }
  static constexpr int halvesAtOnce = 2;

  template <Scheme> static __m512bh broadcast(const std::byte *p) {
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(*reinterpret_cast<const int *>(p)));
  }
  template <Scheme, Part> static __m512bh loadWeights(const std::byte *p) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p));
  }
  static Vec multiplyAdd(__m512bh x, __m512bh w, Vec sum) { return _mm512_dpbf16_ps(sum, x, w); }
};

#include "runtime/backends/cpu/gemm/Epilogues.inc"
#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makeAvx512Bf16Kernels() {
  return std::make_unique<FmaKernels<Scheme::DotBF16>>();
}

} // namespace moec::rt::cpu

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif // x86-64
