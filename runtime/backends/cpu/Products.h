//===- Products.h - Matrix products over all cores --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grouped product is a list of segments: some neighbouring rows of x times one
// packed matrix. It is cut into blocks of some panels by some rows, which the
// cores take in the order of the weights.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_PRODUCTS_H
#define MOEC_RUNTIME_BACKENDS_CPU_PRODUCTS_H

#include "runtime/backends/cpu/ThreadPool.h"
#include "runtime/backends/cpu/gemm/Kernels.h"

#include <span>
#include <vector>

namespace moec::rt::cpu {

struct Segment {
  const std::byte *panels = nullptr;
  uint32_t firstRow = 0;
  uint32_t rows = 0;
  const float *bias = nullptr; ///< as StoreRows and StoreGated have it
};

/// Runs products; keeps the memory that they need between calls.
class Products {
public:
  Products(const KernelSet &kernels, ThreadPool &pool) : kernels(kernels), pool(pool) {}

  /// out row i = x row i times its segment's matrix [columns, depth].
  void multiply(std::span<const Segment> segments, const RowsView &x, uint32_t depth,
                const StoreRows &out);
  /// The same for gated pairs of `out.columns` columns each.
  void multiplyGated(std::span<const Segment> segments, const RowsView &x, uint32_t depth,
                     const StoreGated &out);

private:
  template <typename Run>
  void runBlocks(std::span<const Segment> segments, uint32_t depth, uint32_t panels,
                 const Run &run);

  const KernelSet &kernels;
  ThreadPool &pool;
  std::vector<uint32_t> firstBlock; ///< of each segment, then the total
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_PRODUCTS_H
