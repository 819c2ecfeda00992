//===- StepCounts.cpp - Sizes of a step of a plan -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/StepCounts.h"

#include "runtime/plan/Expr.h"
#include "runtime/topology/PcieTree.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace moec::driver {

uint32_t defaultTokens(uint32_t most) { return most ? most : 4096; }

rt::Status checkTokens(const char *option, double tokens, uint32_t most) {
  if (most == 0 || tokens <= most)
    return rt::Status();
  return rt::invalidError(option, ": wanted at most ", most,
                          " tokens a rank, for which the module was compiled, found ",
                          std::llround(tokens));
}

rt::Status checkCopies(const traffic::ItemCounts &counts, uint32_t topK, uint32_t most) {
  constexpr double slack = 1e-6; // of bytes that were rounded up
  double copies = std::clamp(topK, 1u, counts.ranks);
  for (uint32_t from = 0; from < counts.ranks; ++from) {
    double tokens = counts.copies.rowSum(from) / copies;
    for (uint32_t to = 0; to < counts.ranks; ++to)
      tokens = std::max(tokens, counts.copies.at(from, to));
    MOEC_RETURN_IF_ERROR(checkTokens("--traffic", std::ceil(tokens - slack), most));
  }
  return rt::Status();
}

bool hasTokens(const traffic::Traffic &traffic) {
  return traffic.kind == traffic::TrafficKind::Bytes || traffic.kind == traffic::TrafficKind::Trace;
}

bool hasLayers(const traffic::Traffic &traffic) {
  bool namesThem =
      traffic.loads && (traffic.loads->namesLayers || traffic.loads->layers.size() > 1);
  return namesThem || traffic.trace.size() > 1;
}

rt::Status checkTraffic(const traffic::Traffic &traffic, bool saysTokens,
                        std::optional<uint32_t> layer, const char *layerOption) {
  if (saysTokens && hasTokens(traffic))
    return rt::invalidError("--tokens: wanted traffic without tokens of its own, found ",
                            traffic.kind == traffic::TrafficKind::Bytes ? "the matrix "
                                                                        : "the trace ",
                            rt::quote(traffic.text));
  // Of a file that names no layers the first is there.
  bool isFile = traffic.loads || !traffic.trace.empty();
  if (layer && !hasLayers(traffic) && !(isFile && *layer == 0))
    return rt::invalidError(layerOption, ": wanted a traffic file of several layers, found ",
                            rt::quote(traffic.text), isFile ? ", which names none" : "");
  return rt::Status();
}

rt::Result<traffic::Traffic> readTraffic(const std::string &argument, bool saysTokens,
                                         std::optional<uint32_t> layer) {
  MOEC_ASSIGN_OR_RETURN(traffic::Traffic traffic, traffic::parseTraffic(argument));
  MOEC_RETURN_IF_ERROR(checkTraffic(traffic, saysTokens, layer));
  return traffic;
}

static uint32_t expertsOfRank(const plan::Plan &plan) {
  return std::max(1u, (plan.topK + plan.ranks - 1) / plan.ranks);
}

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
  uint32_t each = expertsOfRank(plan);
  routing.experts = each * plan.ranks;
  routing.placement.slots.resize(plan.ranks);
  for (uint32_t expert = 0; expert < routing.experts; ++expert)
    routing.placement.slots[expert / each].push_back(expert);
  return routing;
}

std::string assumptionOf(const plan::Plan &plan, const traffic::Traffic &traffic) {
  if (traffic.kind == traffic::TrafficKind::Bytes)
    return "";
  uint32_t each = expertsOfRank(plan);
  std::string text = rt::concat("assumed ", each, each == 1 ? " expert" : " experts",
                                " a rank: the plan says nothing of its layer");
  bool isSkewed = traffic.kind != traffic::TrafficKind::Uniform;
  if (isSkewed && plan.topK >= each * plan.ranks)
    text += rt::concat(", and a token's ", plan.topK, " slots are all of them under any traffic");
  return text;
}

uint32_t nodesOfCounts(const plan::Plan &plan, const topology::Machine &machine,
                       topology::Shape shape) {
  return plan.nodes > 1 ? plan.nodes : topology::mergingGroups(machine, shape);
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
  uint32_t most = manifest ? manifest->maxTokensPerRank : 0;
  if (traffic.kind != traffic::TrafficKind::Bytes) {
    MOEC_RETURN_IF_ERROR(checkTokens("--tokens", hasTokens(traffic) ? 0 : tokens, most));
    if (!hasLayers(traffic)) // a layer of a law would be another draw
      layer.reset();
    MOEC_ASSIGN_OR_RETURN(
        traffic::ItemCounts counts,
        traffic::countItems(traffic, routingOf(plan, manifest, tokens, nodes), layer));
    for (double ofRank : counts.tokens)
      MOEC_RETURN_IF_ERROR(checkTokens("--traffic", ofRank, most));
    return counts;
  }
  if (traffic.bytes.getSize() != plan.ranks)
    return rt::invalidError("--traffic: wanted a matrix of ", plan.ranks, " ranks, found ",
                            traffic.bytes.getSize());
  double bytesPerToken = dispatchedBytesPerToken(plan);
  if (bytesPerToken == 0)
    return rt::unsupportedError("--traffic: wanted a plan that sends tokens to ranks, to turn "
                                "bytes into tokens, found none in ",
                                plan.name);
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                        countsOfBytes(traffic.bytes, bytesPerToken, nodes));
  MOEC_RETURN_IF_ERROR(checkCopies(counts, plan.topK, most));
  return counts;
}

double dispatchedBytesPerToken(const plan::Plan &plan) {
  const plan::Expr itself = plan::rank();
  // Families of puts to some of the peers each fill parts of one buffer: a token is in one.
  std::map<uint32_t, double> toRanks, toNodes;
  double toAll = 0;
  for (const plan::Op &op : plan.ops) {
    double bytes = op.writes.empty() ? 0 : plan.buffers[op.writes[0].buffer].bytesPerRecord;
    if (op.kind == plan::OpKind::Compute && op.task == plan::TaskKind::Select)
      toAll += bytes;
    if (op.kind != plan::OpKind::Put || op.writes[0].items.args[0] != itself)
      continue;
    bool isInput = plan.buffers[op.reads[0].buffer].space == plan::BufferSpace::Input;
    if (op.via == plan::Path::Multicast)
      toAll += isInput ? bytes : 0; // routes become records
    else if (op.writes[0].items.kind == plan::ItemSetKind::D)
      toRanks[op.writes[0].buffer] = bytes;
    else if (op.writes[0].items.kind == plan::ItemSetKind::M ||
             plan::wholeOf(op.writes[0].items.kind) == plan::ItemSetKind::M)
      toNodes[op.writes[0].buffer] = bytes;
  }
  auto sumOf = [](const std::map<uint32_t, double> &buffers) {
    double sum = 0;
    for (const auto &[buffer, bytes] : buffers)
      sum += bytes;
    return sum;
  };
  double ranks = sumOf(toRanks), nodes = sumOf(toNodes);
  return ranks > 0 ? ranks : nodes > 0 ? nodes : toAll;
}

/// What a plan with two tiers moves, as `moec plan --export nccl-tests` writes it.
static rt::Status refuseHops(const traffic::Matrix &bytes, uint32_t nodes) {
  uint32_t ranks = bytes.getSize(), lanes = ranks / nodes;
  double onRails = 0, acrossRails = 0, onNodes = 0;
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      if (from != to)
        (from / lanes == to / lanes   ? onNodes
         : from % lanes == to % lanes ? onRails
                                      : acrossRails) += bytes.at(from, to);
  if (lanes == 1 || onRails == 0 || acrossRails > 0 || onNodes == 0)
    return rt::Status();
  return rt::invalidError(
      "--traffic: wanted bytes from a token's rank to its expert's, found bytes "
      "that cross the ",
      nodes,
      " nodes between ranks of one number alone: hops of "
      "two tiers, which do not say where their tokens go");
}

rt::Result<traffic::ItemCounts> countsOfBytes(const traffic::Matrix &bytes, double bytesPerToken,
                                              uint32_t nodes) {
  MOEC_RETURN_IF_ERROR(refuseHops(bytes, nodes));
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

} // namespace moec::driver
