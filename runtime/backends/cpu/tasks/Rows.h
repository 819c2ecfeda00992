//===- Rows.h - Products on rows that lie anywhere --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows are gathered into the form that the kernels read, a batch at a time.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROWS_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROWS_H

#include "runtime/backends/cpu/Machine.h"

#include <span>

namespace moec::rt::cpu {

/// The caller's tokens as `type`, one after another.
void convertTokens(const RankIo &io, uint32_t hidden, DType type, std::byte *target,
                   ThreadPool &pool);

/// Brings rows of the tokens' type into scratch memory; at most batchRows.
RowsView gatherRows(Machine &machine, std::span<const std::byte *const> rows, uint32_t depth);

/// out = rows times one packed matrix.
void multiplyRows(Machine &machine, std::span<const std::byte *const> rows, uint32_t depth,
                  const std::byte *panels, StoreRows out);

/// A gated MLP on some rows of a batch.
struct MlpRows {
  const MlpWeights *weights = nullptr;
  uint32_t rows = 0; ///< follow one another in the order of the list
};
/// Row i of `out` = Mlp(rows[i]). At most batchRows rows in all.
void runMlps(Machine &machine, const GatedMlp &mlp, std::span<const MlpRows> groups,
             std::span<const std::byte *const> rows, const StoreRows &out);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROWS_H
