//===- WidestMatching.h - The perfect matching whose least is most -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bottleneck assignment by widest augmenting paths (Derigs and Zimmermann, 1978). Where
// a perfect matching of least entry w exists, every free row has an augmenting path
// of width w or more from any matching whose entries are at least w: to go from there
// always by the widest path ends at the best w, without a search for a threshold.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BIRKHOFF_WIDESTMATCHING_H
#define MOEC_RUNTIME_BIRKHOFF_WIDESTMATCHING_H

#include <cstdint>
#include <span>
#include <vector>

namespace moec::birkhoff {

/// Of a matrix that shrinks from one matching to the next: each begins with what is
/// left of the last one.
class WidestMatching {
public:
  explicit WidestMatching(uint32_t size);

  /// Matches every row with a column; false where entries of 0 are in the way. `matrix`
  /// is size x size; no entry is larger than at the last call. Ties go to the lower
  /// column.
  bool find(std::span<const uint64_t> matrix);
  const std::vector<uint32_t> &columns() const { return columnOf; } ///< by row
  uint64_t width() const { return least; }                          ///< the least entry

private:
  bool augment(std::span<const uint64_t> matrix, uint32_t row);
  uint32_t reach(const uint64_t *entries, uint32_t row, uint64_t width);

  uint32_t size;
  uint64_t least = UINT64_MAX; ///< in search: no matching can be wider
  std::vector<uint32_t> columnOf, rowOf;
  std::vector<uint64_t> widths; ///< by column: of the widest path to it
  std::vector<uint32_t> from;   ///< by column: the row before it on that path
  std::vector<uint8_t> isSettled;
};

} // namespace moec::birkhoff

#endif // MOEC_RUNTIME_BIRKHOFF_WIDESTMATCHING_H
