//===- ItemCounts.h - Sizes of a plan's item sets ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step's traffic: how many tokens each rank has, how many of them go to which
// rank, how many rows that makes there. A plan leaves these to the device; who
// simulates, bounds or verifies with concrete counts says them here.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_ITEMCOUNTS_H
#define MOEC_RUNTIME_TRAFFIC_ITEMCOUNTS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moec::traffic {

/// A square matrix, row = source, of counts or of bytes.
class Matrix {
public:
  explicit Matrix(uint32_t size = 0) : size(size), values(size_t(size) * size) {}
  uint32_t getSize() const { return size; }
  double &at(uint32_t row, uint32_t column) { return values[size_t(row) * size + column]; }
  double at(uint32_t row, uint32_t column) const { return values[size_t(row) * size + column]; }
  double rowSum(uint32_t row) const;
  double columnSum(uint32_t column) const;
  double maximum() const; ///< 0 for an empty matrix
  void scaleBy(double factor);

private:
  uint32_t size;
  std::vector<double> values;
};

/// The diagonal counts too: tokens of a rank that stay there. Counts may be
/// fractional where they are expectations.
struct ItemCounts {
  uint32_t ranks = 0, nodes = 1;
  std::vector<double> tokens; ///< |A(r)|
  Matrix copies;              ///< |D(s,p)|: tokens of s with a slot on p
  Matrix rows;                ///< |Y(s,p)|: (token, slot) rows of s that run on p
  /// |M(s,b)|: tokens of s with a slot on node b, [rank][node]; empty: one node.
  std::vector<double> nodeCopies;

  /// A drawn step of fewer tokens stands for one of `factor` times as many.
  void scaleBy(double factor);
};

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_ITEMCOUNTS_H
