//===- Charts.h - Numbers drawn with characters ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each chart is text of whole lines, at most about 100 columns wide.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_CHARTS_H
#define MOEC_RUNTIME_TOOLS_CHARTS_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec::run {

/// A group of columns with its name below.
struct ColumnGroup {
  std::string label;
  std::vector<double> values;
};
/// Columns from a common base line, `lines` lines high, with a scale at the left.
/// Where they are too many, neighbours of a group share a column that shows the
/// largest of them.
std::string drawColumns(std::vector<ColumnGroup> groups, size_t lines);

/// A heat map of more ranks has shades alone.
inline constexpr size_t maxRanksWithNumbers = 10;

/// What rank r (row) sent to rank c (column), in bytes, [ranks, ranks]: a shade
/// from the least to the most and, up to ten ranks, the number. A rank's own cell
/// is no traffic: it is in brackets or a dot, and in no total. More than 32 ranks
/// are drawn in blocks of neighbours.
std::string drawHeatMap(std::vector<uint64_t> bytes, size_t ranks, bool colour);

/// One line a bar: name, bar, what is written behind it.
struct Bar {
  std::string label;
  double value = 0;
  std::string text;
};
std::string drawBars(const std::vector<Bar> &bars, size_t width);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_CHARTS_H
