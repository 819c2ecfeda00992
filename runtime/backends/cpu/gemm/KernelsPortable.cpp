//===- KernelsPortable.cpp - Products on any machine -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain loops over sixteen floats, which the compiler turns into the vectors of
// the architecture's baseline. A multiplication and an addition are rounded apart:
// contraction would depend on how a loop was compiled, and bits with it.
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
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

#include "runtime/backends/cpu/gemm/VectorPortable.inc"

struct Isa : VectorPortable {
  static constexpr uint32_t maxRows(Scheme) { return 2; }
  static constexpr int halvesAtOnce = 1;
  template <Scheme> static Vec broadcast(const std::byte *p) {
    return splat(*reinterpret_cast<const float *>(p));
  }
  static Vec multiplyAdd(Vec x, Vec w, Vec sum) { return fma(x, w, sum); }
  template <Scheme scheme, Part part> static Vec loadWeights(const std::byte *p) {
    if constexpr (scheme == Scheme::F32)
      return load(reinterpret_cast<const float *>(p));
    const uint16_t *pairs = reinterpret_cast<const uint16_t *>(p) + (part == Part::Odd);
    return map([&](int i) { return fromBF16(pairs[2 * i]); });
  }
};

#include "runtime/backends/cpu/gemm/Epilogues.inc"
#include "runtime/backends/cpu/gemm/FmaKernels.inc"

} // namespace

std::unique_ptr<KernelSet> makePortableKernels(DType weightsType) {
  if (weightsType == DType::F32)
    return std::make_unique<FmaKernels<Scheme::F32>>();
  return std::make_unique<FmaKernels<Scheme::WidenBF16>>();
}

} // namespace moec::rt::cpu
