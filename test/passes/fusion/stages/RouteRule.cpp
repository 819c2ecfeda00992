//===- RouteRule.cpp - What a router may choose ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/RouteRule.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <sstream>

namespace moec::stages {

/// More than functions in f32 are off.
static constexpr double slack = 1e-5;
static constexpr double infinity = std::numeric_limits<double>::infinity();

double roundToBf16(double value) {
  float narrow = float(value);
  uint32_t bits;
  std::memcpy(&bits, &narrow, 4);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
  std::memcpy(&narrow, &bits, 4);
  return narrow;
}

static double rounded(double value, DType type) {
  return type == DType::BF16 ? roundToBf16(value) : double(float(value));
}

static void score(ScoreFunction function, std::vector<double> &values) {
  double highest = *std::max_element(values.begin(), values.end()), sum = 0;
  for (double value : values)
    sum += std::exp(value - highest);
  for (double &value : values)
    switch (function) {
    case ScoreFunction::Identity:
      break;
    case ScoreFunction::Softmax:
      value = std::exp(value - highest) / sum;
      break;
    case ScoreFunction::Sigmoid:
      value = 1 / (1 + std::exp(-value));
      break;
    }
}

RouteRule::RouteRule(const Layer &layer, std::vector<double> logits,
                     const std::vector<float> &selectionBias)
    : layer(layer), scores(std::move(logits)) {
  for (double &logit : scores)
    logit = rounded(logit, layer.router.logitsType);
  if (!layer.router.scoreAfterTopK)
    score(layer.router.score, scores);
  choosing = scores;
  if (layer.router.selectionBias)
    for (size_t i = 0; i < choosing.size(); ++i)
      choosing[i] += selectionBias[i];
  if (layer.router.groups)
    limitGroups();
}

void RouteRule::limitGroups() {
  const GroupLimit &limit = *layer.router.groups;
  size_t size = layer.experts / limit.count;
  std::vector<double> best(limit.count);
  std::vector<size_t> order(limit.count);
  for (size_t group = 0; group < limit.count; ++group) {
    std::vector<double> members(choosing.begin() + group * size,
                                choosing.begin() + (group + 1) * size);
    std::sort(members.rbegin(), members.rend());
    best[group] = members[0];
    if (limit.score == GroupScore::SumOfTop2 && size > 1)
      best[group] += members[1];
  }
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return best[a] != best[b] ? best[a] > best[b] : a < b; });
  for (size_t i = 0; i < limit.count; ++i)
    for (size_t j = i + 1; j < limit.count; ++j)
      groupsOpen |= best[i] != best[j] && std::abs(best[i] - best[j]) < slack;
  double rejected = limit.rejectedValue == RejectedValue::Zero ? 0 : -infinity;
  for (size_t i = limit.kept; i < limit.count; ++i)
    std::fill_n(choosing.begin() + order[i] * size, size, rejected);
}

std::string RouteRule::judge(const std::vector<uint32_t> &experts) const {
  std::ostringstream fault;
  std::vector<bool> isChosen(layer.experts);
  auto goesBefore = [&](uint32_t a, uint32_t b) { // may a stand before b?
    if (choosing[a] == choosing[b])
      return a < b;
    return choosing[a] > choosing[b] - slack;
  };
  for (size_t slot = 0; slot < experts.size(); ++slot) {
    if (experts[slot] >= layer.experts || isChosen[experts[slot]]) {
      fault << "slot " << slot << " has expert " << experts[slot] << " (again)";
      return fault.str();
    }
    isChosen[experts[slot]] = true;
    if (slot && !goesBefore(experts[slot - 1], experts[slot])) {
      fault << "expert " << experts[slot - 1] << " (" << choosing[experts[slot - 1]]
            << ") stands before " << experts[slot] << " (" << choosing[experts[slot]] << ")";
      return fault.str();
    }
  }
  for (uint32_t expert = 0; expert < layer.experts; ++expert)
    if (!isChosen[expert] && !goesBefore(experts.back(), expert)) {
      fault << "expert " << expert << " (" << choosing[expert] << ") is left out, "
            << experts.back() << " (" << choosing[experts.back()] << ") is not";
      return fault.str();
    }
  return {};
}

std::vector<double> RouteRule::weightsOf(const std::vector<uint32_t> &experts) const {
  const Router &router = layer.router;
  std::vector<double> weights;
  for (uint32_t expert : experts)
    weights.push_back(scores[expert]);
  if (router.scoreAfterTopK)
    score(router.score, weights);
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0) + router.normalizeEpsilon;
  for (double &weight : weights)
    weight = (router.normalize ? weight / sum : weight) * router.scale;
  return weights;
}

} // namespace moec::stages
