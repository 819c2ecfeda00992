//===- WidestMatching.cpp - The perfect matching whose least is most ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/WidestMatching.h"

#include <algorithm>

namespace moec::birkhoff {

static constexpr uint32_t none = UINT32_MAX;

WidestMatching::WidestMatching(uint32_t size)
    : size(size), columnOf(size, none), rowOf(size, none), widths(size), from(size),
      isSettled(size) {}

/// Offers the columns of `row`, which a path of `width` leads to. Returns a free column
/// that is wide enough for the whole matching, else the open one with the widest path.
uint32_t WidestMatching::reach(const uint64_t *entries, uint32_t row, uint64_t width) {
  uint32_t best = size;
  uint64_t widest = 0;
  for (uint32_t column = 0; column < size; ++column) {
    if (isSettled[column])
      continue;
    uint64_t wide = std::min(width, entries[column]);
    if (wide > widths[column]) {
      widths[column] = wide;
      from[column] = row;
      if (wide >= least && rowOf[column] == none)
        return column;
    }
    if (widths[column] > widest) {
      best = column;
      widest = widths[column];
    }
  }
  return best;
}

/// Dijkstra's algorithm with the least entry of a path in place of its length.
bool WidestMatching::augment(std::span<const uint64_t> matrix, uint32_t free) {
  std::fill(widths.begin(), widths.end(), 0);
  std::fill(isSettled.begin(), isSettled.end(), 0);
  uint32_t row = free, column;
  uint64_t width = UINT64_MAX;
  do {
    column = reach(matrix.data() + size_t(row) * size, row, width);
    if (column == size)
      return false;
    isSettled[column] = 1;
    width = widths[column];
    row = rowOf[column];
  } while (row != none);
  least = std::min(least, width);
  while (column != none) { // turn the path over, from its end
    row = from[column];
    rowOf[column] = row;
    std::swap(columnOf[row], column); // none at the free row
  }
  return true;
}

bool WidestMatching::find(std::span<const uint64_t> matrix) {
  // Nothing can be wider than the last matching, so what is as wide still may stay.
  for (uint32_t row = 0; row < size; ++row) {
    uint32_t column = columnOf[row];
    if (column == none || matrix[size_t(row) * size + column] >= least)
      continue;
    columnOf[row] = none;
    rowOf[column] = none;
  }
  for (uint32_t row = 0; row < size; ++row)
    if (columnOf[row] == none && !augment(matrix, row))
      return false;
  for (uint32_t row = 0; row < size; ++row) // what stayed may be less than the paths
    least = std::min(least, matrix[size_t(row) * size + columnOf[row]]);
  return true;
}

} // namespace moec::birkhoff
