//===- ItemCounts.cpp - Sizes of a plan's item sets -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ItemCounts.h"

#include <algorithm>

namespace moec::traffic {

double Matrix::rowSum(uint32_t row) const {
  double sum = 0;
  for (uint32_t column = 0; column < size; ++column)
    sum += at(row, column);
  return sum;
}

double Matrix::columnSum(uint32_t column) const {
  double sum = 0;
  for (uint32_t row = 0; row < size; ++row)
    sum += at(row, column);
  return sum;
}

double Matrix::maximum() const {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

static void scaleAll(std::vector<double> &values, double factor) {
  for (double &value : values)
    value *= factor;
}

void Matrix::scaleBy(double factor) { scaleAll(values, factor); }

void ItemCounts::scaleBy(double factor) {
  scaleAll(tokens, factor);
  copies.scaleBy(factor);
  rows.scaleBy(factor);
  scaleAll(nodeCopies, factor);
}

} // namespace moec::traffic
