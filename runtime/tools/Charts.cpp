//===- Charts.cpp - Columns and bars --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Charts.h"

#include "runtime/base/Text.h"
#include "runtime/tools/Format.h"

#include <algorithm>
#include <array>

namespace moec::run {

using rt::concat;

static constexpr size_t scaleWidth = 9;   ///< "    206 ┤"
static constexpr size_t maxWidth = 91;    ///< of the columns
static constexpr size_t widestColumn = 6; ///< one value

namespace {
/// Groups of columns with one blank between them, all columns `column` wide.
class ColumnChart {
public:
  explicit ColumnChart(std::vector<ColumnGroup> drawn) : groups(std::move(drawn)) {
    if (2 * groups.size() > maxWidth)
      join(); // no room for blanks between them
    while (width(1) > maxWidth && halve())
      ;
    while (column < widestColumn && width(column + 1) <= maxWidth)
      ++column;
    for (const ColumnGroup &group : groups)
      for (double value : group.values)
        top = std::max(top, value);
  }

  std::string line(size_t level, size_t levels) const;
  std::string labels() const;

private:
  size_t widthOf(const ColumnGroup &group, size_t column) const {
    // Among narrow ones some go without a label.
    size_t label = column > 1 || groups.size() == 1 ? columnsOf(group.label) : 0;
    return std::max<size_t>({group.values.size() * column, label, 1});
  }
  size_t width(size_t column) const {
    size_t sum = groups.size() - 1;
    for (const ColumnGroup &group : groups)
      sum += widthOf(group, column);
    return sum;
  }
  void join();
  bool halve();
  std::string drawGroup(const ColumnGroup &group, double level, double levels) const;

  std::vector<ColumnGroup> groups;
  size_t column = 1;
  double top = 1;
};
} // namespace

/// Makes one group of all.
void ColumnChart::join() {
  ColumnGroup all{concat(groups.front().label, " to ", groups.back().label), {}};
  for (const ColumnGroup &group : groups)
    all.values.insert(all.values.end(), group.values.begin(), group.values.end());
  groups = {std::move(all)};
}

/// Makes every group half as long: the larger of two neighbours stays. False where
/// there is nothing left to share.
bool ColumnChart::halve() {
  bool shared = false;
  for (ColumnGroup &group : groups) {
    std::vector<double> &values = group.values;
    shared |= values.size() > 1;
    for (size_t i = 0; 2 * i < values.size(); ++i)
      values[i] = std::max(values[2 * i], values[std::min(2 * i + 1, values.size() - 1)]);
    values.resize((values.size() + 1) / 2);
  }
  return shared;
}

std::string ColumnChart::drawGroup(const ColumnGroup &group, double level, double levels) const {
  static constexpr std::array parts = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string drawn;
  for (double value : group.values) {
    double eighths = std::clamp((value / top * levels - level) * 8, 0.0, 8.0);
    if (level == 0 && value > 0)
      eighths = std::max(eighths, 1.0); // something is never drawn as nothing
    const char *part = parts[static_cast<size_t>(eighths)];
    for (size_t i = 0; i + 1 < column; ++i)
      drawn += part;
    drawn += column > 3 ? " " : part; // wide columns stand apart
  }
  return padRight(drawn, widthOf(group, column));
}

static std::string withoutTrailingSpace(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string ColumnChart::line(size_t level, size_t levels) const {
  std::string scale = level + 1 == levels ? formatFixed(top, 0) : level == 0 ? "0" : "";
  std::string drawn = padLeft(scale, scaleWidth - 2) + (scale.empty() ? " │" : " ┤");
  for (const ColumnGroup &group : groups)
    drawn += drawGroup(group, static_cast<double>(level), static_cast<double>(levels)) + " ";
  return withoutTrailingSpace(drawn) + "\n";
}

std::string ColumnChart::labels() const {
  std::string drawn(scaleWidth, ' ');
  for (const ColumnGroup &group : groups) {
    size_t room = widthOf(group, column);
    drawn += padRight(columnsOf(group.label) <= room ? group.label : "", room) + " ";
  }
  drawn = withoutTrailingSpace(drawn);
  return drawn.empty() ? drawn : drawn + "\n";
}

std::string drawColumns(std::vector<ColumnGroup> groups, size_t lines) {
  if (groups.empty())
    return "";
  ColumnChart chart(std::move(groups));
  std::string out;
  for (size_t level = lines; level-- > 0;)
    out += chart.line(level, lines);
  return out + chart.labels();
}

std::string drawBars(const std::vector<Bar> &bars, size_t width) {
  static constexpr std::array ends = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  double top = 0;
  size_t label = 0, text = 0;
  for (const Bar &bar : bars) {
    top = std::max(top, bar.value);
    label = std::max(label, columnsOf(bar.label));
    text = std::max(text, columnsOf(bar.text));
  }
  std::string out;
  for (const Bar &bar : bars) {
    double eighths = top > 0 ? bar.value / top * static_cast<double>(width) * 8 : 0;
    size_t whole = static_cast<size_t>(eighths);
    std::string drawn;
    for (size_t i = 0; i < whole / 8; ++i)
      drawn += "█";
    drawn += ends[whole % 8];
    out += withoutTrailingSpace(concat("  ", padRight(bar.label, label), "  ",
                                       padLeft(bar.text, text), "  ", drawn)) +
           "\n";
  }
  return out;
}

} // namespace moec::run
