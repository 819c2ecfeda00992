//===- KernelsAmx.cpp - Products on AMX ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/KernelSets.h"

#if defined(__x86_64__)

#include <algorithm>
#include <cmath>
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace moec::rt::cpu {

/// Has the processor tiles of bf16, and does the system save them?
static bool hasAmx() {
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    return false;
  constexpr unsigned amxBf16 = 1u << 22, amxTile = 1u << 24;
  if ((edx & amxBf16) == 0 || (edx & amxTile) == 0)
    return false;
  unsigned low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); // there is AVX-512 where there is AMX
  constexpr unsigned tileConfiguration = 1u << 17, tileData = 1u << 18;
  return (low & tileConfiguration) && (low & tileData);
}

bool enableAmx() {
  // Linux hands out the large state to processes that ask for it.
  constexpr long requestPermission = 0x1023, tileData = 18;
  static const bool isEnabled =
      hasAmx() && syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  return isEnabled;
}

} // namespace moec::rt::cpu

#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,amx-tile,amx-bf16"))),           \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // in immintrin.h itself
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,fma,amx-tile,amx-bf16")
#endif

namespace moec::rt::cpu {
namespace {

#include "runtime/backends/cpu/gemm/VectorAvx512.inc"

using Isa = VectorAvx512;

/// The operand of LDTILECFG.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfiguration) == 64);

/// In assembler: GCC's intrinsics take the register's number as a literal only.
struct Tiles {
  template <typename Shape> static void configure(const Shape &shape) {
    TileConfiguration configuration;
    for (int tile = 0; tile < 8; ++tile) {
      configuration.rows[tile] = shape.rows[tile];
      configuration.rowBytes[tile] = shape.rows[tile] ? 64 : 0;
    }
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  static void release() { asm volatile("tilerelease"); }
  template <int tile> static void zero() { asm volatile("tilezero %%tmm%c0" : : "i"(tile)); }
  template <int tile> static void load(const std::byte *p, size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(p), "r"(stride), "i"(tile) : "memory");
  }
  template <int tile> static void store(float *p, size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(p), "r"(stride), "i"(tile) : "memory");
  }
  template <int sum, int x, int w> static void dot() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(x), "i"(w));
  }
};

#include "runtime/backends/cpu/gemm/Epilogues.inc"
// In this order.
#include "runtime/backends/cpu/gemm/AmxKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makeAmxKernels() { return std::make_unique<AmxKernels>(); }

} // namespace moec::rt::cpu

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif // x86-64
