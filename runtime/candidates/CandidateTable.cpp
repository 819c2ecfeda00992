//===- CandidateTable.cpp - Schedules side by side ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/candidates/CandidateTable.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace moec::candidates {

using nlohmann::ordered_json;
using rt::concat;

double bestSeconds(const CandidateTable &table, size_t bucket) {
  return table.candidates[table.best[bucket]].costs[bucket].least();
}

size_t plainestBest(const CandidateTable &table, size_t bucket) {
  for (size_t i = 0; i < table.best[bucket]; ++i) {
    const Candidate &candidate = table.candidates[i];
    if (candidate.fits() && candidate.suits(table.buckets[bucket].tokens) &&
        candidate.costs[bucket].isSimulated() &&
        candidate.costs[bucket].seconds <= equalRatio * bestSeconds(table, bucket))
      return i;
  }
  return table.best[bucket];
}

bool isCounted(const CandidateTable &table, const Bucket &bucket) {
  return bucket.tokens == table.tokens;
}

static double ratioIn(const CandidateTable &table, const Candidate &candidate, size_t bucket) {
  double best = bestSeconds(table, bucket);
  return best > 0 ? candidate.costs[bucket].least() / best : 1;
}

/// The bucket, of those that count, in which the candidate does worst.
static size_t worstBucket(const CandidateTable &table, const Candidate &candidate) {
  size_t worst = table.buckets.size();
  for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket) {
    bool isWorse = worst == table.buckets.size() ||
                   ratioIn(table, candidate, bucket) > ratioIn(table, candidate, worst);
    if (isCounted(table, table.buckets[bucket]) && isWorse)
      worst = bucket;
  }
  return worst;
}

double worstRatio(const CandidateTable &table, const Candidate &candidate) {
  return ratioIn(table, candidate, worstBucket(table, candidate));
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string formatted(const char *format, double value) {
  char text[48];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

static std::string timeText(double seconds) {
  return seconds < 1e-2 ? formatted("%.1f us", seconds * 1e6) : formatted("%.2f ms", seconds * 1e3);
}

static std::string ratioText(double ratio) { return formatted("%.2f", ratio); }

std::string whyOf(const CandidateTable &table, size_t number) {
  const Candidate &candidate = table.candidates[number];
  if (!candidate.fits())
    return "does not fit: " + candidate.misfit;
  size_t worst = worstBucket(table, candidate);
  const Cost &cost = candidate.costs[worst];
  std::string where =
      table.buckets.size() > 1 ? concat(" with ", table.buckets[worst].traffic) : "";
  std::string ratio = ratioText(worstRatio(table, candidate));
  bool isBest = ratio == ratioText(1); // as far as the table tells
  if (number == table.chosen)
    return where.empty() || isBest ? "the best"
                                   : concat("at most ", ratio, " times the best,", where);
  if (isBest && cost.isSimulated())
    return "as fast as the best, and less plain";
  std::string text = concat(cost.isSimulated() ? "" : "at least ", ratio, " times the best", where);
  if (cost.floorSeconds > bestSeconds(table, worst))
    text += concat(": ", cost.floorBy, " alone takes ", timeText(cost.floorSeconds));
  return text;
}

static std::string tokensText(uint32_t tokens) {
  return concat(tokens, tokens == 1 ? " token" : " tokens");
}

namespace {
/// Columns as wide as their widest cell; all but the last of `left` of them and the last
/// are set to the right.
class Grid {
public:
  explicit Grid(std::vector<bool> isLeft) : isLeft(std::move(isLeft)) {}
  void add(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }
  std::string text() const;

private:
  std::vector<bool> isLeft; ///< by column
  std::vector<std::vector<std::string>> rows;
};

std::string Grid::text() const {
  std::vector<size_t> widths(isLeft.size());
  for (const std::vector<std::string> &row : rows)
    for (size_t column = 0; column + 1 < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    std::string line;
    for (size_t column = 0; column < row.size(); ++column) {
      size_t pad = widths[column] - std::min(widths[column], row[column].size());
      std::string blanks(pad, ' ');
      line += (column ? "  " : "") + (isLeft[column] ? row[column] + blanks : blanks + row[column]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}
} // namespace

/// "1" beside the choice's "* 1".
static std::string numberText(const CandidateTable &table, size_t candidate) {
  return concat(candidate == table.chosen ? "* " : "", candidate + 1);
}

static std::string oneBucketText(const CandidateTable &table) {
  Grid grid({false, true, false, false, false, true});
  grid.add({"", "schedule", "time", "bound", "ratio", "why"});
  for (size_t i = 0; i < table.candidates.size(); ++i) {
    const Candidate &candidate = table.candidates[i];
    std::vector<std::string> cells = {numberText(table, i), candidate.schedule};
    if (candidate.fits()) {
      const Cost &cost = candidate.costs[0];
      double ratio = cost.boundSeconds > 0 ? cost.least() / cost.boundSeconds : 1;
      cells.push_back((cost.isSimulated() ? "" : ">= ") + timeText(cost.least()));
      cells.push_back(timeText(cost.boundSeconds));
      cells.push_back(ratioText(ratio));
    }
    cells.resize(5, "-");
    cells.push_back(whyOf(table, i));
    grid.add(std::move(cells));
  }
  return grid.text();
}

/// The buckets that count, candidate by candidate.
static std::string countedText(const CandidateTable &table) {
  std::vector<size_t> counted;
  std::vector<std::string> head = {"", "schedule"};
  std::vector<bool> isLeft = {false, true};
  for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket)
    if (isCounted(table, table.buckets[bucket])) {
      counted.push_back(bucket);
      head.push_back(table.buckets[bucket].traffic);
      isLeft.push_back(false);
    }
  head.push_back("why");
  isLeft.push_back(true);
  Grid grid(isLeft);
  grid.add(head);
  for (size_t i = 0; i < table.candidates.size(); ++i) {
    const Candidate &candidate = table.candidates[i];
    std::vector<std::string> cells = {numberText(table, i), candidate.schedule};
    for (size_t bucket : counted)
      cells.push_back(!candidate.fits() ? "-"
                                        : (candidate.costs[bucket].isSimulated() ? "" : ">= ") +
                                              timeText(candidate.costs[bucket].least()));
    cells.push_back(whyOf(table, i));
    grid.add(std::move(cells));
  }
  return grid.text();
}

/// Tokens down, skew across: who is best, and what it takes.
static std::string bestText(const CandidateTable &table) {
  std::vector<std::string> skews;
  std::vector<uint32_t> tokens;
  for (const Bucket &bucket : table.buckets) {
    if (std::find(skews.begin(), skews.end(), bucket.traffic) == skews.end())
      skews.push_back(bucket.traffic);
    if (std::find(tokens.begin(), tokens.end(), bucket.tokens) == tokens.end())
      tokens.push_back(bucket.tokens);
  }
  std::vector<bool> isLeft(skews.size() + 1, true);
  Grid grid(isLeft);
  std::vector<std::string> head = {"best of each"};
  head.insert(head.end(), skews.begin(), skews.end());
  grid.add(head);
  for (uint32_t each : tokens) {
    std::vector<std::string> cells = {tokensText(each)};
    for (const std::string &skew : skews)
      for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket)
        if (table.buckets[bucket].tokens == each && table.buckets[bucket].traffic == skew) {
          size_t best = plainestBest(table, bucket);
          cells.push_back(concat("no. ", best + 1, ", ",
                                 timeText(table.candidates[best].costs[bucket].least())));
        }
    grid.add(std::move(cells));
  }
  return grid.text();
}

std::string tableText(const CandidateTable &table) {
  std::string text =
      concat("layer ", table.layer, " on ", table.machine, ": ", table.ranks,
             table.ranks == 1 ? " rank" : " ranks", " on ", table.nodes,
             table.nodes == 1 ? " node, " : " nodes, ", tokensText(table.tokens), " each");
  if (table.buckets.size() == 1)
    return concat(text, ", ", table.buckets[0].traffic, "\n", oneBucketText(table));
  bool hasOtherTokens =
      std::any_of(table.buckets.begin(), table.buckets.end(),
                  [&](const Bucket &bucket) { return !isCounted(table, bucket); });
  return concat(text, "\n", countedText(table), hasOtherTokens ? "\n" + bestText(table) : "");
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static ordered_json costJson(const Cost &cost) {
  return {{"seconds", cost.isSimulated() ? ordered_json(cost.seconds) : ordered_json()},
          {"floor_seconds", cost.floorSeconds},
          {"floor_by", cost.floorBy},
          {"bound_seconds", cost.boundSeconds},
          {"bound_by", cost.boundBy}};
}

ordered_json tableJson(const CandidateTable &table) {
  ordered_json json = {{"layer", table.layer},
                       {"machine", table.machine},
                       {"ranks", table.ranks},
                       {"nodes", table.nodes},
                       {"tokens", table.tokens},
                       {"chosen", table.winner().schedule},
                       {"buckets", ordered_json::array()},
                       {"candidates", ordered_json::array()}};
  for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket)
    json["buckets"].push_back({{"tokens", table.buckets[bucket].tokens},
                               {"traffic", table.buckets[bucket].traffic},
                               {"best", table.candidates[table.best[bucket]].schedule},
                               {"seconds", bestSeconds(table, bucket)},
                               {"counts", isCounted(table, table.buckets[bucket])}});
  for (size_t i = 0; i < table.candidates.size(); ++i) {
    const Candidate &candidate = table.candidates[i];
    ordered_json one = {{"schedule", candidate.schedule},
                        {"fits", candidate.fits()},
                        {"worst_ratio", candidate.fits()
                                            ? ordered_json(worstRatio(table, candidate))
                                            : ordered_json()},
                        {"why", whyOf(table, i)},
                        {"costs", ordered_json::array()}};
    for (const Cost &cost : candidate.costs)
      one["costs"].push_back(costJson(cost));
    json["candidates"].push_back(std::move(one));
  }
  return json;
}

} // namespace moec::candidates
