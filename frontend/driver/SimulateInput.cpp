//===- SimulateInput.cpp - A plan, a machine and traffic to simulate ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/SimulateInput.h"

#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Program.h"
#include "runtime/module/Module.h"
#include "runtime/plan/Expr.h"

#include <algorithm>

namespace moec::driver {
namespace {

constexpr uint32_t defaultTokens = 4096;

int fromModule(const rt::Result<rt::Module> &module, const SimulateOptions &options,
               SimulateInput &input) {
  if (!module)
    return showFailure(module.status(), options.json);
  input.plan = module->plan();
  input.manifest = module->manifest();
  return 0;
}

int fromIr(const SimulateOptions &options, SimulateInput &input) {
  Compilation compilation;
  if (compilation.loadIr(options.input, Phase::Schedule) &&
      compilation.buildPlan(input.plan, input.manifest))
    return 0;
  showDiagnostics(compilation.diagnostics(), options.json);
  return compilation.exitCode();
}

/// A source is compiled; its own machine block counts, shipped or not.
int fromSource(const SimulateOptions &options, SimulateInput &input) {
  CompileOptions compile;
  compile.input = options.input;
  compile.json = options.json;
  std::vector<uint8_t> bytes;
  if (int code = compileToMemory(compile, bytes))
    return code;
  return fromModule(rt::Module::openMemory(bytes, options.input), options, input);
}

int readPlan(const SimulateOptions &options, SimulateInput &input) {
  if (options.input.ends_with(".moex"))
    return fromModule(rt::Module::open(options.input), options, input);
  return options.input.ends_with(".mlir") ? fromIr(options, input) : fromSource(options, input);
}

int readMachine(const SimulateOptions &options, SimulateInput &input) {
  std::string name = options.machine;
  bool isSource = !options.input.ends_with(".moex") && !options.input.ends_with(".mlir");
  if (name.empty() && isSource)
    name = options.input;
  else if (name.empty() && input.manifest)
    name = input.manifest->machine;
  if (name.empty())
    return showFailure(
        rt::invalidError("--machine: wanted one, for ", options.input, " names none"),
        options.json);
  frontend::Diagnostics reports;
  auto machine = frontend::parseMachine(name, reports);
  if (!machine)
    return showDiagnostics(reports, options.json);
  input.machine = std::move(*machine);
  return 0;
}

rt::Status makeNetwork(SimulateInput &input) {
  uint32_t ranks = input.plan.ranks;
  if (input.plan.nodes > 1) {
    input.shape = {input.plan.nodes, input.plan.lanes()};
  } else {
    MOEC_ASSIGN_OR_RETURN(input.shape, topology::shapeFor(input.machine, ranks));
  }
  MOEC_ASSIGN_OR_RETURN(input.network, topology::makeNetwork(input.machine, input.shape));
  return rt::Status();
}

rt::Status readTraffic(const SimulateOptions &options, SimulateInput &input) {
  uint32_t most = input.manifest ? input.manifest->maxTokensPerRank : 0;
  input.tokens = options.tokens.value_or(most ? most : defaultTokens);
  MOEC_ASSIGN_OR_RETURN(input.counts, readCounts(input.plan, input.manifest, options.traffic,
                                                 input.tokens, options.layer, input.shape.nodes));
  return rt::Status();
}

} // namespace

/// One expert a rank, or as many as a token has, where the plan says nothing of its layer.
static traffic::Routing routingOf(const plan::Plan &plan, const std::optional<Manifest> &manifest,
                                  uint32_t tokens, uint32_t nodes) {
  traffic::Routing routing;
  routing.tokens.assign(plan.ranks, tokens);
  routing.nodes = nodes;
  routing.topK = plan.topK;
  if (manifest) {
    routing.experts = manifest->layer.experts;
    routing.groups = manifest->layer.router.groups;
    routing.placement = manifest->placement;
    return routing;
  }
  uint32_t each = std::max(1u, (plan.topK + plan.ranks - 1) / plan.ranks);
  routing.experts = each * plan.ranks;
  routing.placement.slots.resize(plan.ranks);
  for (uint32_t expert = 0; expert < routing.experts; ++expert)
    routing.placement.slots[expert / each].push_back(expert);
  return routing;
}

rt::Result<traffic::ItemCounts> readCounts(const plan::Plan &plan,
                                           const std::optional<Manifest> &manifest,
                                           const std::string &argument, uint32_t tokens,
                                           std::optional<uint32_t> layer, uint32_t nodes) {
  MOEC_ASSIGN_OR_RETURN(traffic::Traffic traffic, traffic::parseTraffic(argument));
  return countsOf(plan, manifest, traffic, tokens, layer, nodes);
}

rt::Result<traffic::ItemCounts> countsOf(const plan::Plan &plan,
                                         const std::optional<Manifest> &manifest,
                                         const traffic::Traffic &traffic, uint32_t tokens,
                                         std::optional<uint32_t> layer, uint32_t nodes) {
  if (traffic.kind != traffic::TrafficKind::Bytes)
    return traffic::countItems(traffic, routingOf(plan, manifest, tokens, nodes), layer);
  if (traffic.bytes.getSize() != plan.ranks)
    return rt::invalidError("--traffic: wanted a matrix of ", plan.ranks, " ranks, found ",
                            traffic.bytes.getSize());
  double bytesPerToken = dispatchedBytesPerToken(plan);
  if (bytesPerToken == 0)
    return rt::unsupportedError("--traffic: wanted a plan that sends tokens to ranks, to turn "
                                "bytes into tokens, found none in ",
                                plan.name);
  return countsOfBytes(traffic.bytes, bytesPerToken, nodes);
}

double dispatchedBytesPerToken(const plan::Plan &plan) {
  const plan::Expr itself = plan::rank();
  double toRanks = 0, toNodes = 0;
  for (const plan::Op &op : plan.ops) {
    if (op.kind != plan::OpKind::Put || op.writes[0].items.args[0] != itself)
      continue;
    double bytes = plan.buffers[op.writes[0].buffer].bytesPerRecord;
    if (op.writes[0].items.kind == plan::ItemSetKind::D)
      toRanks += bytes;
    else if (op.writes[0].items.kind == plan::ItemSetKind::M)
      toNodes += bytes;
  }
  return toRanks > 0 ? toRanks : toNodes;
}

traffic::ItemCounts countsOfBytes(const traffic::Matrix &bytes, double bytesPerToken,
                                  uint32_t nodes) {
  uint32_t ranks = bytes.getSize(), lanes = ranks / nodes;
  traffic::ItemCounts counts;
  counts.ranks = ranks;
  counts.nodes = nodes;
  counts.tokens.resize(ranks);
  counts.copies = traffic::Matrix(ranks);
  if (nodes > 1)
    counts.nodeCopies.resize(size_t(ranks) * nodes);
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to) {
      double tokens = bytes.at(from, to) / bytesPerToken;
      counts.copies.at(from, to) = tokens;
      counts.tokens[from] += tokens;
      if (nodes > 1)
        counts.nodeCopies[size_t(from) * nodes + to / lanes] += tokens;
    }
  counts.rows = counts.copies;
  return counts;
}

int readSimulateInput(const SimulateOptions &options, SimulateInput &input) {
  if (int code = readPlan(options, input))
    return code;
  if (int code = readMachine(options, input))
    return code;
  if (rt::Status status = makeNetwork(input); !status.ok())
    return showFailure(status, options.json);
  rt::Status status = readTraffic(options, input);
  return status.ok() ? 0 : showFailure(status, options.json);
}

} // namespace moec::driver
