//===- AchievedOverBound.cpp - Schedules beside what none can beat --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way of tokens to their experts (DeepSeek-V3: 256 experts, top 8, 7472 bytes a
// token), simulated, over the bound of the same bytes: median and worst of 20 draws for
// each machine, skew and schedule. Prints a table, or JSON lines with --json.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Diagnostics.h"
#include "frontend/parser/Program.h"
#include "runtime/simulator/Simulate.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/Traffic.h"
#include "test/bench/exchange/Phase.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace moec;
using namespace moec::bench;

namespace {

constexpr uint32_t draws = 20;
constexpr double bytesPerToken = 7472; ///< a row of 7168 fp8 values, scales and record

/// Where a phase runs.
struct Place {
  const char *name;
  const char *machine;
  uint32_t nodes, lanes;
  uint32_t groups; ///< between which the second tier of a schedule lies
  uint32_t tokens; ///< of each rank
};

constexpr Place places[] = {
    {"NVSwitch, 8 GPUs (hgx-h100)", "hgx-h100", 1, 8, 1, 4096},
    {"NVSwitch, 32 GPUs (gb200-nvl72)", "gb200-nvl72", 1, 32, 1, 4096},
    {"NVSwitch, 72 GPUs (gb200-nvl72)", "gb200-nvl72", 1, 72, 1, 1024},
    {"rails, 2 nodes of 8 (hgx-h100-ndr)", "hgx-h100-ndr", 2, 8, 2, 4096},
    {"rails, 4 nodes of 8 (hgx-h100-ndr)", "hgx-h100-ndr", 4, 8, 4, 4096},
    {"rails, 8 nodes of 8 (hgx-h100-ndr)", "hgx-h100-ndr", 8, 8, 8, 1024},
    {"rails, 16 nodes of 8 (hgx-h100-ndr)", "hgx-h100-ndr", 16, 8, 16, 512},
    {"PCIe 4, two bridges of 4 (pcie4-8gpu)", "pcie4-8gpu", 1, 8, 2, 4096},
    {"PCIe 5, two bridges of 4 (pcie5-8gpu)", "pcie5-8gpu", 1, 8, 2, 4096},
    {"PCIe 4, pairs on NVLink (pcie4-nvlink-pairs)", "pcie4-nvlink-pairs", 1, 8, 4, 4096},
};

constexpr const char *laws[] = {"lognormal:0.3:SEED:ranks", "lognormal:0.6:SEED:ranks",
                                "lognormal:0.6:SEED:pairs"};

using Kind = Schedule::Kind;

/// From 8 nodes on only one, for it takes long to simulate what is far from the bound.
std::vector<Schedule> directSchedules(bool isLarge) {
  if (isLarge)
    return {{.name = "staggered, window 4", .window = 4}};
  std::vector<Schedule> all;
  for (uint32_t window : {1, 2, 4})
    all.push_back({.name = "staggered, window " + std::to_string(window), .window = window});
  all.push_back({.name = "staggered, all peers"});
  all.push_back({.name = "staggered, rates by size", .ratesBySize = true});
  return all;
}

void addGrouped(const Place &place, std::vector<Schedule> &all) {
  for (auto [pieces, spray] : {std::pair(1u, false), {4u, false}, {16u, false}, {16u, true}})
    all.push_back({.name = "two_tier, " + std::to_string(pieces) +
                           (pieces == 1 ? " piece" : " pieces") + (spray ? ", sprayed" : ""),
                   .kind = Kind::TwoTier,
                   .window = place.groups - 1,
                   .pieces = pieces,
                   .spray = spray});
  for (auto [stages, window] : {std::pair(32u, 1u), {16u, 4u}, {32u, 4u}, {64u, 4u}})
    all.push_back({.name = "birkhoff, " + std::to_string(stages) + " stages, window " +
                           std::to_string(window),
                   .kind = Kind::Stages,
                   .window = window,
                   .stages = stages});
}

std::vector<Schedule> schedulesFor(const Place &place) {
  std::vector<Schedule> all = directSchedules(place.nodes >= 8);
  if (place.groups == 1)
    return all;
  addGrouped(place, all);
  if (place.nodes > 1)
    return all;
  // PCIe: the same through host memory.
  std::vector<Schedule> peers = all;
  for (Schedule &schedule : peers) {
    schedule.name += ", by host";
    schedule.viaHost = true;
    all.push_back(schedule);
  }
  return all;
}

/// Experts in the order of the ranks.
traffic::Routing routingOf(const Place &place) {
  uint32_t ranks = place.nodes * place.lanes, each = (256 + ranks - 1) / ranks;
  traffic::Routing routing;
  routing.tokens.assign(ranks, place.tokens);
  routing.nodes = place.groups; // copies once a group, whether or not the groups are nodes
  routing.topK = 8;
  routing.experts = ranks * each;
  routing.placement.slots.resize(ranks);
  for (uint32_t expert = 0; expert < routing.experts; ++expert)
    routing.placement.slots[expert / each].push_back(expert);
  return routing;
}

topology::Network networkOf(const Place &place) {
  frontend::Diagnostics reports;
  auto machine = frontend::parseMachine(place.machine, reports);
  auto network = topology::makeNetwork(*machine, {place.nodes, place.lanes});
  if (!network) {
    std::fprintf(stderr, "%s: %s\n", place.name, network.status().message().c_str());
    std::exit(1);
  }
  return std::move(*network);
}

/// Peers that share no switch meet in host memory, each at its own half.
topology::Network throughHost(topology::Network network) {
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to)
      if (const topology::Route *staged = network.stagedRoute(from, to)) {
        topology::Route route = *staged;
        network.setRoute(from, to, plan::Path::NVLink, std::move(route));
      }
  return network;
}

/// One draw: a ratio for each schedule.
std::vector<double> ratiosOf(const Place &place, const topology::Network &network,
                             const std::vector<Schedule> &schedules, std::string law,
                             uint32_t seed) {
  law.replace(law.find("SEED"), 4, std::to_string(seed));
  traffic::Traffic traffic = *traffic::parseTraffic(law);
  traffic::ItemCounts counts = *countItems(traffic, routingOf(place));
  double bound = boundOf(counts, network, bytesPerToken);
  Phase phase = makePhase(counts, bytesPerToken);
  plan::Path between = place.nodes > 1 ? plan::Path::Rail : plan::Path::NVLink;
  topology::Network host = throughHost(network);
  std::vector<double> ratios;
  for (const Schedule &schedule : schedules) {
    simulator::SimulateOptions options;
    options.ratesBySize = schedule.ratesBySize;
    simulator::TaskGraph graph = makeGraph(schedule, phase, between);
    ratios.push_back(
        simulator::simulate(graph, schedule.viaHost ? host : network, options)->seconds / bound);
  }
  return ratios;
}

struct Cell {
  double median, worst;
};

Cell cellOf(std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  return {(ratios[(ratios.size() - 1) / 2] + ratios[ratios.size() / 2]) / 2, ratios.back()};
}

void print(const char *name, const std::vector<Cell> &cells) {
  std::printf("  %-40s", name);
  for (const Cell &cell : cells)
    std::printf("   %5.3f (%5.3f)", cell.median, cell.worst);
  std::printf("\n");
}

void printJson(const Place &place, const char *schedule, const std::vector<Cell> &cells) {
  for (size_t law = 0; law < std::size(laws); ++law)
    std::printf("{\"bench\": \"achieved-over-bound\", \"place\": \"%s\", \"traffic\": \"%s\", "
                "\"schedule\": \"%s\", \"median\": %.3f, \"worst\": %.3f}\n",
                place.name, laws[law], schedule, cells[law].median, cells[law].worst);
}

void show(const Place &place, bool asJson) {
  std::vector<Schedule> schedules = schedulesFor(place);
  topology::Network network = networkOf(place);
  std::vector<std::vector<Cell>> table(schedules.size());
  std::vector<Cell> best;
  for (const char *law : laws) {
    std::vector<std::vector<double>> ratios(schedules.size());
    std::vector<double> least;
    for (uint32_t seed = 1; seed <= draws; ++seed) {
      std::vector<double> draw = ratiosOf(place, network, schedules, law, seed);
      for (size_t i = 0; i < draw.size(); ++i)
        ratios[i].push_back(draw[i]);
      least.push_back(*std::min_element(draw.begin(), draw.end()));
    }
    for (size_t i = 0; i < ratios.size(); ++i)
      table[i].push_back(cellOf(ratios[i]));
    best.push_back(cellOf(least));
  }
  if (!asJson)
    std::printf("\n%-42s %16s %16s %16s\n", place.name, "ranks 0.3", "ranks 0.6", "pairs 0.6");
  for (size_t i = 0; i < schedules.size(); ++i)
    asJson ? printJson(place, schedules[i].name.c_str(), table[i])
           : print(schedules[i].name.c_str(), table[i]);
  asJson ? printJson(place, "best of each draw", best) : print("best of each draw", best);
  std::fflush(stdout);
}

} // namespace

/// Arguments: --json, and a part of the names of the places to run no others.
int main(int argc, char **argv) {
  bool asJson = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const char *wanted = argc > 1 + asJson ? argv[1 + asJson] : "";
  if (!asJson)
    std::printf("Time over bound, median (worst) of %u draws\n", draws);
  for (const Place &place : places)
    if (std::strstr(place.name, wanted))
      show(place, asJson);
  return 0;
}
