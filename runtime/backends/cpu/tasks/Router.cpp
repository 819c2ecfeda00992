//===- Router.cpp - From logits to experts and weights ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Router.h"

#include "runtime/backends/Float.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moec::rt::cpu {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

float rounded(float value, DType type) {
  return type == DType::BF16 ? fromBF16(toBF16(value)) : value;
}

void softmax(std::span<float> values) {
  float highest = -infinity;
  for (float value : values)
    highest = std::max(highest, value);
  float sum = 0;
  for (float &value : values)
    sum += value = std::exp(value - highest);
  for (float &value : values)
    value /= sum;
}

void applyScore(ScoreFunction score, std::span<float> values) {
  switch (score) {
  case ScoreFunction::Identity:
    return;
  case ScoreFunction::Softmax:
    return softmax(values);
  case ScoreFunction::Sigmoid:
    for (float &value : values)
      value = 1 / (1 + std::exp(-value));
    return;
  }
}

/// Is (value, index) chosen before `other`?
bool goesBefore(std::pair<float, uint32_t> one, std::pair<float, uint32_t> other) {
  bool oneIsNan = std::isnan(one.first), otherIsNan = std::isnan(other.first);
  if (oneIsNan != otherIsNan)
    return otherIsNan;
  if (!oneIsNan && one.first != other.first)
    return one.first > other.first;
  return one.second < other.second;
}

float groupScore(GroupScore rule, std::span<const float> members) {
  float first = -infinity, second = -infinity;
  for (float value : members)
    if (value > first) {
      second = first;
      first = value;
    } else if (value > second) {
      second = value;
    }
  switch (rule) {
  case GroupScore::Max:
    return first;
  case GroupScore::SumOfTop2:
    return members.size() > 1 ? first + second : first;
  }
  return first;
}

} // namespace

/// The indices of the `count` best of `values`, in falling order, ties to the lower.
void RouterRule::selectTop(std::span<const float> values, Workspace &work, uint32_t count,
                           uint32_t *chosen) const {
  work.order.clear();
  for (uint32_t i = 0; i < values.size(); ++i)
    work.order.emplace_back(values[i], i);
  std::partial_sort(work.order.begin(), work.order.begin() + count, work.order.end(), goesBefore);
  for (uint32_t i = 0; i < count; ++i)
    chosen[i] = work.order[i].second;
}

void RouterRule::limitGroups(Workspace &work) const {
  const GroupLimit &limit = *router.groups;
  uint32_t size = experts / limit.count;
  std::vector<float> scores(limit.count);
  std::vector<uint32_t> kept(limit.kept);
  for (uint32_t group = 0; group < limit.count; ++group)
    scores[group] =
        groupScore(limit.score, std::span<const float>(work.choosing).subspan(group * size, size));
  selectTop(scores, work, limit.kept, kept.data());
  float rejected = limit.rejectedValue == RejectedValue::Zero ? 0.f : -infinity;
  for (uint32_t group = 0; group < limit.count; ++group)
    if (std::find(kept.begin(), kept.end(), group) == kept.end())
      std::fill_n(work.choosing.begin() + group * size, size, rejected);
}

void RouterRule::finishWeights(float *weights) const {
  if (router.normalize) {
    float sum = 0;
    for (uint32_t slot = 0; slot < router.topK; ++slot)
      sum += weights[slot];
    sum += static_cast<float>(router.normalizeEpsilon);
    for (uint32_t slot = 0; slot < router.topK; ++slot)
      weights[slot] /= sum;
  }
  for (uint32_t slot = 0; slot < router.topK; ++slot)
    weights[slot] = rounded(weights[slot] * static_cast<float>(router.scale), router.weightsType);
}

void RouterRule::choose(std::span<float> logits, Workspace &work, uint32_t *chosen,
                        float *weights) const {
  for (uint32_t expert = 0; expert < experts; ++expert)
    logits[expert] =
        rounded(router.logitsBias ? logits[expert] + logitsBias[expert] : logits[expert],
                router.logitsType);
  work.scores.assign(logits.begin(), logits.end());
  if (!router.scoreAfterTopK)
    applyScore(router.score, work.scores);
  work.choosing = work.scores;
  if (router.selectionBias)
    for (uint32_t expert = 0; expert < experts; ++expert)
      work.choosing[expert] += selectionBias[expert];
  if (router.groups)
    limitGroups(work);
  selectTop(work.choosing, work, router.topK, chosen);
  for (uint32_t slot = 0; slot < router.topK; ++slot)
    weights[slot] = work.scores[chosen[slot]];
  if (router.scoreAfterTopK)
    applyScore(router.score, {weights, router.topK});
  finishWeights(weights);
}

} // namespace moec::rt::cpu
