//===- Kernels.h - Matrix products on packed weights ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product is x W^T with x [rows, depth] and W [columns, depth] as checkpoints
// store it. W is packed once into panels: groups of columns that one inner loop
// works on, contiguous in memory, depth outermost. A kernel set computes whole
// panels.
//
// Batch invariance is the contract of every kernel set: the bits of an output
// element depend on its row of x, its column of W and the depth alone, never on
// the other rows, their number, or which panels one call covers. The FMA sets keep
// it by adding each element's products in the order of the depth in one
// accumulator; test/runtime/backends/KernelsTest.cpp checks it by bits.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELS_H
#define MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELS_H

#include "runtime/module/Layer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace moec::rt::cpu {

inline size_t sizeOf(DType type) { return type == DType::F32 ? 4 : 2; }

/// Rows in the form that a kernel set reads: `rowType` elements, zero from `depth`
/// up to rowElements(depth).
struct RowsView {
  const std::byte *data = nullptr;
  size_t stride = 0; ///< bytes
  uint32_t count = 0;
};

/// Where a plain product goes: f32 or bf16 rows at any addresses.
struct StoreRows {
  std::byte *const *rows = nullptr; ///< one a row
  DType type = DType::F32;
  uint32_t columns = 0; ///< of the whole matrix; what a panel has beyond is dropped
  /// Each row is multiplied by its own in f32, before it is rounded. Null: none.
  const float *weights = nullptr;
  /// Added before that: panelColumns() numbers a panel, from panel 0. Null: none.
  const float *bias = nullptr;
};

/// An activation, ready to run on vectors.
struct ActivationCode {
  ActivationCode(const ActivationExpr &expression) // NOLINT: the same thing
      : steps(expression.steps), known(recognize(expression)) {}
  std::vector<ActivationStep> steps;
  std::optional<KnownActivation> known;
};

/// Where act(gate, up) goes: rows in `rowType`, rounded to `roundTo` first.
struct StoreGated {
  std::byte *data = nullptr;
  size_t stride = 0;    ///< bytes
  uint32_t columns = 0; ///< of the whole product; zeros follow as in RowsView
  DType roundTo = DType::F32;
  const ActivationCode *activation = nullptr;
  /// Added to gate and up: panelColumns() numbers a panel, from panel 0. Null: none.
  const float *bias = nullptr;
};

/// Panels [first, last) of a packed matrix.
struct PanelRange {
  const std::byte *panels = nullptr; ///< panel 0
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t depth = 0;
};

/// Stateless after construction and safe to call from several threads.
class KernelSet {
public:
  virtual ~KernelSet() = default;
  /// For reports: "avx512-f32".
  virtual const char *name() const = 0;
  DType weightsType() const { return packedType; }
  DType rowType() const { return rows; }
  /// Columns of one panel of a plain matrix. A panel of a gated pair holds half as
  /// many columns of each of gate and up.
  uint32_t panelColumns() const { return columns; }
  uint32_t gatedColumns() const { return columns / 2; }
  uint32_t panelsOf(uint32_t matrixColumns) const {
    return (matrixColumns + columns - 1) / columns;
  }
  uint32_t gatedPanelsOf(uint32_t intermediate) const {
    return (intermediate + gatedColumns() - 1) / gatedColumns();
  }
  /// Elements of one row buffer for this depth: what a kernel may read, and a stride
  /// that does not put successive rows into the same cache sets.
  virtual size_t rowElements(uint32_t depth) const = 0;
  virtual size_t panelBytes(uint32_t depth) const = 0;

  /// Packs one panel. `weights` is row-major [columns, depth] in the packed type;
  /// columns `firstColumn` .. + `count` go to the panel's columns from `at` on. What
  /// is not packed must have been zeroed.
  virtual void packPanel(const std::byte *weights, uint32_t depth, uint32_t firstColumn,
                         uint32_t count, uint32_t at, std::byte *panel) const = 0;
  /// Brings `depth` elements into the form of RowsView; where that is bf16, `type` is too.
  virtual void fillRow(const std::byte *source, DType type, uint32_t depth,
                       std::byte *row) const = 0;
  /// sum[i] += row[i], f32.
  virtual void addRow(float *sum, const std::byte *row, DType type, uint32_t count) const = 0;
  virtual void multiply(const RowsView &x, const PanelRange &w, const StoreRows &out) const = 0;
  /// Panels whose first half is gate and whose second half is up.
  virtual void multiplyGated(const RowsView &x, const PanelRange &w,
                             const StoreGated &out) const = 0;

protected:
  KernelSet(DType packedType, DType rows, uint32_t columns)
      : packedType(packedType), rows(rows), columns(columns) {}

private:
  DType packedType;
  DType rows;
  uint32_t columns;
};

/// Every set that this machine can run for tokens and weights of these types, the best
/// first.
std::vector<std::unique_ptr<KernelSet>> allKernelSets(DType tokensType, DType weightsType);

/// The best set of this machine, or the one that the environment's MOEC_CPU_KERNELS
/// names, if it is there.
std::unique_ptr<KernelSet> makeKernelSet(DType tokensType, DType weightsType);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELS_H
