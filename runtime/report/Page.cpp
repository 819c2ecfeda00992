//===- Page.cpp - A page about a plan -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/PlanText.h"
#include "runtime/report/Assets.h"
#include "runtime/report/PageData.h"
#include "runtime/report/PageText.h"

#include <algorithm>
#include <map>

namespace moec::report {
namespace {

std::string factsHtml(const Report &report) {
  std::string html = "<dl>\n";
  for (const Fact &fact : report.facts)
    html += "<div><dt>" + escape(fact.name) + "</dt><dd>" + escape(fact.value) + "</dd></div>\n";
  return html + "</dl>\n";
}

std::string keyHtml(const Report &report) {
  auto key = [](const std::string &value, const char *what) {
    return "<div><b>" + value + "</b><span>" + what + "</span></div>\n";
  };
  std::string html = "<div class=key>\n" + key(timeHtml(report.seconds), "simulated step");
  if (report.boundSeconds > 0) {
    html += key(timeHtml(report.boundSeconds), "no schedule with these sums takes less");
    html += key(ratioText(report.seconds, report.boundSeconds) + "<small>times</small>",
                "achieved over bound");
  }
  if (!report.boundBy.empty())
    html += key(escape(report.boundBy), "binds");
  return html + "</div>\n";
}

/// A bar as long as `seconds` is of `most`, with a mark at the bound.
std::string barHtml(double seconds, double bound, double most, const char *color) {
  if (most <= 0)
    return "<div class=bar></div>";
  std::string html = "<div class=bar><i style=\"width:" + percentText(seconds / most) +
                     ";background:var(--" + color + ")\"></i>";
  if (bound > 0)
    html += "<u style=\"left:" + percentText(bound / most) + "\"></u>";
  return html + "</div>";
}

std::string phasesHtml(const Report &report) {
  double most = 0;
  for (const PhaseTime &phase : report.phases)
    most = std::max({most, phase.seconds, phase.boundSeconds});
  std::string html = "<table id=phases>\n<tr><th>part<th style=\"width:45%\"><th class=n>achieved"
                     "<th class=n>bound<th class=n>ratio<th>what binds</tr>\n";
  for (const PhaseTime &phase : report.phases) {
    bool isKnown = phase.boundSeconds > 0;
    const char *color = phase.name == "dispatch"  ? "dispatch"
                        : phase.name == "combine" ? "combine"
                                                  : "experts";
    html += "<tr><td>" + escape(phase.name) + "<td>" +
            barHtml(phase.seconds, phase.boundSeconds, most, color) + "<td class=n>" +
            timeText(phase.seconds) + "<td class=n>" +
            (isKnown ? timeText(phase.boundSeconds) : "") + "<td class=n>" +
            (isKnown ? ratioText(phase.seconds, phase.boundSeconds) : "") + "<td>" +
            escape(phase.boundBy) + "</tr>\n";
  }
  return html + "</table>\n";
}

std::string candidatesHtml(const Report &report) {
  if (report.candidates.empty())
    return "";
  double most = 0;
  for (const Candidate &candidate : report.candidates)
    most = std::max(most, candidate.seconds);
  std::string html =
      "<h2>Schedules beside each other</h2>\n<p>The same layer, machine and traffic. "
      "The mark is what no schedule with the same sums can beat.";
  html += report.candidatesNote.empty() ? "</p>\n" : " " + escape(report.candidatesNote) + "</p>\n";
  html += "<table id=candidates>\n<tr><th>algorithm<th>settings<th style=\"width:36%\"><th class=n>"
          "step<th class=n>over bound<th></tr>\n";
  for (const Candidate &candidate : report.candidates) {
    bool isThere = candidate.why.empty();
    html += rowHead(candidate.chosen ? "chosen"
                    : isThere        ? ""
                                     : "impossible") +
            escape(candidate.algorithm) + "<td>" + escape(candidate.settings) + "<td>";
    if (isThere)
      html += barHtml(candidate.seconds, candidate.boundSeconds, most,
                      candidate.chosen ? "combine" : "wait") +
              "<td class=n>" + timeText(candidate.seconds) + "<td class=n>" +
              ratioText(candidate.seconds, candidate.boundSeconds) + "<td>" +
              (candidate.chosen ? "this page" : "");
    else
      html += escape(candidate.why) + "<td><td><td>";
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

/// What was left out of the picture, said beside it.
std::string timelineNote(const nlohmann::ordered_json &data) {
  size_t bars = data["bars"]["rank"].size();
  std::string note = std::to_string(data["tasks"].get<uint64_t>()) + " tasks that take time";
  if (data["merged"].get<bool>())
    note += ", drawn as " + std::to_string(bars) +
            " bars: tasks of one op on one rank that overlap or nearly touch are one bar";
  return note + ".";
}

std::string linksNote(const nlohmann::ordered_json &data) {
  size_t shown = data["resources"].size(), used = data["resources_in_use"].get<size_t>();
  std::string note = std::to_string(used) + " resources carried something";
  if (shown < used)
    note += "; the page has the busiest " + std::to_string(shown);
  return note + ". In per cent of what each can carry.";
}

/// The text with every @NAME@ replaced, once: what is put in is not looked at again.
std::string fill(std::string_view text, const std::map<std::string_view, std::string> &parts) {
  std::string page;
  while (!text.empty()) {
    size_t at = text.find('@'), end = at == text.npos ? at : text.find('@', at + 1);
    auto part = end == text.npos ? parts.end() : parts.find(text.substr(at + 1, end - at - 1));
    size_t taken = part == parts.end() ? std::min(at, text.size() - 1) + 1 : at;
    page += text.substr(0, taken);
    text.remove_prefix(part == parts.end() ? taken : end + 1);
    if (part != parts.end())
      page += part->second;
  }
  return page;
}

} // namespace

std::string pageOf(const Report &report) {
  nlohmann::ordered_json data = pageData(report);
  return fill(pageHtml, {{"STYLE", std::string(pageCss)},
                         {"SCRIPT", std::string(pageScript)},
                         {"TITLE", escape(report.title)},
                         {"KEY", keyHtml(report)},
                         {"FACTS", factsHtml(report)},
                         {"PHASES", phasesHtml(report)},
                         {"CANDIDATES", candidatesHtml(report)},
                         {"TIMELINE_NOTE", timelineNote(data)},
                         {"LINKS_NOTE", linksNote(data)},
                         {"PLAN", escape(plan::planText(report.plan))},
                         {"DATA", dataText(data)}});
}

} // namespace moec::report
