//===- Place.cpp - moec place ---------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/PlaceReport.h"
#include "frontend/import/placement/PlacementMap.h"
#include "runtime/base/File.h"
#include "runtime/traffic/Traffic.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace moec::driver {
namespace {

using frontend::PlacementMap;
using traffic::TrafficKind;

/// What is known of how experts are chosen.
struct Observed {
  std::vector<std::vector<double>> periods; ///< [period][expert]
  TokenSample tokens;                       ///< of traces; empty without any
};

class Placing {
public:
  explicit Placing(const PlaceOptions &options) : options(options) {}
  int run();

private:
  int fail(const rt::Status &status) const { return showFailure(status, options.json); }
  int failed(const Compilation &compilation) const {
    showDiagnostics(compilation.diagnostics(), options.json);
    return compilation.exitCode();
  }
  int checkOutput() const;
  int readSource();
  int readLoads();
  int readInForce();
  std::vector<std::optional<uint32_t>> layersToPlace() const;
  rt::Result<Observed> observe(std::optional<uint32_t> layer) const;
  rt::Status add(const traffic::Traffic &load, std::optional<uint32_t> layer,
                 Observed &observed) const;
  rt::Status addTrace(const traffic::Trace &trace, const std::string &name,
                      Observed &observed) const;
  bool namesLayers() const {
    return !loads.empty() && loads[0].loads && loads[0].loads->namesLayers;
  }
  rt::Result<std::optional<Placement>> inForceOf(std::optional<uint32_t> layer) const;
  LoadWish wishFor(Observed observed, const std::optional<Placement> &inForce) const;
  int placeLayer(std::optional<uint32_t> layer);
  rt::Result<PlacementMap> exportMap() const;
  rt::Result<std::string> result() const;
  std::string report() const;
  int write() const;

  const PlaceOptions &options;
  Compilation compilation;
  frontend::Program program;
  std::vector<traffic::Traffic> loads;
  PlacementMap map;                    ///< in force, of all its layers; or
  std::optional<Placement> fromSource; ///< of one
  std::vector<PlacedLayer> placed;
};

int Placing::checkOutput() const {
  std::vector<std::string> inputs = options.loads;
  inputs.push_back(options.input);
  if (!options.from.empty())
    inputs.push_back(options.from);
  for (const std::string &input : inputs)
    if (rt::Status status = rt::refuseToReplace(input, options.output, "--output"); !status.ok())
      return fail(status);
  return 0;
}

int Placing::readSource() {
  if (!compilation.loadSource(options.input, options.ranks))
    return failed(compilation);
  frontend::Diagnostics quiet; // a second reading: the first had nothing to say
  program = *frontend::parseProgram({options.input}, {.ranks = options.ranks}, quiet);
  return 0;
}

int Placing::readLoads() {
  for (const std::string &path : options.loads) {
    auto read = traffic::parseTraffic(path);
    if (!read)
      return fail(read.status().within("--load"));
    loads.push_back(*std::move(read));
  }
  if (options.keepGroups && !program.layer.router.groups)
    return fail(
        rt::invalidError("--keep-groups: wanted a router that chooses groups, that of layer ",
                         program.layer.name, " has none"));
  if (loads.empty() && !program.placement.load)
    return fail(rt::invalidError("--load: wanted a file of counts, or `auto load` in ",
                                 options.input, ", found neither"));
  return 0;
}

int Placing::readInForce() {
  if (options.from.empty())
    return 0;
  if (options.from.ends_with(".moe")) {
    Compilation other;
    if (!other.loadSource(options.from, options.ranks) || !other.runTo(Phase::Place))
      return failed(other);
    fromSource = other.placement();
    return 0;
  }
  frontend::Diagnostics diagnostics;
  auto read = frontend::readPlacementMap(options.from, diagnostics);
  if (!read)
    return showDiagnostics(diagnostics, options.json);
  map = *std::move(read);
  return 0;
}

/// Of a model's loads, all layers where a map of the model is asked for.
std::vector<std::optional<uint32_t>> Placing::layersToPlace() const {
  if (options.layer || options.exportForm.empty() || !namesLayers())
    return {options.layer};
  std::vector<std::optional<uint32_t>> layers;
  for (const auto &[layer, found] : loads[0].loads->layers)
    layers.push_back(layer);
  return layers;
}

/// The tokens are the sample, and their counts a period.
rt::Status Placing::addTrace(const traffic::Trace &trace, const std::string &name,
                             Observed &observed) const {
  uint32_t experts = program.layer.experts, topK = program.layer.router.topK;
  if (trace.topK != topK)
    return rt::invalidError(name, ": tokens choose ", trace.topK, " experts, the layer's ", topK);
  for (uint32_t rank : trace.ranks)
    if (rank >= program.ranks())
      return rt::invalidError(name, ": a token is of rank ", rank, ", the layer has ranks 0..",
                              program.ranks() - 1);
  std::vector<double> &counts = observed.periods.emplace_back(experts);
  for (uint32_t expert : trace.experts) {
    if (expert >= experts)
      return rt::invalidError(name, ": a token chose expert ", expert,
                              ", the layer has experts 0..", experts - 1);
    ++counts[expert];
  }
  observed.tokens.topK = topK;
  observed.tokens.experts.insert(observed.tokens.experts.end(), trace.experts.begin(),
                                 trace.experts.end());
  return {};
}

rt::Status Placing::add(const traffic::Traffic &load, std::optional<uint32_t> layer,
                        Observed &observed) const {
  const Layer &of = program.layer;
  switch (load.kind) {
  case TrafficKind::Load: {
    MOEC_ASSIGN_OR_RETURN(auto periods, load.loads->of(layer, of.experts));
    observed.periods.insert(observed.periods.end(), periods.begin(), periods.end());
    return {};
  }
  case TrafficKind::Trace: {
    MOEC_ASSIGN_OR_RETURN(const traffic::Trace *trace, load.traceOf(layer));
    return addTrace(*trace, load.text, observed);
  }
  case TrafficKind::Uniform:
  case TrafficKind::LogNormal:
  case TrafficKind::Zipf: {
    if (load.of != traffic::SkewOf::Experts)
      return rt::invalidError("--load ", load.text, ": wanted a skew of experts");
    traffic::Routing routing;
    routing.tokens.assign(program.ranks(), 1);
    routing.experts = of.experts;
    routing.topK = of.router.topK;
    MOEC_ASSIGN_OR_RETURN(auto shares, traffic::shareOfExperts(load, routing, layer));
    observed.periods.push_back(shares[0]);
    return {};
  }
  case TrafficKind::Bytes:
    return rt::invalidError(load.text, ": wanted counts of experts, found bytes between ranks");
  }
  return {};
}

rt::Result<Observed> Placing::observe(std::optional<uint32_t> layer) const {
  Observed observed;
  if (loads.empty())
    observed.periods = program.placement.load->loads;
  for (const traffic::Traffic &load : loads)
    MOEC_RETURN_IF_ERROR(add(load, layer, observed));
  return observed;
}

rt::Result<std::optional<Placement>> Placing::inForceOf(std::optional<uint32_t> layer) const {
  if (map.layers.empty())
    return fromSource;
  size_t rows = map.layers.size();
  if (rows > 1 && !layer)
    return rt::invalidError(options.from, ": holds ", rows, " layers: which one is meant?");
  if (rows > 1 && *layer >= rows)
    return rt::invalidError(options.from, ": has no layer ", *layer, ", it holds 0..", rows - 1);
  const std::vector<uint32_t> &row = map.layers[rows > 1 ? *layer : 0];
  auto placement = frontend::placementOf(row, program.layer.experts, program.ranks());
  if (!placement)
    return placement.status().within(options.from);
  return std::optional<Placement>(*std::move(placement));
}

/// As many slots and copies as are in force: GPUs have the room, and whoever balances anew
/// does not mean to give copies up.
static void keepSlots(const Placement &inForce, uint32_t experts, LoadWish &wish) {
  size_t most = 0, least = SIZE_MAX, copies = 0;
  for (const std::vector<uint32_t> &slots : inForce.slots) {
    most = std::max(most, slots.size());
    least = std::min(least, slots.size());
    copies += slots.size();
  }
  wish.slots = uint32_t(most);
  if (most != least && !wish.mostCopies) // not all slots are in use
    wish.redundant = uint32_t(copies - experts);
}

/// What the command line asks for, else what the source does, else what is in force.
LoadWish Placing::wishFor(Observed observed, const std::optional<Placement> &inForce) const {
  LoadWish wish;
  if (const std::optional<frontend::LoadRequest> &load = program.placement.load) {
    wish.slots = load->slots;
    wish.redundant = load->redundant;
    wish.mostCopies = load->mostCopies;
    wish.groupsOnNodes = load->groupsOnNodes;
    for (const frontend::RankExperts &list : program.placement.lists)
      wish.holds.push_back({list.rank, list.experts});
    for (const frontend::ExpertPin &pin : program.placement.pins)
      wish.pins.push_back({pin.expert, pin.ranks});
  }
  wish.loads = std::move(observed.periods);
  wish.tokens = std::move(observed.tokens);
  if (options.slots || options.replicas) {
    wish.slots = options.slots;
    wish.redundant = options.replicas;
  }
  if (options.most)
    wish.mostCopies = options.most;
  if (inForce && !wish.slots && !wish.redundant) {
    keepSlots(*inForce, program.layer.experts, wish);
    if (!map.layers.empty()) { // a map has its slots though an expert be twice on a GPU
      wish.slots = uint32_t(map.layers[0].size() / program.ranks());
      wish.redundant.reset();
    }
  }
  wish.groupsOnNodes |= options.keepGroups;
  wish.tokensPerRank = options.tokens;
  return wish;
}

int Placing::placeLayer(std::optional<uint32_t> layer) {
  auto observed = observe(layer);
  if (!observed)
    return fail(observed.status());
  bool isMeasured = !observed->tokens.experts.empty();
  auto inForce = inForceOf(layer);
  if (!inForce)
    return fail(inForce.status());
  std::optional<LoadProblem> problem =
      compilation.loadProblem(wishFor(*std::move(observed), *inForce));
  if (!problem)
    return failed(compilation);
  problem->inForce = *std::move(inForce);
  problem->costs.steps = options.steps;
  if (std::string fault = checkLoadProblem(*problem); !fault.empty())
    return fail(rt::invalidError(options.from, ": ", fault));
  LoadAnswer answer = placeByLoad(*problem);
  if (std::string fault = checkLoadPlacement(*problem, answer); !fault.empty())
    return fail(rt::internalError("placement breaks its promise: ", fault));
  if (!isMeasured) // what the search has fitted itself to would flatter it
    problem->tokens = sampleFor(program.layer, *problem, 2);
  placed.push_back(compareWithOthers(*std::move(problem), std::move(answer.placement)));
  if (namesLayers())
    placed.back().number = layer ? *layer : loads[0].loads->layers.begin()->first;
  return 0;
}

/// The map in force with the rows of the layers that were placed; without one, rows
/// of other layers (dense ones) count experts up, as SGLang's `trivial` does.
rt::Result<PlacementMap> Placing::exportMap() const {
  PlacementMap result = map;
  size_t slots = 0;
  for (const PlacedLayer &layer : placed) {
    MOEC_ASSIGN_OR_RETURN(std::vector<uint32_t> row, frontend::rowOf(layer.placement));
    slots = row.size();
    bool isAlone = placed.size() == 1 && map.layers.size() <= 1;
    size_t number = isAlone ? 0 : layer.number.value_or(options.layer.value_or(0));
    for (const std::vector<uint32_t> &other : result.layers)
      if (other.size() != slots && !isAlone)
        return rt::invalidError(options.from, ": has ", other.size(),
                                " slots a layer, the new placement has ", slots);
    while (result.layers.size() <= number) {
      std::vector<uint32_t> &trivial = result.layers.emplace_back();
      for (uint32_t slot = 0; slot < slots; ++slot)
        trivial.push_back(slot % program.layer.experts);
    }
    result.layers[number] = std::move(row);
  }
  return result;
}

/// The placement as a source or as a map.
rt::Result<std::string> Placing::result() const {
  if (options.exportForm.empty())
    return placeSource(program, options, placed[0]);
  MOEC_ASSIGN_OR_RETURN(PlacementMap result, exportMap());
  frontend::MapForm form =
      options.exportForm == "eplb" ? frontend::MapForm::Eplb : frontend::MapForm::Sglang;
  return frontend::printPlacementMap(result, program.layer.experts, form);
}

std::string Placing::report() const {
  if (!options.json) {
    std::string text;
    for (const PlacedLayer &layer : placed)
      text += placeTable(program.layer, layer);
    text += rt::concat("modelled: ", stepModel, "\n");
    if (!program.machine)
      text += "the mesh is on no machine: links, memory and products are an HGX H100's\n";
    return text;
  }
  nlohmann::ordered_json summary = {
      {"name", program.layer.name}, {"output", options.output}, {"seconds_model", stepModel}};
  for (const PlacedLayer &layer : placed)
    summary["layers"].push_back(placeJson(layer));
  summary["diagnostics"] = nlohmann::ordered_json::array();
  return summary.dump(2) + "\n";
}

int Placing::write() const {
  bool isToConsole = options.output.empty() || options.output == "-";
  if (options.json && isToConsole) // standard output is the report's; it has the slots
    return writeOutput("", report());
  rt::Result<std::string> text = result();
  if (!text)
    return fail(text.status());
  std::string told = report();
  std::vector<Output> outputs = {{options.output, *text}};
  if (!isToConsole)
    outputs.push_back({"", told});
  if (int code = writeOutputs(outputs, options.json))
    return code;
  if (isToConsole)
    std::fputs(told.c_str(), stderr);
  return 0;
}

int Placing::run() {
  for (int (Placing::*step)() : {&Placing::readSource, &Placing::readLoads, &Placing::readInForce})
    if (int code = (this->*step)())
      return code;
  if (int code = checkOutput())
    return code;
  for (std::optional<uint32_t> layer : layersToPlace())
    if (int code = placeLayer(layer))
      return code;
  return write();
}

} // namespace

int runPlace(const PlaceOptions &options) { return Placing(options).run(); }

} // namespace moec::driver
