//===- Bound.cpp - moec bound ---------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Bound.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "frontend/driver/SimulateInput.h"
#include "runtime/bounds/LayerBound.h"
#include "runtime/module/Module.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/module/TextTable.h"
#include "runtime/study/Step.h"
#include "runtime/topology/PcieTree.h"

#include <cstdio>

namespace moec::driver {
namespace {

/// What the command line names.
struct BoundInput {
  std::optional<rt::Module> layer;
  topology::Machine machine;
  topology::Shape shape;
  topology::Network network{1, 1};
  traffic::Traffic traffic;
};

int readLayer(const BoundOptions &options, BoundInput &input) {
  if (options.layer.empty())
    return 0;
  std::vector<uint8_t> bytes;
  bool isModule = options.layer.ends_with(".moex");
  if (!isModule) {
    CompileOptions compile;
    compile.input = options.layer;
    compile.ranks = options.ranks;
    compile.machine = options.machine;
    compile.json = options.json;
    if (int code = compileToMemory(compile, bytes))
      return code;
  }
  rt::Result<rt::Module> module =
      isModule ? rt::Module::open(options.layer) : rt::Module::openMemory(bytes, options.layer);
  if (!module)
    return showFailure(module.status(), options.json);
  input.layer = *std::move(module);
  return 0;
}

int readMachine(const BoundOptions &options, BoundInput &input) {
  if (options.machine.empty() && !input.layer)
    return showFailure(
        rt::invalidError("--machine: wanted a machine, its own or that of --layer, found none"),
        options.json);
  MachineInput wanted = {options.machine, options.layer, nullptr, {}};
  if (input.layer) {
    wanted.manifest = &input.layer->manifest();
    wanted.sources = input.layer->sources();
  }
  return driver::readMachine(wanted, options.json, input.machine);
}

/// The ranks that options, traffic and layer speak of, which must be the same.
rt::Result<uint32_t> ranksOf(const BoundOptions &options, const BoundInput &input) {
  bool isMatrix = input.traffic.kind == traffic::TrafficKind::Bytes;
  uint32_t ranks = options.ranks ? *options.ranks
                   : isMatrix    ? input.traffic.bytes.getSize()
                                 : input.layer->manifest().ranks;
  if (isMatrix && input.traffic.bytes.getSize() != ranks)
    return rt::invalidError("--traffic: wanted a matrix of ", ranks, " ranks, found ",
                            input.traffic.bytes.getSize());
  if (input.layer && input.layer->manifest().ranks != ranks)
    return rt::invalidError("--layer: wanted a layer on ", ranks, " ranks, found ",
                            input.layer->manifest().ranks);
  return ranks;
}

/// Why a file of numbers is no matrix, where it might have been meant as one.
std::string readingOf(const traffic::Traffic &traffic) {
  bool isGuess = traffic.loads && !traffic.loads->reading.empty();
  return isGuess ? rt::concat(" (", traffic.loads->reading, ")") : "";
}

rt::Status fit(const BoundOptions &options, BoundInput &input) {
  MOEC_ASSIGN_OR_RETURN(input.traffic, traffic::parseTraffic(options.traffic));
  if (!input.layer && input.traffic.kind != traffic::TrafficKind::Bytes)
    return rt::invalidError("--layer: wanted a layer, whose tokens the traffic ",
                            rt::quote(options.traffic), readingOf(input.traffic),
                            " is of, found none");
  MOEC_RETURN_IF_ERROR(checkTraffic(input.traffic, options.tokens.has_value(), options.trafficLayer,
                                    "--traffic-layer"));
  MOEC_ASSIGN_OR_RETURN(uint32_t ranks, ranksOf(options, input));
  MOEC_ASSIGN_OR_RETURN(input.shape, input.layer
                                         ? study::shapeOf(input.machine, input.layer->plan())
                                         : topology::shapeFor(input.machine, ranks));
  MOEC_ASSIGN_OR_RETURN(input.network, topology::makeNetwork(input.machine, input.shape));
  return {};
}

//===- Results ------------------------------------------------------------===//

rt::Json boundJson(const bounds::Bound &bound) {
  rt::Json json = {{"seconds", bound.seconds},
                   {"resource", bound.resource},
                   {"latency_seconds", bound.latencySeconds}};
  rt::Json tiers = rt::Json::object(), resources = rt::Json::object();
  for (const bounds::Tier &tier : bound.tiers) {
    tiers[tier.name] = tier.seconds;
    resources[tier.name] = tier.resource;
  }
  json["tiers"] = std::move(tiers);
  json["tier_resources"] = std::move(resources);
  return json;
}

rt::Json headJson(const BoundInput &input, const BoundOptions &options) {
  return {{"machine", input.machine.name},
          {"ranks", input.network.getRanks()},
          {"nodes", input.shape.nodes},
          {"traffic", options.traffic}};
}

std::string microseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", seconds * 1e6);
  return text;
}

std::string headText(const BoundInput &input, const BoundOptions &options, double seconds,
                     const std::string &resource, const std::string &wayBack = "") {
  return rt::concat(
      input.machine.name, ", ", input.network.getRanks(),
      input.network.getRanks() == 1 ? " rank" : " ranks", " on ", input.shape.nodes,
      input.shape.nodes == 1 ? " node" : " nodes", ", ", rt::printable(options.traffic),
      ": at least ", microseconds(seconds), " us", resource.empty() ? "" : ", by " + resource,
      wayBack.empty() ? "" : rt::concat(", with ", wayBack, " on the way back"), "\n\n");
}

void addTiers(rt::TextTable &table, const std::string &phase, const bounds::Bound &bound) {
  for (const bounds::Tier &tier : bound.tiers)
    table.row({phase + tier.name, microseconds(tier.seconds), tier.resource});
  table.row({phase + "latency", microseconds(bound.latencySeconds), ""});
}

int boundMatrix(const BoundOptions &options, const BoundInput &input) {
  bounds::Demand demand;
  demand.bytes = input.traffic.bytes;
  bounds::Bound bound = bounds::boundOf(input.network, demand);
  if (options.json) {
    rt::Json json = boundJson(bound);
    json.update(headJson(input, options));
    return writeOutput("", rt::dumpJson(json, 2) + "\n");
  }
  rt::TextTable table({false, true, false});
  table.row({"", "us", "resource"});
  addTiers(table, "", bound);
  return writeOutput("", headText(input, options, bound.seconds, bound.resource) + table.text());
}

rt::Result<traffic::ItemCounts> countsOf(const BoundOptions &options, const BoundInput &input,
                                         double bytesPerToken) {
  const Manifest &manifest = input.layer->manifest();
  uint32_t most = manifest.maxTokensPerRank;
  if (input.traffic.kind == traffic::TrafficKind::Bytes) {
    MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                          countsOfBytes(input.traffic.bytes, bytesPerToken,
                                        topology::mergingGroups(input.machine, input.shape)));
    MOEC_RETURN_IF_ERROR(checkCopies(counts, manifest.layer.router.topK, most));
    return counts;
  }
  traffic::Routing routing;
  uint32_t tokens = options.tokens.value_or(defaultTokens(most));
  MOEC_RETURN_IF_ERROR(checkTokens("--tokens", hasTokens(input.traffic) ? 0 : tokens, most));
  routing.tokens.assign(manifest.ranks, tokens);
  routing.nodes = topology::mergingGroups(input.machine, input.shape);
  routing.topK = manifest.layer.router.topK;
  routing.experts = manifest.layer.experts;
  routing.groups = manifest.layer.router.groups;
  routing.placement = manifest.placement;
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                        traffic::countItems(input.traffic, routing, options.trafficLayer));
  for (double ofRank : counts.tokens)
    MOEC_RETURN_IF_ERROR(checkTokens("--traffic", ofRank, most));
  return counts;
}

bounds::Copies copiesOf(const std::string &name) {
  return name == "rows"    ? bounds::Copies::Rows
         : name == "ranks" ? bounds::Copies::Ranks
                           : bounds::Copies::Nodes;
}

int showLayer(const BoundOptions &options, const BoundInput &input,
              const bounds::LayerBound &bound) {
  if (options.json) {
    rt::Json json = {
        {"seconds", bound.seconds},
        {"resource", bound.resource},
        {"phases_seconds", bound.phasesSeconds},
        {"way_back", study::wayBackOf(copiesOf(options.copies))},
        {"dispatch", boundJson(bound.dispatch)},
        {"experts", {{"seconds", bound.expertsSeconds}, {"resource", bound.expertsResource}}},
        {"combine", boundJson(bound.combine)}};
    json.update(headJson(input, options));
    return writeOutput("", rt::dumpJson(json, 2) + "\n");
  }
  rt::TextTable table({false, true, false});
  table.row({"", "us", "resource"});
  addTiers(table, "dispatch ", bound.dispatch);
  bool isKnown = bound.knowsRates;
  table.row({"experts", isKnown ? microseconds(bound.expertsSeconds) : "?",
             isKnown ? bound.expertsResource : "the machine says no rates"});
  addTiers(table, "combine ", bound.combine);
  table.row({"one after the other", microseconds(bound.phasesSeconds), ""});
  return writeOutput("", headText(input, options, bound.seconds, bound.resource,
                                  study::wayBackOf(copiesOf(options.copies))) +
                             table.text());
}

int boundLayer(const BoundOptions &options, const BoundInput &input) {
  const Layer &layer = input.layer->manifest().layer;
  auto rowBytes = [&](DType type) { return layer.hidden * (type == DType::F32 ? 4.0 : 2.0); };
  bounds::LayerBytes bytes;
  bytes.perDispatch =
      std::max(rowBytes(layer.tokensType), dispatchedBytesPerToken(input.layer->plan()));
  bytes.perCombine = rowBytes(layer.combineType);
  bytes.dispatch = bytes.combine = copiesOf(options.copies);
  rt::Result<traffic::ItemCounts> counts = countsOf(options, input, bytes.perDispatch);
  if (!counts)
    return showFailure(counts.status(), options.json);
  return showLayer(options, input,
                   bounds::boundOfLayer(input.machine, input.network, layer,
                                        input.layer->manifest().placement, *counts, bytes));
}

} // namespace

int runBound(const BoundOptions &options) {
  BoundInput input;
  if (int code = readLayer(options, input))
    return code;
  if (int code = readMachine(options, input))
    return code;
  if (rt::Status status = fit(options, input); !status.ok())
    return showFailure(status, options.json);
  return input.layer ? boundLayer(options, input) : boundMatrix(options, input);
}

} // namespace moec::driver
