//===- SweepTable.cpp - Rows of a sweep as text ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/SweepTable.h"

#include "runtime/module/ModuleJson.h"

#include <algorithm>
#include <cstdio>

namespace moec::study {

std::string ScheduleChoice::statements() const {
  std::string text;
  auto add = [&](const std::string &statement) { text += (text.empty() ? "" : "; ") + statement; };
  if (!algorithm.empty())
    add("algorithm " + algorithm);
  if (!combine.empty())
    add("combine " + combine);
  return text;
}

std::optional<TableFormat> tableFormatFromName(std::string_view name) {
  if (name == "md")
    return TableFormat::Markdown;
  if (name == "csv")
    return TableFormat::Csv;
  if (name == "jsonl")
    return TableFormat::JsonLines;
  return std::nullopt;
}

namespace {

struct Column {
  const char *name;
  bool isNumber;
  std::string (*text)(const SweepRow &);
  /// A table leaves a column out where no row has this; null: it is always there.
  bool (*isWanted)(const SweepRow &) = nullptr;
};

std::string number(const char *pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

double ratioOf(const SweepRow &row) {
  return row.boundSeconds > 0 ? row.times.seconds / row.boundSeconds : 1;
}

double tokensPerSecond(const SweepRow &row) {
  return row.times.seconds > 0 ? row.allTokens / row.times.seconds : 0;
}

std::string orSource(const std::string &text) { return text.empty() ? "source" : text; }
std::string nodesText(const SweepRow &row) { return row.nodes ? std::to_string(row.nodes) : ""; }

/// A number of a row that could be, in microseconds or in seconds.
template <auto Get> std::string micros(const SweepRow &row) {
  return row.why.empty() ? number("%.1f", Get(row) * 1e6) : "";
}
template <auto Get> std::string exact(const SweepRow &row) {
  return row.why.empty() ? number("%.9g", Get(row)) : "";
}

double seconds(const SweepRow &row) { return row.times.seconds; }
double bound(const SweepRow &row) { return row.boundSeconds; }
double dispatch(const SweepRow &row) { return row.times.dispatchSeconds; }
double experts(const SweepRow &row) { return row.times.expertsSeconds; }
double combine(const SweepRow &row) { return row.times.combineSeconds; }

/// Of an exchange by itself, over its bound.
template <auto Phase> std::string aloneRatio(const SweepRow &row) {
  if (!row.alone)
    return "";
  double least = row.aloneBound.*Phase;
  return number("%.3f", least > 0 ? (*row.alone).*Phase / least : 1);
}
template <auto Phase> std::string aloneSeconds(const SweepRow &row) {
  return row.alone ? number("%.9g", (*row.alone).*Phase) : "";
}
template <auto Phase> std::string aloneBound(const SweepRow &row) {
  return row.alone ? number("%.9g", row.aloneBound.*Phase) : "";
}
bool hasPhases(const SweepRow &row) { return row.alone.has_value(); }

const Column machineColumn = {"machine", false, [](const SweepRow &row) { return row.machine; }};
const Column ranksColumn = {"ranks", true,
                            [](const SweepRow &row) { return std::to_string(row.ranks); }};
const Column nodesColumn = {"nodes", true, nodesText};
const Column algorithmColumn = {
    "algorithm", false, [](const SweepRow &row) { return orSource(row.schedule.algorithm); },
    [](const SweepRow &row) { return !row.schedule.algorithm.empty(); }};
const Column combineOfColumn = {"sums", false,
                                [](const SweepRow &row) { return orSource(row.schedule.combine); },
                                [](const SweepRow &row) { return !row.schedule.combine.empty(); }};
const Column trafficColumn = {"traffic", false, [](const SweepRow &row) { return row.traffic; }};
const Column tokensColumn = {"tokens", true, [](const SweepRow &row) {
                               return row.tokens ? std::to_string(*row.tokens) : "";
                             }};
const Column boundByColumn = {"bound by", false, [](const SweepRow &row) { return row.boundBy; }};
const Column whyColumn = {"why not", false, [](const SweepRow &row) { return row.why; },
                          [](const SweepRow &row) { return !row.why.empty(); }};

const Column markdownColumns[] = {
    machineColumn,
    ranksColumn,
    nodesColumn,
    algorithmColumn,
    combineOfColumn,
    trafficColumn,
    tokensColumn,
    {"us", true, micros<seconds>},
    {"bound us", true, micros<bound>},
    {"ratio", true,
     [](const SweepRow &row) { return row.why.empty() ? number("%.2f", ratioOf(row)) : ""; }},
    boundByColumn,
    {"dispatch us", true, micros<dispatch>},
    {"experts us", true, micros<experts>},
    {"combine us", true, micros<combine>},
    {"dispatch ratio", true, aloneRatio<&PhaseTimes::dispatchSeconds>, hasPhases},
    {"combine ratio", true, aloneRatio<&PhaseTimes::combineSeconds>, hasPhases},
    {"tokens/s", true,
     [](const SweepRow &row) {
       return row.why.empty() ? number("%.3g", tokensPerSecond(row)) : "";
     }},
    whyColumn};

const Column csvColumns[] = {
    machineColumn,
    ranksColumn,
    nodesColumn,
    {"algorithm", false, [](const SweepRow &row) { return row.schedule.algorithm; }},
    {"combine", false, [](const SweepRow &row) { return row.schedule.combine; }},
    trafficColumn,
    tokensColumn,
    {"seconds", true, exact<seconds>},
    {"bound_seconds", true, exact<bound>},
    {"ratio", true, exact<ratioOf>},
    {"bound_by", false, boundByColumn.text},
    {"dispatch_seconds", true, exact<dispatch>},
    {"experts_seconds", true, exact<experts>},
    {"combine_seconds", true, exact<combine>},
    {"tokens_per_second", true, exact<tokensPerSecond>},
    {"why", false, whyColumn.text},
    {"dispatch_alone_seconds", true, aloneSeconds<&PhaseTimes::dispatchSeconds>, hasPhases},
    {"dispatch_bound_seconds", true, aloneBound<&PhaseTimes::dispatchSeconds>, hasPhases},
    {"combine_alone_seconds", true, aloneSeconds<&PhaseTimes::combineSeconds>, hasPhases},
    {"combine_bound_seconds", true, aloneBound<&PhaseTimes::combineSeconds>, hasPhases}};

std::string markdownCell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

std::vector<Column> wantedOf(std::span<const Column> all, std::span<const SweepRow> rows) {
  std::vector<Column> columns;
  for (const Column &column : all)
    if (!column.isWanted || std::any_of(rows.begin(), rows.end(), column.isWanted))
      columns.push_back(column);
  return columns;
}

std::string markdownText(std::span<const SweepRow> rows) {
  std::vector<Column> columns = wantedOf(markdownColumns, rows);
  std::vector<std::vector<std::string>> cells(rows.size());
  std::vector<size_t> widths;
  for (const Column &column : columns) {
    widths.push_back(std::max<size_t>(3, std::string_view(column.name).size()));
    for (size_t i = 0; i < rows.size(); ++i) {
      cells[i].push_back(markdownCell(column.text(rows[i])));
      widths.back() = std::max(widths.back(), cells[i].back().size());
    }
  }
  std::string text;
  auto addLine = [&](const auto &cellOf) {
    for (size_t i = 0; i < columns.size(); ++i) {
      std::string cell = cellOf(i);
      std::string pad(widths[i] - cell.size(), ' ');
      text += "| " + (columns[i].isNumber ? pad + cell : cell + pad) + " ";
    }
    text += "|\n";
  };
  addLine([&](size_t i) { return std::string(columns[i].name); });
  addLine([&](size_t i) {
    std::string rule(widths[i], '-');
    (columns[i].isNumber ? rule.back() : rule.front()) = ':';
    return rule;
  });
  for (const std::vector<std::string> &row : cells)
    addLine([&](size_t i) { return row[i]; });
  return text;
}

/// RFC 4180.
std::string csvCell(const std::string &text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos)
    return text;
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csvText(std::span<const SweepRow> rows) {
  std::vector<Column> columns = wantedOf(csvColumns, rows);
  std::string text;
  for (const Column &column : columns)
    text += (text.empty() ? "" : ",") + std::string(column.name);
  text += "\n";
  for (const SweepRow &row : rows) {
    std::string line;
    for (size_t i = 0; i < columns.size(); ++i)
      line += (i ? "," : "") + csvCell(columns[i].text(row));
    text += line + "\n";
  }
  return text;
}

rt::Json jsonOf(const SweepRow &row) {
  auto orNull = [](const auto &value, bool has) { return has ? rt::Json(value) : rt::Json(); };
  bool can = row.why.empty();
  const ScheduleChoice &schedule = row.schedule;
  rt::Json json = {{"machine", row.machine},
                   {"ranks", row.ranks},
                   {"nodes", orNull(row.nodes, row.nodes != 0)},
                   {"algorithm", orNull(schedule.algorithm, !schedule.algorithm.empty())},
                   {"combine", orNull(schedule.combine, !schedule.combine.empty())},
                   {"traffic", row.traffic},
                   {"tokens", orNull(row.tokens.value_or(0), row.tokens.has_value())},
                   {"seconds", orNull(row.times.seconds, can)},
                   {"bound_seconds", orNull(row.boundSeconds, can)},
                   {"ratio", orNull(ratioOf(row), can)},
                   {"bound_by", orNull(row.boundBy, can)},
                   {"dispatch_seconds", orNull(row.times.dispatchSeconds, can)},
                   {"experts_seconds", orNull(row.times.expertsSeconds, can)},
                   {"combine_seconds", orNull(row.times.combineSeconds, can)},
                   {"tokens_per_second", orNull(tokensPerSecond(row), can)},
                   {"why", orNull(row.why, !can)}};
  if (row.alone) {
    json["dispatch_alone_seconds"] = row.alone->dispatchSeconds;
    json["dispatch_bound_seconds"] = row.aloneBound.dispatchSeconds;
    json["combine_alone_seconds"] = row.alone->combineSeconds;
    json["combine_bound_seconds"] = row.aloneBound.combineSeconds;
  }
  return json;
}

} // namespace

std::string tableText(std::span<const SweepRow> rows, TableFormat format) {
  switch (format) {
  case TableFormat::Markdown:
    return markdownText(rows);
  case TableFormat::Csv:
    return csvText(rows);
  case TableFormat::JsonLines:
    break;
  }
  std::string text;
  for (const SweepRow &row : rows)
    text += rt::dumpJson(jsonOf(row), -1) + "\n";
  return text;
}

} // namespace moec::study
