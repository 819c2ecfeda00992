//===- PageData.cpp - What the script of a page draws ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/report/PageData.h"

#include "runtime/formats/Phase.h"
#include "runtime/plan/PlanText.h"
#include "runtime/report/TaskBars.h"
#include "runtime/simulator/Summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace moec::report {

using Json = nlohmann::ordered_json;
using simulator::TaskClass;

namespace {

/// A few MB of numbers, which a browser opens at once.
constexpr size_t mostBars = 30000;
constexpr size_t mostHeatRows = 600;
/// A matrix of more ranks is given by node.
constexpr uint32_t mostMatrixRanks = 288;

double microseconds(double seconds) { return std::round(seconds * 1e9) / 1e3; }

const char *kindOf(TaskClass kind) {
  switch (kind) {
  case TaskClass::Transfer:
    return "transfer";
  case TaskClass::Compute:
    return "compute";
  case TaskClass::Wait:
    return "wait";
  case TaskClass::Signal:
  case TaskClass::Gate:
    return "";
  }
  return "";
}

/// Of an op of the plan: "dispatch", "combine" or "experts".
std::vector<const char *> phasesOfOps(const plan::Plan &plan) {
  std::vector<bool> dispatch = formats::opsOf(plan, formats::Phase::Dispatch);
  std::vector<bool> combine = formats::opsOf(plan, formats::Phase::Combine);
  std::vector<const char *> phases;
  for (size_t op = 0; op < plan.ops.size(); ++op)
    phases.push_back(dispatch[op] ? "dispatch" : combine[op] ? "combine" : "experts");
  return phases;
}

Json familiesJson(const Report &report) {
  std::vector<const char *> phases = phasesOfOps(report.plan);
  Json families = Json::array();
  // Families of a plan's graph are its ops, in their order; a gate may come after them.
  for (size_t i = 0; i < report.graph.getFamilies().size(); ++i) {
    const simulator::Family &family = report.graph.getFamilies()[i];
    bool isOp = i < report.plan.ops.size();
    std::string text = isOp ? plan::opText(report.plan, report.plan.ops[i]) : "";
    if (isOp && !report.plan.ops[i].location.file.empty())
      text += "\n" + report.plan.ops[i].location.file + ":" +
              std::to_string(report.plan.ops[i].location.line);
    families.push_back({{"name", family.name},
                        {"kind", kindOf(family.kind)},
                        {"phase", isOp ? phases[i] : ""},
                        {"text", text}});
  }
  return families;
}

void addBars(const Report &report, Json &data) {
  Bars bars = barsOf(report.graph, report.simulation, mostBars);
  Json columns = {{"rank", Json::array()},  {"family", Json::array()}, {"peer", Json::array()},
                  {"tasks", Json::array()}, {"begin", Json::array()},  {"end", Json::array()},
                  {"bytes", Json::array()}};
  for (const Bar &bar : bars.bars) {
    columns["rank"].push_back(bar.rank);
    columns["family"].push_back(bar.family);
    columns["peer"].push_back(bar.peer);
    columns["tasks"].push_back(bar.tasks);
    columns["begin"].push_back(microseconds(bar.begin));
    columns["end"].push_back(microseconds(bar.end));
    columns["bytes"].push_back(std::round(bar.bytes));
  }
  data["bars"] = std::move(columns);
  data["tasks"] = bars.tasks;
  data["merged"] = bars.isMerged;
}

/// Resources that carried something, by kind; of very many the busiest.
void addUsage(const Report &report, Json &data) {
  std::vector<simulator::ResourceUse> uses = simulator::usesOf(report.network, report.simulation);
  data["resources_in_use"] = uses.size();
  if (uses.size() > mostHeatRows)
    uses.resize(mostHeatRows);
  const std::vector<topology::Resource> &resources = report.network.getResources();
  auto key = [&](const simulator::ResourceUse &use) { // like beside like
    const topology::Resource &resource = resources[use.resource];
    return std::tuple(resource.kind, resource.owner, use.resource);
  };
  std::sort(uses.begin(), uses.end(),
            [&](const auto &left, const auto &right) { return key(left) < key(right); });
  const simulator::Usage &usage = report.simulation.usage;
  Json described = Json::array(), rows = Json::array();
  for (const simulator::ResourceUse &use : uses) {
    const topology::Resource &resource = resources[use.resource];
    double full = resource.bytesPerSecond * usage.stretchSeconds();
    Json row = Json::array();
    for (uint32_t stretch = 0; stretch < usage.size(); ++stretch)
      row.push_back(
          std::min<int>(100, int(std::lround(100 * usage.bytes(use.resource, stretch) / full))));
    rows.push_back(std::move(row));
    described.push_back({{"name", resource.name},
                         {"rate", resource.bytesPerSecond},
                         {"share", std::round(use.share * 1e4) / 1e4},
                         {"peak", std::round(use.peakShare * 1e4) / 1e4}});
  }
  data["resources"] = std::move(described);
  data["usage"] = std::move(rows);
  data["stretch"] = usage.stretchSeconds() * 1e6;
}

/// What puts move from rank to rank; of many ranks from node to node.
void addMatrix(const Report &report, Json &data) {
  uint32_t ranks = report.graph.getRanks();
  uint32_t unit = ranks > mostMatrixRanks ? report.network.getLanes() : 1;
  uint32_t size = (ranks + unit - 1) / unit;
  std::vector<const char *> phases = phasesOfOps(report.plan);
  std::map<std::string, std::vector<std::vector<double>>> bytes;
  for (const char *phase : {"dispatch", "combine"})
    bytes[phase].assign(size, std::vector<double>(size));
  for (simulator::TaskId id = 0; id < report.graph.getTasks().size(); ++id) {
    const simulator::Task &task = report.graph.getTasks()[id];
    if (report.graph.familyOf(id).kind != TaskClass::Transfer ||
        task.family >= report.plan.ops.size())
      continue;
    auto found = bytes.find(phases[task.family]);
    if (found == bytes.end())
      continue;
    // What a switch copies comes to all others, what it adds from all others.
    simulator::Reach reach = report.graph.familyOf(id).reach;
    bool isOne = reach == simulator::Reach::Peer;
    for (uint32_t other = isOne ? task.peer : 0; other < (isOne ? task.peer + 1 : ranks); ++other) {
      if (!isOne && other == task.rank)
        continue;
      bool comes = reach == simulator::Reach::Sum;
      found->second[(comes ? other : task.rank) / unit][(comes ? task.rank : other) / unit] +=
          task.amount;
    }
  }
  for (auto &[phase, rows] : bytes)
    for (std::vector<double> &row : rows)
      for (double &cell : row)
        cell = std::round(cell);
  data["matrix"] = bytes;
  data["matrix_of"] = unit > 1 ? "node" : "rank";
}

} // namespace

Json pageData(const Report &report) {
  Json data = {{"seconds", report.seconds},
               {"ranks", report.graph.getRanks()},
               {"nodes", report.network.getNodes()},
               {"lanes", report.network.getLanes()},
               {"families", familiesJson(report)}};
  addBars(report, data);
  addUsage(report, data);
  addMatrix(report, data);
  return data;
}

} // namespace moec::report
