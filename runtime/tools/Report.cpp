//===- Report.cpp - What a run tells a person -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Report.h"

#include "runtime/base/Text.h"
#include "runtime/plan/Names.h"
#include "runtime/tools/Charts.h"
#include "runtime/tools/Format.h"

#include <algorithm>
#include <numeric>
#include <ostream>

namespace moec::run {

using rt::concat;

StepSeconds summarize(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  size_t half = seconds.size() / 2;
  double median = seconds.size() % 2 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
  return {median, seconds.front(), seconds.back()};
}

std::string describeOp(const plan::Plan &plan, const std::string &name) {
  for (const plan::Op &op : plan.ops) {
    if (op.name != name)
      continue;
    switch (op.kind) {
    case plan::OpKind::Compute:
    case plan::OpKind::Reduce:
      return plan::nameOf(op.task);
    case plan::OpKind::Put:
      return concat("put ", plan.buffers[op.writes[0].buffer].name);
    case plan::OpKind::Signal:
      return concat("signal ", plan.flags[op.flag].name);
    case plan::OpKind::Wait:
      return concat("wait ", plan.flags[op.flag].name);
    case plan::OpKind::Pull:
      return concat("pull ", plan.buffers[op.reads[0].buffer].name);
    case plan::OpKind::Copy:
      return concat("copy ", plan.buffers[op.writes[0].buffer].name);
    }
  }
  return "";
}

// --- One line each -----------------------------------------------------------

static const char *nameOf(DType type) { return type == DType::F32 ? "f32" : "bf16"; }

static std::string describeLayer(const Layer &layer) {
  const GatedMlp &mlp = layer.expert;
  std::string text = concat("hidden ", layer.hidden, ", ", formatCount(layer.experts, "expert"),
                            " of width ", mlp.intermediate, ", top ", layer.router.topK);
  if (layer.shared)
    text += concat(", shared expert of width ", layer.shared->mlp.intermediate);
  text += concat(", ", nameOf(layer.tokensType), " tokens");
  return layer.weightsType == layer.tokensType
             ? text
             : concat(text, ", ", nameOf(layer.weightsType), " weights");
}

/// "linear", "round robin", or what the first ranks hold.
static std::string describeSlots(const Placement &placement, uint32_t experts) {
  size_t ranks = placement.slots.size(), slots = 0;
  bool isLinear = true, isRoundRobin = true;
  uint32_t next = 0;
  for (size_t r = 0; r < ranks; ++r)
    for (size_t i = 0; i < placement.slots[r].size(); ++i) {
      uint32_t expert = placement.slots[r][i];
      isLinear &= expert == next++;
      isRoundRobin &= expert == r + i * ranks;
      ++slots;
    }
  if (ranks == 1)
    return "";
  if (slots == experts && (isLinear || isRoundRobin))
    return isLinear ? ", linear" : ", round robin";
  std::string text = slots > experts ? concat(", ", formatCount(slots - experts, "replica")) : "";
  const std::vector<uint32_t> &first = placement.slots[0];
  text += ", as given: rank 0 has ";
  for (size_t i = 0; i < std::min<size_t>(8, first.size()); ++i)
    text += concat(i ? ", " : "", first[i]);
  return text + (first.size() > 8 ? ", .." : first.empty() ? "none" : "");
}

static std::string describePlacement(const Manifest &manifest) {
  size_t least = SIZE_MAX, most = 0;
  for (const std::vector<uint32_t> &slots : manifest.placement.slots) {
    least = std::min(least, slots.size());
    most = std::max(most, slots.size());
  }
  std::string each = least == most ? formatCount(most, "expert")
                                   : concat(least, most == least + 1 ? " or " : " to ",
                                            formatCount(most, "expert"));
  return concat(formatCount(manifest.ranks, "rank"), ", ", each, " a rank",
                describeSlots(manifest.placement, manifest.layer.experts));
}

static std::string describeTokens(const RunReport &report) {
  int64_t most = report.tokensPerRank.front(), least = report.tokensPerRank.back();
  return concat(report.tokens,
                least == most ? concat(", ", most, " a rank")
                              : concat(", ", least, " or ", most, " a rank"),
                ", ", report.tokensPlace);
}

static std::string describeSteps(const RunReport &report) {
  StepSeconds step = summarize(report.stepSeconds);
  std::string text = formatSeconds(step.median);
  if (report.stepSeconds.size() > 1)
    text += concat(", median of ", report.stepSeconds.size(), " (", formatSeconds(step.min), " to ",
                   formatSeconds(step.max), ")");
  if (report.warmupSteps)
    text += concat(" after ", report.warmupSteps, " to warm up");
  if (report.tokens)
    text += concat(": ", formatFixed(static_cast<double>(report.tokens) / step.median, 0),
                   " tokens a second");
  text += concat("; ", report.backend, " backend");
  return report.backend == "cpu" ? concat(text, ", ", formatCount(report.threads, "thread")) : text;
}

static std::string describeCheck(const CheckReport &check) {
  const reference::Comparison &found = check.comparison;
  if (found.tokens == 0)
    return "nothing was compared: there are no tokens";
  std::string text = concat(check.passed() ? "passed" : "FAILED", ": output off by ",
                            formatScientific(found.outputError), " of its norm, weights by ",
                            formatScientific(found.weightsError), " (at most ",
                            formatScientific(check.tolerance), ")");
  uint64_t sure = found.tokens - found.unsureTokens;
  text += found.mismatches ? concat("; ", found.mismatches, " wrong choices") : "; choices equal";
  text += concat(" in the ", sure, " of ", formatCount(found.tokens, "token"),
                 " whose margin exceeds rounding");
  if (found.mismatches)
    text += concat(", first token ", found.firstToken, " slot ", found.firstSlot, ": wanted ",
                   check.wantedExpert, ", found ", check.foundExpert);
  if (found.notFinite)
    text += "; the output holds values that are not finite";
  return text;
}

// --- The report --------------------------------------------------------------

namespace {
class Printer {
public:
  explicit Printer(const Terminal &terminal) : terminal(terminal) {}

  void line(const char *label, const std::string &text, const char *style = "1") {
    terminal.out << emphasize(padRight(label, 11), style) << text << "\n";
  }
  void heading(const std::string &title, const std::string &text) {
    terminal.out << "\n" << emphasize(title, "1") << (text.empty() ? "" : "   ") << text << "\n";
  }
  void chart(const std::string &text) { terminal.out << text; }

private:
  std::string emphasize(const std::string &text, const char *style) const {
    return terminal.colour ? concat("\x1b[", style, "m", text, "\x1b[0m") : text;
  }
  const Terminal &terminal;
};
} // namespace

static void printExperts(const RunReport &report, Printer &printer) {
  const std::vector<uint64_t> &tokens = report.expertTokens;
  uint64_t sum = std::accumulate(tokens.begin(), tokens.end(), uint64_t(0));
  if (sum == 0)
    return; // no token, no load
  double mean = static_cast<double>(sum) / static_cast<double>(tokens.size());
  auto most = std::max_element(tokens.begin(), tokens.end());
  std::string text = concat("mean ", formatFixed(mean, 1), ", most ", *most, " (expert ",
                            static_cast<uint64_t>(most - tokens.begin()), "), ",
                            formatFixed(static_cast<double>(*most) / mean, 2), " times the mean");

  // Rank by rank, unless an expert is on several.
  std::vector<ColumnGroup> groups;
  uint64_t busiest = 0;
  size_t slots = 0;
  for (size_t r = 0; r < report.manifest->placement.slots.size(); ++r) {
    ColumnGroup group{concat("rank ", r), {}};
    uint64_t onRank = 0;
    for (uint32_t expert : report.manifest->placement.slots[r]) {
      group.values.push_back(static_cast<double>(tokens[expert]));
      onRank += tokens[expert];
      ++slots;
    }
    busiest = std::max(busiest, onRank);
    groups.push_back(std::move(group));
  }
  if (slots != tokens.size())
    groups = {{"all experts", std::vector<double>(tokens.begin(), tokens.end())}};
  else if (groups.size() > 1)
    text += concat("; busiest rank ",
                   formatFixed(static_cast<double>(busiest) / static_cast<double>(sum) *
                                   static_cast<double>(groups.size()),
                               2),
                   " times its share");
  printer.heading("tokens per expert", text);
  printer.chart(drawColumns(std::move(groups), 5));
}

static uint64_t sumOffDiagonal(const std::vector<uint64_t> &bytes, size_t ranks) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += i / ranks == i % ranks ? 0 : bytes[i];
  return sum;
}

static void printTraffic(const RunReport &report, const Terminal &terminal, Printer &printer) {
  size_t ranks = report.manifest->ranks;
  uint64_t dispatch = sumOffDiagonal(report.dispatchBytes, ranks);
  if (dispatch == 0)
    return;
  printer.heading("dispatch traffic",
                  concat(rt::formatBytes(dispatch), " from rank to rank",
                         ranks <= maxRanksWithNumbers ? " (in brackets: to itself); " : "; ",
                         rt::formatBytes(sumOffDiagonal(report.combineBytes, ranks)),
                         " come back"));
  printer.chart(drawHeatMap(report.dispatchBytes, ranks, terminal.colour));
}

static void printPhases(const RunReport &report, Printer &printer) {
  double sum = 0;
  for (const Phase &phase : report.phases)
    sum += phase.seconds;
  if (sum <= 0)
    return;
  std::vector<Bar> bars;
  for (const Phase &phase : report.phases)
    bars.push_back({padRight(phase.name, 4) + phase.description, phase.seconds,
                    concat(formatSeconds(phase.seconds),
                           padLeft(formatFixed(phase.seconds / sum * 100, 1), 6), " %")});
  printer.heading("time per phase", "summed over ranks");
  printer.chart(drawBars(bars, 40));
}

void printReport(const RunReport &report, const Terminal &terminal) {
  const Manifest &manifest = *report.manifest;
  Printer printer(terminal);
  printer.line("layer", concat(manifest.layer.name, ": ", describeLayer(manifest.layer)));
  printer.line("placement", describePlacement(manifest));
  printer.line("weights", concat(report.weightsPlace, ", ", formatCount(report.weights, "tensor"),
                                 ", loaded in ", formatSeconds(report.loadSeconds)));
  if (report.backend != "cpu")
    printer.line("kernels", concat("ready on the ", report.backend, " backend in ",
                                   formatSeconds(report.prepareSeconds)));
  printer.line("tokens", describeTokens(report));
  printExperts(report, printer);
  printTraffic(report, terminal, printer);
  printPhases(report, printer);
  terminal.out << "\n";
  printer.line("step", describeSteps(report));
  if (report.check)
    printer.line("check", describeCheck(*report.check),
                 report.check->comparison.tokens == 0 ? "1"
                 : report.check->passed()             ? "1;32"
                                                      : "1;31");
  if (!report.output.empty())
    printer.line("output", report.output);
}

} // namespace moec::run
