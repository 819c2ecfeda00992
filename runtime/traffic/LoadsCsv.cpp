//===- LoadsCsv.cpp - Loads as lines of numbers ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/module/Limits.h"
#include "runtime/traffic/LoadForms.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

namespace moec::traffic {
namespace {

enum class Column : uint8_t { Layer, Window, Expert, Count, Ignored };

/// Words that a first line may use for each column.
constexpr std::pair<std::string_view, Column> kHeader[] = {
    {"layer", Column::Layer},           {"layer_id", Column::Layer}, {"window", Column::Window},
    {"step", Column::Window},           {"expert", Column::Expert},  {"expert_id", Column::Expert},
    {"logical_expert", Column::Expert}, {"count", Column::Count},    {"load", Column::Count},
    {"tokens", Column::Count},          {"rows", Column::Count},
};

std::string_view trim(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\""), last = text.find_last_not_of(" \t\r\"");
  return first == text.npos ? std::string_view() : text.substr(first, last - first + 1);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (size_t begin = 0;;) {
    size_t end = line.find_first_of(",;\t", begin);
    cells.push_back(trim(line.substr(begin, end == line.npos ? line.npos : end - begin)));
    if (end == line.npos)
      return cells;
    begin = end + 1;
  }
}

template <typename T> bool parseWhole(std::string_view text, T &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

class CsvReader {
public:
  CsvReader(std::string_view text, const std::string &name) : text(text), name(name) {}
  rt::Result<ExpertLoads> read();

private:
  template <typename... Parts> rt::Status wrong(const Parts &...parts) const {
    return rt::invalidError(name, ":", line, ": ", parts...);
  }
  rt::Status readHeader(const std::vector<std::string_view> &cells);
  rt::Status chooseColumns(size_t cells);
  rt::Status readLine(const std::vector<std::string_view> &cells);
  rt::Status readIndex(std::string_view cell, const char *what, uint32_t end, uint32_t &index);
  rt::Status store(uint32_t layer, uint32_t window, uint32_t expert, double count);

  std::string_view text;
  const std::string &name;
  size_t line = 0;
  std::vector<Column> columns; ///< empty: no line yet
  bool hasHeader = false;
  ExpertLoads loads;
  uint64_t counts = 0;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, size_t> seen; ///< the line of each
};

rt::Status CsvReader::readHeader(const std::vector<std::string_view> &cells) {
  auto has = [&](Column column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  for (std::string_view cell : cells) {
    Column column = Column::Ignored;
    for (auto [word, meaning] : kHeader)
      if (word == cell)
        column = meaning;
    if (column != Column::Ignored && has(column))
      return wrong("two columns say the same, the second is ", rt::quote(cell));
    columns.push_back(column);
  }
  if (!has(Column::Expert) || !has(Column::Count))
    return wrong("wanted columns 'expert' and 'count', found ", rt::quote(text.substr(0, 60)));
  loads.namesLayers = has(Column::Layer);
  return {};
}

rt::Status CsvReader::chooseColumns(size_t cells) {
  if (cells == 2)
    columns = {Column::Expert, Column::Count};
  else if (cells == 3)
    columns = {Column::Layer, Column::Expert, Column::Count};
  else
    return wrong("wanted expert,count or layer,expert,count, found ", cells,
                 cells == 1 ? " value" : " values");
  loads.namesLayers = cells == 3;
  return {};
}

rt::Status CsvReader::readIndex(std::string_view cell, const char *what, uint32_t end,
                                uint32_t &index) {
  if (parseWhole(cell, index) && index < end)
    return {};
  return wrong("wanted ", what, " 0..", end - 1, ", found ", rt::quote(cell));
}

rt::Status CsvReader::store(uint32_t layer, uint32_t window, uint32_t expert, double count) {
  auto [first, isNew] = seen.try_emplace({layer, window, expert}, line);
  if (!isNew)
    return wrong("expert ", expert, " has a count in line ", first->second, " already");
  std::vector<std::vector<double>> &windows = loads.layers[layer].windows;
  if (windows.size() <= window)
    windows.resize(window + 1);
  if (windows[window].size() <= expert) {
    counts += expert + 1 - windows[window].size();
    windows[window].resize(expert + 1);
  }
  if (counts > maxLoadCounts)
    return wrong("wanted at most ", maxLoadCounts, " counts");
  windows[window][expert] = count;
  return {};
}

rt::Status CsvReader::readLine(const std::vector<std::string_view> &cells) {
  if (cells.size() != columns.size())
    return wrong("wanted ", columns.size(), " values, found ", cells.size());
  uint32_t layer = 0, window = 0, expert = 0;
  double count = 0;
  for (size_t i = 0; i < cells.size(); ++i)
    switch (columns[i]) {
    case Column::Layer:
      MOEC_RETURN_IF_ERROR(readIndex(cells[i], "a layer", maxLoadLayers, layer));
      break;
    case Column::Window:
      MOEC_RETURN_IF_ERROR(readIndex(cells[i], "a window", maxLoadWindows, window));
      break;
    case Column::Expert:
      MOEC_RETURN_IF_ERROR(readIndex(cells[i], "an expert", maxExperts, expert));
      break;
    case Column::Count:
      if (!parseWhole(cells[i], count) || !std::isfinite(count) || count < 0)
        return wrong("wanted a count of 0 or more, found ", rt::quote(cells[i]));
      break;
    case Column::Ignored:
      break;
    }
  return store(layer, window, expert, count);
}

rt::Result<ExpertLoads> CsvReader::read() {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view content = trim(text.substr(begin, end - begin));
    begin = end + 1;
    ++line;
    if (content.empty() || content.starts_with("#"))
      continue;
    std::vector<std::string_view> cells = split(content);
    double number = 0;
    if (columns.empty() && !parseWhole(cells[0], number)) {
      MOEC_RETURN_IF_ERROR(readHeader(cells));
      hasHeader = true;
      continue;
    }
    if (columns.empty())
      MOEC_RETURN_IF_ERROR(chooseColumns(cells.size()));
    MOEC_RETURN_IF_ERROR(readLine(cells));
  }
  if (loads.layers.empty())
    return rt::invalidError(name, ": wanted a line expert,count, found none");
  if (!hasHeader)
    loads.reading = rt::concat(seen.size(), seen.size() == 1 ? " line of " : " lines of ",
                               columns.size(), " numbers, no square, so no bytes but lines ",
                               loads.namesLayers ? "layer,expert,count" : "expert,count");
  return std::move(loads);
}

} // namespace

rt::Result<ExpertLoads> parseCsvLoads(std::string_view text, const std::string &name) {
  return CsvReader(text, name).read();
}

} // namespace moec::traffic
