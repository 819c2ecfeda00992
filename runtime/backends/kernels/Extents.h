//===- Extents.h - Sizes for a given capacity -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_EXTENTS_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_EXTENTS_H

#include "runtime/base/Status.h"
#include "runtime/module/Kernels.h"

namespace moec::rt {

/// What the factors of an Extent are multiplied with, on one rank.
struct ExtentCounts {
  uint64_t tokens = 0;   ///< T
  uint64_t received = 0; ///< T * ranks
  uint64_t rows = 0;     ///< R
  uint64_t experts = 0;  ///< E
};

ExtentCounts extentCounts(uint32_t maxTokens, uint32_t ranks, uint32_t topK, uint64_t localExperts);

/// Nothing where it does not fit 63 bits.
Result<uint64_t> evaluate(const Extent &extent, const ExtentCounts &counts);

/// `a * b`, `a + b`; an error beyond 63 bits.
Result<uint64_t> product(uint64_t a, uint64_t b);
Result<uint64_t> sum(uint64_t a, uint64_t b);

constexpr uint64_t roundUp(uint64_t value, uint64_t step) {
  return (value + step - 1) / step * step;
}

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_EXTENTS_H
