//===- Decompose.cpp - A matrix as stages of one-to-one sends -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/Decompose.h"

#include "runtime/birkhoff/WidestMatching.h"

#include <algorithm>
#include <cassert>

namespace moec::birkhoff {

namespace {

struct Sums {
  std::vector<uint64_t> rows, columns;
  uint64_t largest() const {
    uint64_t most = 0;
    for (size_t i = 0; i < rows.size(); ++i)
      most = std::max({most, rows[i], columns[i]});
    return most;
  }
};

} // namespace

static Sums sumsOf(std::span<const uint64_t> matrix, uint32_t nodes) {
  Sums sums{std::vector<uint64_t>(nodes), std::vector<uint64_t>(nodes)};
  for (uint32_t row = 0; row < nodes; ++row)
    for (uint32_t column = 0; column < nodes; ++column) {
      sums.rows[row] += matrix[size_t(row) * nodes + column];
      sums.columns[column] += matrix[size_t(row) * nodes + column];
    }
  return sums;
}

/// Adds what nobody sends until all rows and columns have the largest sum. A node that
/// is matched with itself rests, so the diagonal is filled first.
static std::vector<uint64_t> padded(std::span<const uint64_t> units, uint32_t nodes,
                                    uint64_t bound) {
  std::vector<uint64_t> matrix(units.begin(), units.end());
  Sums sums = sumsOf(units, nodes);
  auto fill = [&](uint32_t row, uint32_t column) {
    uint64_t room = std::min(bound - sums.rows[row], bound - sums.columns[column]);
    matrix[size_t(row) * nodes + column] += room;
    sums.rows[row] += room;
    sums.columns[column] += room;
  };
  for (uint32_t node = 0; node < nodes; ++node)
    fill(node, node);
  for (uint32_t row = 0; row < nodes; ++row)
    for (uint32_t column = 0; column < nodes; ++column)
      fill(row, column);
  return matrix;
}

/// One stage of a matching; what it carries leaves `matrix` and `rest`.
static Stage takeStage(const WidestMatching &matching, uint32_t nodes,
                       std::vector<uint64_t> &matrix, std::vector<uint64_t> &rest) {
  Stage stage;
  stage.units = matching.width();
  stage.target.assign(nodes, nobody);
  stage.amounts.assign(nodes, 0);
  for (uint32_t row = 0; row < nodes; ++row) {
    uint32_t column = matching.columns()[row];
    size_t at = size_t(row) * nodes + column;
    matrix[at] -= stage.units;
    uint64_t amount = std::min(stage.units, rest[at]); // the padding travels last
    if (amount == 0)
      continue;
    rest[at] -= amount;
    stage.target[row] = column;
    stage.amounts[row] = amount;
  }
  return stage;
}

Decomposition decompose(std::span<const uint64_t> units, uint32_t nodes, const Options &options) {
  assert(units.size() == size_t(nodes) * nodes && "one entry for each pair");
  Decomposition result;
  result.nodes = nodes;
  result.rest.assign(units.begin(), units.end());
  for (uint32_t node = 0; node < nodes; ++node)
    result.rest[size_t(node) * nodes + node] = 0;
  result.bound = sumsOf(result.rest, nodes).largest();
  std::vector<uint64_t> matrix = padded(result.rest, nodes, result.bound);
  WidestMatching matching(nodes);
  uint64_t left = result.bound; // of every row and column of the matrix
  auto enough = static_cast<uint64_t>(options.negligible * static_cast<double>(result.bound));
  while (left > enough && (options.maxStages == 0 || result.stages.size() < options.maxStages)) {
    [[maybe_unused]] bool isPerfect = matching.find(matrix);
    assert(isPerfect && "equal sums have a perfect matching (Hall)");
    // The busiest row or column has no padding: a stage is never of padding alone.
    result.stages.push_back(takeStage(matching, nodes, matrix, result.rest));
    left -= matching.width();
  }
  return result;
}

uint64_t Decomposition::length() const {
  uint64_t sum = sumsOf(rest, nodes).largest();
  for (const Stage &stage : stages)
    sum += stage.units;
  return sum;
}

} // namespace moec::birkhoff
