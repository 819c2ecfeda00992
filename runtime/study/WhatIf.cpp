//===- WhatIf.cpp - One layer on several machines -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/WhatIf.h"

#include "runtime/base/Text.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/module/TextTable.h"
#include "runtime/simulator/Roofline.h"

#include <cmath>
#include <cstdio>
#include <limits>

namespace moec::study {

Gain gainOf(const MachineStep &step, const MachineStep &base, double restSeconds) {
  const StepParts &own = step.parts, &old = base.parts;
  Gain gain;
  gain.exposed = exposedShareOf(own, restSeconds);
  if (own.communicationSeconds > 0)
    gain.communication = old.communicationSeconds / own.communicationSeconds;
  else if (old.communicationSeconds > 0)
    gain.communication = std::numeric_limits<double>::infinity();
  gain.formula = endToEndFactor(exposedShareOf(old, restSeconds).scheduled, gain.communication);
  double before = old.seconds + restSeconds;
  gain.linksAlone = before / (step.linksAloneSeconds + restSeconds);
  gain.machine = before / (own.seconds + restSeconds);
  return gain;
}

static std::string format(const char *pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

static std::string micros(double seconds) { return format("%.1f", seconds * 1e6); }
static std::string percent(double share) { return format("%.0f %%", share * 100); }
static std::string times(double factor) {
  return std::isfinite(factor) ? format(factor < 9.95 ? "%.2f" : "%.1f", factor) : "inf";
}

std::vector<std::string> modelAssumptions(double restSeconds) {
  std::vector<std::string> lines = {rt::concat(
      "kernels reach ", percent(simulator::reachedOfOperations), " of the products and ",
      percent(simulator::reachedOfMemory), " of the memory that data sheets name, and take ",
      micros(simulator::kernelLaunchSeconds), " us or more: measured on one H200")};
  lines.push_back(restSeconds > 0
                      ? rt::concat(micros(restSeconds),
                                   " us a layer for everything else (--rest), on every machine")
                      : "the MoE layer alone: attention and everything else take no time (--rest)");
  return lines;
}

//===----------------------------------------------------------------------===//
// For people
//===----------------------------------------------------------------------===//

/// `text` in lines of at most 100 columns; all but the first are indented as it is, and
/// two more.
static std::string wrap(const std::string &text) {
  constexpr size_t width = 100;
  size_t indent = text.find_first_not_of(' ');
  std::string out, line = text;
  while (line.size() > width) {
    size_t space = line.rfind(' ', width);
    if (space == std::string::npos || space <= indent + 2)
      break; // one long name
    out += line.substr(0, space) + "\n";
    line = std::string(indent + 2, ' ') + line.substr(space + 1);
  }
  return out + line + "\n";
}

static std::string siteText(const WhatIf &study, const WhatIf::Site &site) {
  if (site.nodes == 0)
    return site.machine + " (does not fit)";
  bool isPart = site.nodes == 1 && site.gpusOfNode > study.ranks;
  std::string nodes = isPart
                          ? rt::concat(study.ranks, " of the ", site.gpusOfNode, " GPUs of a node")
                          : rt::concat(site.nodes, site.nodes == 1 ? " node" : " nodes");
  return rt::concat(site.machine, " (", nodes, ")");
}

static std::string headText(const WhatIf &study) {
  std::string text = rt::concat(study.layer, " on ", study.ranks,
                                study.ranks == 1 ? " rank" : " ranks", " of each machine:");
  for (const WhatIf::Site &site : study.sites)
    text += (&site == &study.sites.front() ? " " : ", ") + siteText(study, site);
  return wrap(text + "; factors are over " + study.sites.front().machine);
}

static std::string tableOf(const WhatIf &study, const WhatIfCase &at) {
  rt::TextTable table({false, true, true, true, true, true, true, true, true, true, true});
  table.row({"us", "dispatch", "compute", "combine", "step", "f", "overlap", "s", "formula",
             "links", "machine"});
  const MachineStep &base = at.steps.front();
  for (size_t i = 0; i < at.steps.size(); ++i) {
    const MachineStep &step = at.steps[i];
    if (!step.why.empty() || !base.why.empty())
      continue;
    Gain gain = gainOf(step, base, study.restSeconds);
    table.row({study.sites[i].machine, micros(step.parts.dispatchSeconds),
               micros(step.parts.computeSeconds + study.restSeconds),
               micros(step.parts.combineSeconds), micros(step.parts.seconds + study.restSeconds),
               percent(gain.exposed.serial), percent(gain.exposed.scheduled),
               times(gain.communication), times(gain.formula), times(gain.linksAlone),
               times(gain.machine)});
  }
  return table.text();
}

/// What links would have to do for a step that is ten times as fast.
static std::string reachText(double exposed) {
  std::optional<double> needed = speedupNeeded(exposed, 10);
  return needed ? rt::concat("10x wants links ", times(*needed), " times as fast")
                : rt::concat("no links make it 10x, at most ", times(1 / (1 - exposed)), "x");
}

static std::string explain(const WhatIf &study, const WhatIfCase &at, size_t machine) {
  const MachineStep &step = at.steps[machine], &base = at.steps.front();
  std::string name = "  " + study.sites[machine].machine + ": ";
  if (!step.why.empty())
    return wrap(name + step.why);
  if (!base.why.empty())
    return wrap(name + "nothing to compare with");
  Gain gain = gainOf(step, base, study.restSeconds);
  std::string schedule = step.schedule.empty() ? "the source's schedule" : step.schedule;
  if (machine == 0)
    return wrap(rt::concat(name, schedule, "; links are waited for ",
                           percent(gain.exposed.scheduled), " of a step (",
                           percent(gain.exposed.ideal), " if all were overlapped); ",
                           reachText(gain.exposed.scheduled)));
  return wrap(rt::concat(name, schedule, "; communication ", times(gain.communication),
                         "x as fast gives ", times(gain.formula), "x by the formula, ",
                         times(gain.linksAlone), "x with the GPUs of ", study.sites.front().machine,
                         ", ", times(gain.machine), "x with its own"));
}

std::string whatIfText(const WhatIf &study) {
  std::string text = headText(study);
  for (const WhatIfCase &at : study.cases) {
    text += "\n";
    text += at.tokens ? rt::concat(*at.tokens, *at.tokens == 1 ? " token" : " tokens", " a rank, ")
                      : std::string();
    text += rt::printable(at.traffic) + "\n" + tableOf(study, at);
    for (size_t i = 0; i < at.steps.size(); ++i)
      text += explain(study, at, i);
  }
  text +=
      "\nf: share of a step that waits for links, nothing overlapped; overlap: as scheduled. s: "
      "times as\n"
      "fast communication is. formula: 1/((1-f)+f/s), f of the first machine as scheduled. links:\n"
      "simulated with its links and the first machine's GPUs. machine: with its own "
      "GPUs.\n\nassumed\n";
  for (const std::string &line : modelAssumptions(study.restSeconds))
    text += wrap("  " + line);
  for (const WhatIf::Site &site : study.sites)
    for (const std::string &line : site.assumptions)
      text += wrap(rt::concat("  ", site.machine, ": ", line));
  return text;
}

//===----------------------------------------------------------------------===//
// For programs
//===----------------------------------------------------------------------===//

static rt::Json jsonOf(const WhatIf &study, const WhatIfCase &at, size_t machine) {
  const MachineStep &step = at.steps[machine], &base = at.steps.front();
  rt::Json json = {{"machine", study.sites[machine].machine},
                   {"nodes", study.sites[machine].nodes},
                   {"traffic", at.traffic},
                   {"tokens", at.tokens ? rt::Json(*at.tokens) : rt::Json()},
                   {"why", step.why.empty() ? rt::Json() : rt::Json(step.why)}};
  if (!step.why.empty())
    return json;
  json["schedule"] = step.schedule;
  json["seconds"] = step.parts.seconds + study.restSeconds;
  json["dispatch_seconds"] = step.parts.dispatchSeconds;
  json["compute_seconds"] = step.parts.computeSeconds;
  json["combine_seconds"] = step.parts.combineSeconds;
  json["communication_seconds"] = step.parts.communicationSeconds;
  ExposedShare exposed = exposedShareOf(step.parts, study.restSeconds);
  json["exposed"] = {
      {"serial", exposed.serial}, {"scheduled", exposed.scheduled}, {"ideal", exposed.ideal}};
  if (!base.why.empty())
    return json;
  Gain gain = gainOf(step, base, study.restSeconds);
  bool isFinite = std::isfinite(gain.communication);
  json["communication_factor"] = isFinite ? rt::Json(gain.communication) : rt::Json();
  json["formula_factor"] = gain.formula;
  json["links_factor"] = gain.linksAlone;
  json["machine_factor"] = gain.machine;
  return json;
}

std::string whatIfJson(const WhatIf &study) {
  rt::Json rows = rt::Json::array(), assumptions = rt::Json::array();
  for (const WhatIfCase &at : study.cases)
    for (size_t i = 0; i < at.steps.size(); ++i)
      rows.push_back(jsonOf(study, at, i));
  for (const std::string &line : modelAssumptions(study.restSeconds))
    assumptions.push_back({{"machine", nullptr}, {"what", line}});
  for (const WhatIf::Site &site : study.sites)
    for (const std::string &line : site.assumptions)
      assumptions.push_back({{"machine", site.machine}, {"what", line}});
  rt::Json json = {{"layer", study.layer},
                   {"ranks", study.ranks},
                   {"base", study.sites.front().machine},
                   {"rest_seconds", study.restSeconds},
                   {"rows", std::move(rows)},
                   {"assumptions", std::move(assumptions)}};
  return rt::dumpJson(json, 2) + "\n";
}

} // namespace moec::study
