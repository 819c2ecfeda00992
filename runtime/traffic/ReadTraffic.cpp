//===- ReadTraffic.cpp - Files of traffic ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file is, its content says: JSON begins with [ or {, a table has a header,
// anything else is numbers alone.
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ReadTraffic.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace moec::traffic {

rt::Result<double> checkNumber(double value, const std::string &place) {
  if (std::isfinite(value) && value >= 0 && value <= 1e18)
    return value;
  return rt::invalidError(place, ": wanted a number from 0 to 1e18, found ", value);
}

namespace {
struct Line {
  uint32_t number = 0;
  std::vector<std::string_view> cells;
};
} // namespace

static std::string_view trim(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos)
    return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Cells at commas, or at blanks where the line has no comma.
static std::vector<std::string_view> splitCells(std::string_view line) {
  std::vector<std::string_view> cells;
  bool hasCommas = line.find(',') != std::string_view::npos;
  while (!line.empty()) {
    size_t end = std::min(hasCommas ? line.find(',') : line.find_first_of(" \t"), line.size());
    std::string_view cell = trim(line.substr(0, end));
    if (hasCommas || !cell.empty())
      cells.push_back(cell);
    if (hasCommas && end + 1 == line.size()) // a comma at the end: one more, empty
      cells.push_back("");
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return cells;
}

static std::vector<Line> splitLines(std::string_view text) {
  std::vector<Line> lines;
  for (uint32_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line.front() != '#')
      lines.push_back({number, splitCells(line)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

static rt::Result<double> readCell(std::string_view cell, const std::string &name, uint32_t line) {
  double value = 0;
  auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size())
    return rt::invalidError(name, ":", line, ": wanted a number, found ", rt::quote(cell));
  return checkNumber(value, rt::concat(name, ":", line));
}

static rt::Result<uint32_t> readIndex(std::string_view cell, const std::string &name,
                                      uint32_t line) {
  MOEC_ASSIGN_OR_RETURN(double value, readCell(cell, name, line));
  if (value != std::floor(value) || value >= maxIndex)
    return rt::invalidError(name, ":", line, ": wanted a whole number below ", maxIndex, ", found ",
                            rt::quote(cell));
  return static_cast<uint32_t>(value);
}

static rt::Result<Traffic> readLoads(std::string_view text, const std::string &name) {
  MOEC_ASSIGN_OR_RETURN(ExpertLoads loads, parseExpertLoads(text, name));
  Traffic traffic;
  traffic.kind = TrafficKind::Load;
  traffic.loads = std::move(loads);
  return traffic;
}

static rt::Result<Traffic> readMatrix(const std::vector<Line> &lines, const std::string &name) {
  size_t ranks = lines.size();
  if (ranks > maxMatrixRanks)
    return rt::invalidError(name, ": wanted at most ", maxMatrixRanks, " ranks, found ", ranks);
  Traffic traffic;
  traffic.kind = TrafficKind::Bytes;
  traffic.bytes = Matrix(static_cast<uint32_t>(ranks));
  for (uint32_t row = 0; row < ranks; ++row) {
    if (lines[row].cells.size() != ranks)
      return rt::invalidError(name, ":", lines[row].number, ": wanted ", ranks,
                              " numbers, as there are lines, found ", lines[row].cells.size());
    for (uint32_t column = 0; column < ranks; ++column) {
      MOEC_ASSIGN_OR_RETURN(double value,
                            readCell(lines[row].cells[column], name, lines[row].number));
      traffic.bytes.at(row, column) = value;
    }
  }
  return traffic;
}

/// The column of that name, or -1.
static int columnOf(const Line &header, std::initializer_list<std::string_view> names) {
  for (size_t column = 0; column < header.cells.size(); ++column)
    if (std::find(names.begin(), names.end(), header.cells[column]) != names.end())
      return static_cast<int>(column);
  return -1;
}

std::optional<uint32_t> Trace::repeatedExpert() const {
  for (auto slot = experts.end() - topK; slot != experts.end(); ++slot)
    if (std::find(slot + 1, experts.end(), *slot) != experts.end())
      return *slot;
  return std::nullopt;
}

static rt::Result<Traffic> readTraceTable(const std::vector<Line> &lines, const std::string &name,
                                          const std::vector<size_t> &slots) {
  int layer = columnOf(lines[0], {"layer"}), rank = columnOf(lines[0], {"rank", "source"});
  Traffic traffic;
  traffic.kind = TrafficKind::Trace;
  for (size_t i = 1; i < lines.size(); ++i) {
    const Line &line = lines[i];
    if (line.cells.size() != lines[0].cells.size())
      return rt::invalidError(name, ":", line.number, ": wanted ", lines[0].cells.size(),
                              " cells as in the header, found ", line.cells.size());
    uint32_t l = 0;
    if (layer >= 0) {
      MOEC_ASSIGN_OR_RETURN(l, readIndex(line.cells[layer], name, line.number));
    }
    if (l >= maxLayers)
      return rt::invalidError(name, ":", line.number, ": wanted a layer below ", maxLayers,
                              ", found ", l);
    if (l >= traffic.trace.size())
      traffic.trace.resize(l + 1);
    Trace &trace = traffic.trace[l];
    trace.topK = static_cast<uint32_t>(slots.size());
    if (rank >= 0) {
      MOEC_ASSIGN_OR_RETURN(uint32_t source, readIndex(line.cells[rank], name, line.number));
      trace.ranks.push_back(source);
    }
    for (size_t slot : slots) {
      MOEC_ASSIGN_OR_RETURN(uint32_t e, readIndex(line.cells[slot], name, line.number));
      trace.experts.push_back(e);
    }
    if (auto twice = trace.repeatedExpert())
      return rt::invalidError(name, ":", line.number, ": wanted experts that differ, found ",
                              *twice, " twice");
  }
  return traffic;
}

rt::Result<Traffic> readTraffic(std::string_view text, const std::string &name) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return rt::invalidError(name, ": wanted traffic, found an empty file");
  if (text[first] == '{')
    return readTrafficJson(text, name);
  if (text[first] == '[' || text.starts_with("PK"))
    return readLoads(text, name);
  std::vector<Line> lines = splitLines(text);
  if (lines.empty())
    return rt::invalidError(name, ": wanted traffic, found comments alone");
  std::vector<size_t> slots;
  for (size_t column = 0; column < lines[0].cells.size(); ++column)
    if (lines[0].cells[column].starts_with("slot"))
      slots.push_back(column);
  if (!slots.empty() && lines.size() == 1)
    return rt::invalidError(name, ": wanted tokens below the header, found none");
  if (!slots.empty())
    return readTraceTable(lines, name, slots);
  // Two or three columns that are no square: expert and count, with a layer or not.
  char start = lines[0].cells[0].empty() ? '0' : lines[0].cells[0][0];
  bool isTable = (start >= 'a' && start <= 'z') || (start >= 'A' && start <= 'Z');
  size_t columns = lines[0].cells.size();
  bool isLoads = isTable || ((columns == 2 || columns == 3) && lines.size() != columns);
  return isLoads ? readLoads(text, name) : readMatrix(lines, name);
}

} // namespace moec::traffic
