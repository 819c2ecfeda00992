//===- PlaceReport.cpp - What moec place found ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/PlaceReport.h"
#include "passes/placement/PublishedBalancer.h"
#include "runtime/base/Text.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace moec::driver {

using rt::concat;

/// The balancer fills as many slots as we have, or as its rule of equal numbers asks.
static void askPublished(const LoadProblem &problem, PlacedLayer &placed) {
  uint32_t slots = (problem.copies + problem.ranks - 1) / problem.ranks;
  BalancerSizes sizes{slots * problem.ranks, problem.groups, problem.nodes(), problem.ranks};
  placed.publishedAsks = checkBalancerSizes(problem.experts, sizes);
  if (!placed.publishedAsks.empty())
    return;
  auto ask = [&](const BalancerSizes &sizes) {
    std::vector<uint32_t> map = publishedBalance(meanShares(problem), sizes);
    SlotLists lists(problem.ranks);
    for (size_t slot = 0; slot < map.size(); ++slot)
      lists[slot / slots].push_back(map[slot]);
    return costOf(problem, lists);
  };
  placed.published = ask(sizes);
  if (sizes.nodes > 1 && sizes.groups % sizes.nodes == 0)
    placed.global = ask({sizes.replicas, 1, 1, sizes.gpus});
}

PlacedLayer compareWithOthers(LoadProblem problem, Placement placement) {
  PlacedLayer placed;
  placed.ours = costOf(problem, placement.slots);
  askPublished(problem, placed);
  if (problem.inForce)
    placed.inForce = costOf(problem, problem.inForce->slots);
  placed.problem = std::move(problem);
  placed.placement = std::move(placement);
  return placed;
}

static std::string formatted(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

static std::string formatSeconds(double seconds) {
  return seconds < 1e-3 ? formatted("%.1f us", seconds * 1e6) : formatted("%.3f ms", seconds * 1e3);
}

namespace {
/// A line of the table: what it says, and its text for a cost.
struct Figure {
  const char *name;
  std::string (*text)(const LoadCost &cost);
};
} // namespace

static std::string bytesText(double bytes) { return rt::formatBytes(uint64_t(bytes + 0.5)); }

const char *const stepModel = "the slowest rank of each phase, phases one after the other, no "
                              "latencies; moec simulate tells a step's time";

static constexpr Figure kFigures[] = {
    {"fullest gpu over mean",
     [](const LoadCost &cost) { return formatted("%.3f", cost.imbalance); }},
    {"  in the worst period",
     [](const LoadCost &cost) { return formatted("%.3f", cost.worstImbalance); }},
    {"step, modelled", [](const LoadCost &cost) { return formatSeconds(cost.seconds()); }},
    {"  dispatch", [](const LoadCost &cost) { return formatSeconds(cost.dispatchSeconds); }},
    {"  experts", [](const LoadCost &cost) { return formatSeconds(cost.computeSeconds); }},
    {"  combine", [](const LoadCost &cost) { return formatSeconds(cost.combineSeconds); }},
    {"  moves, spread", [](const LoadCost &cost) { return formatSeconds(cost.moveSeconds); }},
    {"between nodes", [](const LoadCost &cost) { return bytesText(cost.crossNodeBytes); }},
    {"moved", [](const LoadCost &cost) { return bytesText(cost.movedBytes); }},
    {"  between nodes", [](const LoadCost &cost) { return bytesText(cost.movedAcrossNodes); }},
};

static bool isShown(const Figure &figure, const LoadProblem &problem) {
  std::string_view name = figure.name;
  if (name == "  in the worst period")
    return problem.loads.size() > 1;
  if (name == "between nodes")
    return problem.nodes() > 1;
  if (name == "  between nodes")
    return problem.nodes() > 1 && problem.inForce;
  return problem.inForce || (name != "moved" && name != "  moves, spread");
}

static std::string padded(std::string text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

static std::string line(const std::string &name, const std::vector<std::string> &cells) {
  std::string text = name + std::string(24 - std::min<size_t>(24, name.size()), ' ');
  for (const std::string &cell : cells)
    text += padded(cell, 14);
  return text + "\n";
}

static uint64_t copiesOf(const Placement &placement) {
  uint64_t copies = 0;
  for (const std::vector<uint32_t> &slots : placement.slots)
    copies += slots.size();
  return copies;
}

std::string placeTable(const Layer &layer, const PlacedLayer &placed) {
  const LoadProblem &problem = placed.problem;
  std::string text = concat("layer ", layer.name);
  if (placed.number)
    text += concat(" (", *placed.number, ")");
  text += concat(": ", problem.experts, problem.experts == 1 ? " expert, " : " experts, ",
                 copiesOf(placed.placement), " copies on ", problem.ranks,
                 problem.ranks == 1 ? " gpu" : " gpus");
  if (problem.nodes() > 1)
    text += concat(" of ", problem.nodes(), " nodes");
  text += concat(", ", problem.costs.tokensPerRank, " tokens each\n");
  std::vector<const LoadCost *> costs = {&placed.ours};
  std::vector<std::string> names = {"moec"};
  if (placed.published) {
    costs.push_back(&*placed.published);
    names.push_back("EPLB");
  }
  if (placed.global) {
    costs.push_back(&*placed.global);
    names.push_back("EPLB global");
  }
  if (placed.inForce) {
    costs.push_back(&*placed.inForce);
    names.push_back("in force");
  }
  text += line("", names);
  for (const Figure &figure : kFigures) {
    if (!isShown(figure, problem))
      continue;
    std::vector<std::string> cells;
    for (const LoadCost *cost : costs)
      cells.push_back(figure.text(*cost));
    text += line(figure.name, cells);
  }
  if (placed.published && problem.mostCopies < problem.ranks)
    text += "EPLB knows no most copies of an expert\n";
  if (!placed.publishedAsks.empty())
    text += concat("EPLB answers nothing here: it wants ", placed.publishedAsks, "\n");
  return text;
}

static nlohmann::ordered_json costJson(const std::optional<LoadCost> &cost) {
  if (!cost)
    return nullptr;
  return {{"imbalance", cost->imbalance},
          {"worst_imbalance", cost->worstImbalance},
          {"seconds", cost->seconds()},
          {"dispatch_seconds", cost->dispatchSeconds},
          {"experts_seconds", cost->computeSeconds},
          {"combine_seconds", cost->combineSeconds},
          {"move_seconds", cost->moveSeconds},
          {"node_copies", cost->nodeCopies},
          {"cross_node_bytes", cost->crossNodeBytes},
          {"moved_bytes", cost->movedBytes},
          {"moved_across_nodes_bytes", cost->movedAcrossNodes}};
}

nlohmann::ordered_json placeJson(const PlacedLayer &placed) {
  nlohmann::ordered_json json;
  json["layer"] = placed.number ? nlohmann::ordered_json(*placed.number) : nullptr;
  json["experts"] = placed.problem.experts;
  json["copies"] = copiesOf(placed.placement);
  json["ranks"] = placed.problem.ranks;
  json["nodes"] = placed.problem.nodes();
  json["tokens_per_rank"] = placed.problem.costs.tokensPerRank;
  json["moec"] = costJson(placed.ours);
  json["eplb"] = costJson(placed.published);
  json["eplb_global"] = costJson(placed.global);
  json["in_force"] = costJson(placed.inForce);
  json["slots"] = placed.placement.slots;
  return json;
}

} // namespace moec::driver
