//===- Shares.cpp - Loads of experts --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Random.h"
#include "runtime/traffic/Traffic.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace moec::traffic {

static void normalize(std::vector<double> &shares) {
  double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double &share : shares)
    share /= sum;
}

static double logNormal(double sigma, Random &random) {
  return portableExp(sigma * random.normal());
}

/// Loads of ranks become those of the experts that they hold.
static std::vector<double> fromRanks(const Routing &routing, const std::vector<double> &load) {
  std::vector<double> shares(routing.experts);
  for (uint32_t rank = 0; rank < routing.ranks(); ++rank)
    for (uint32_t expert : routing.placement.slots[rank])
      if (expert < routing.experts)
        shares[expert] += load[rank] / double(routing.placement.slots[rank].size());
  return shares;
}

static std::vector<std::vector<double>> logNormalShares(const Traffic &traffic,
                                                        const Routing &routing, uint64_t key) {
  uint32_t sources = traffic.of == SkewOf::Pairs ? routing.ranks() : 1;
  bool isOfExperts = traffic.of == SkewOf::Experts;
  std::vector<std::vector<double>> shares;
  for (uint32_t source = 0; source < sources; ++source) {
    Random random(Random::keyOf(key, source));
    std::vector<double> load(isOfExperts ? routing.experts : routing.ranks());
    for (double &value : load)
      value = logNormal(traffic.parameter, random);
    shares.push_back(isOfExperts ? std::move(load) : fromRanks(routing, load));
  }
  return shares;
}

/// The i-th most loaded expert is a random one.
static std::vector<double> zipfShares(const Traffic &traffic, const Routing &routing,
                                      uint64_t key) {
  std::vector<uint32_t> experts(routing.experts);
  std::iota(experts.begin(), experts.end(), 0);
  Random random(key);
  for (uint32_t i = routing.experts; i > 1; --i)
    std::swap(experts[i - 1], experts[random.bits() % i]);
  std::vector<double> shares(routing.experts);
  for (uint32_t i = 0; i < routing.experts; ++i)
    shares[experts[i]] = portableExp(-traffic.parameter * portableLog(i + 1.0));
  return shares;
}

/// Windows of time are added up.
static rt::Result<std::vector<double>>
measuredShares(const Traffic &traffic, const Routing &routing, std::optional<uint32_t> layer) {
  MOEC_ASSIGN_OR_RETURN(std::vector<std::vector<double>> windows,
                        traffic.loads->of(layer, routing.experts));
  std::vector<double> load(routing.experts);
  for (const std::vector<double> &window : windows)
    std::transform(load.begin(), load.end(), window.begin(), load.begin(), std::plus());
  return load;
}

rt::Result<std::vector<std::vector<double>>>
shareOfExperts(const Traffic &traffic, const Routing &routing, std::optional<uint32_t> layer) {
  uint64_t key = Random::keyOf(Random::keyOf(traffic.seed, layer.value_or(0)), /*part=*/0);
  std::vector<std::vector<double>> shares;
  switch (traffic.kind) {
  case TrafficKind::Uniform:
    shares.emplace_back(routing.experts, 1.0);
    break;
  case TrafficKind::LogNormal:
    shares = logNormalShares(traffic, routing, key);
    break;
  case TrafficKind::Zipf:
    shares.push_back(zipfShares(traffic, routing, key));
    break;
  case TrafficKind::Load: {
    MOEC_ASSIGN_OR_RETURN(std::vector<double> load, measuredShares(traffic, routing, layer));
    shares.push_back(std::move(load));
    break;
  }
  case TrafficKind::Trace: {
    MOEC_ASSIGN_OR_RETURN(const Trace *trace, traffic.traceOf(layer));
    shares.emplace_back(routing.experts);
    for (uint32_t expert : trace->experts)
      if (expert < routing.experts)
        ++shares[0][expert];
    break;
  }
  case TrafficKind::Bytes:
    return rt::invalidError("traffic: wanted loads of experts, found a matrix of bytes");
  }
  for (std::vector<double> &row : shares)
    normalize(row);
  return shares;
}

} // namespace moec::traffic
