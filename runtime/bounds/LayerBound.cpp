//===- LayerBound.cpp - What no schedule of a layer can beat --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/LayerBound.h"

#include "runtime/base/Text.h"
#include "runtime/bounds/Cuts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moec::bounds {

static double elementsOf(const Layer &layer, const GatedMlp &mlp) {
  double matrices = mlp.activation.usesGate() ? 3 : 2;
  return matrices * layer.hidden * mlp.intermediate;
}

static const char *nameOf(DType type) {
  switch (type) {
  case DType::F32:
    return "f32";
  case DType::BF16:
    return "bf16";
  }
  return "";
}

static double bytesOf(DType type) { return type == DType::F32 ? 4 : 2; }

/// Matrix products, or weights that have to be read once: of the experts of a rank at
/// least as many as its rows need, since an expert has at most one row of a token.
static void boundExperts(const topology::Machine &machine, const Layer &layer,
                         const Placement &placement, const traffic::ItemCounts &counts,
                         LayerBound &bound) {
  double operations = 0, memory = 0;
  for (const topology::Compute &compute : machine.compute)
    if (compute.type == nameOf(layer.weightsType))
      operations = compute.operationsPerSecond.value;
  if (machine.memoryBytesPerSecond)
    memory = machine.memoryBytesPerSecond->value;
  bound.knowsRates = operations > 0 || memory > 0;
  double elements = elementsOf(layer, layer.expert);
  double shared = layer.shared ? elementsOf(layer, layer.shared->mlp) : 0;
  double tokens = std::accumulate(counts.tokens.begin(), counts.tokens.end(), 0.0);
  for (uint32_t rank = 0; rank < counts.ranks; ++rank) {
    double rows = counts.rows.columnSum(rank), own = counts.tokens[rank];
    double experts =
        tokens > 0 ? std::min(double(placement.slots[rank].size()), std::ceil(rows / tokens)) : 0;
    double read = experts * elements + (own > 0 ? shared : 0);
    double products = operations > 0 ? 2 * (rows * elements + own * shared) / operations : 0;
    double reading = memory > 0 ? read * bytesOf(layer.weightsType) / memory : 0;
    double most = std::max(products, reading);
    if (most <= bound.expertsSeconds)
      continue;
    bound.expertsSeconds = most;
    bound.expertsResource =
        rt::concat("gpu ", rank, products >= reading ? " matrix products" : " memory");
  }
}

LayerBound boundOfLayer(const topology::Machine &machine, const topology::Network &network,
                        const Layer &layer, const Placement &placement,
                        const traffic::ItemCounts &counts, const LayerBytes &bytes) {
  std::vector<Demand> demands = {dispatchDemand(counts, bytes.perDispatch, bytes.dispatch),
                                 combineDemand(counts, bytes.perCombine, bytes.combine)};
  LayerBound bound;
  KnownCuts cuts(network);
  bound.dispatch = boundOf(network, std::span(demands).subspan(0, 1), cuts);
  bound.combine = boundOf(network, std::span(demands).subspan(1, 1), cuts);
  boundExperts(machine, layer, placement, counts, bound);
  Bound both = boundOf(network, demands, cuts);
  bool isOfExperts = bound.expertsSeconds > both.seconds;
  bound.seconds = isOfExperts ? bound.expertsSeconds : both.seconds;
  bound.resource = isOfExperts ? bound.expertsResource : both.resource;
  bound.phasesSeconds = bound.dispatch.seconds + bound.expertsSeconds + bound.combine.seconds;
  return bound;
}

} // namespace moec::bounds
