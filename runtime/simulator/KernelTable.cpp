//===- KernelTable.cpp - Kernel times that were measured ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/KernelTable.h"

#include "runtime/base/Text.h"
#include "runtime/plan/Names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace moec::simulator {
namespace {

constexpr std::string_view header = "task,rows,seconds";

/// The part before the next `separator`, which is taken off `text` with it.
std::string_view takeUntil(std::string_view &text, char separator) {
  size_t end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!part.empty() && (part.back() == ' ' || part.back() == '\r'))
    part.remove_suffix(1);
  part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
  return part;
}

std::optional<plan::TaskKind> taskOf(std::string_view name) {
  for (uint8_t i = 0; const char *known = plan::nameOf(plan::TaskKind(i)); ++i)
    if (name == known)
      return plan::TaskKind(i);
  return std::nullopt;
}

std::optional<double> numberOf(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

} // namespace

rt::Result<KernelTable> KernelTable::parse(std::string_view text, const std::string &name) {
  KernelTable table;
  for (size_t number = 1; !text.empty(); ++number) {
    std::string_view line = takeUntil(text, '\n'), rest = line;
    if (line.empty() || line.front() == '#' || line == header)
      continue;
    auto wrong = [&](const char *wanted) {
      return rt::invalidError(name, ":", number, ": wanted ", wanted, ", found ", rt::quote(line));
    };
    auto task = taskOf(takeUntil(rest, ','));
    auto rows = numberOf(takeUntil(rest, ','));
    auto seconds = numberOf(takeUntil(rest, ','));
    if (!task)
      return wrong("a task of a plan and a comma");
    if (!rows || !seconds || !rest.empty() || *rows <= 0 || *seconds < 0)
      return wrong("a task, more than 0 rows and not less than 0 seconds");
    std::vector<Point> &known = table.points[*task];
    if (!known.empty() && known.back().rows >= *rows)
      return wrong("more rows than in the line of the task before");
    known.push_back({*rows, *seconds});
  }
  if (table.points.empty())
    return rt::invalidError(name, ": wanted lines ", header, ", found none");
  return table;
}

double KernelTable::seconds(plan::TaskKind task, double rows) const {
  const std::vector<Point> &known = points.at(task);
  if (rows <= 0)
    return 0;
  auto next = std::find_if(known.begin(), known.end(),
                           [&](const Point &point) { return point.rows >= rows; });
  if (next == known.begin())
    return next->seconds;
  if (next == known.end())
    return known.back().seconds * rows / known.back().rows;
  auto last = next - 1;
  double part = (rows - last->rows) / (next->rows - last->rows);
  return last->seconds + part * (next->seconds - last->seconds);
}

double MeasuredTimes::seconds(const KernelWork &work) const {
  if (!table.knows(work.task))
    return model.seconds(work);
  bool ofRows = work.task == plan::TaskKind::Experts;
  return table.seconds(work.task, ofRows ? work.itemsWritten : work.itemsRead);
}

} // namespace moec::simulator
