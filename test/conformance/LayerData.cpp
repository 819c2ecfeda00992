//===- LayerData.cpp - Weights, tokens and the truth of a layer ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/LayerData.h"

#include "runtime/module/WeightRoles.h"

#include <cmath>
#include <random>

namespace moec::test {
namespace {

reference::Type toReference(DType type) {
  return type == DType::F32 ? reference::Type::F32 : reference::Type::BF16;
}
reference::Score toReference(ScoreFunction score) {
  switch (score) {
  case ScoreFunction::Identity:
    return reference::Score::Identity;
  case ScoreFunction::Softmax:
    return reference::Score::Softmax;
  case ScoreFunction::Sigmoid:
    return reference::Score::Sigmoid;
  }
  return reference::Score::Identity;
}

void setRouter(const Router &router, reference::Layer &to) {
  to.topK = router.topK;
  to.logitsType = toReference(router.logitsType);
  to.logitsBias = router.logitsBias;
  to.score = toReference(router.score);
  to.scoreAfterTopK = router.scoreAfterTopK;
  to.selectionBias = router.selectionBias;
  if (router.groups) {
    to.groups = router.groups->count;
    to.groupsKept = router.groups->kept;
    to.groupScore = router.groups->score == GroupScore::Max ? reference::GroupScore::Max
                                                            : reference::GroupScore::SumOfTop2;
    to.rejectedIsZero = router.groups->rejectedValue == RejectedValue::Zero;
  }
  to.normalize = router.normalize;
  to.normalizeEpsilon = router.normalizeEpsilon;
  to.scale = router.scale;
  to.routingType = toReference(router.weightsType);
}

reference::Layer toReference(const Layer &layer) {
  reference::Layer to;
  to.hidden = layer.hidden;
  to.experts = layer.experts;
  to.intermediate = layer.expert.intermediate;
  to.tokensType = toReference(layer.tokensType);
  to.weightsType = toReference(layer.weightsType);
  to.combineType = toReference(layer.combineType);
  to.activation = reference::Activation(toPostfix(layer.expert.activation));
  to.gateBias = layer.expert.gateBias;
  to.upBias = layer.expert.upBias;
  to.downBias = layer.expert.downBias;
  to.residual = layer.residual;
  setRouter(layer.router, to);
  if (layer.shared) {
    to.sharedIntermediate = layer.shared->mlp.intermediate;
    to.sharedActivation = reference::Activation(toPostfix(layer.shared->mlp.activation));
    to.sharedGate = layer.shared->gate;
  }
  return to;
}

WeightRole fromReference(reference::Weight weight) {
  switch (weight) {
  case reference::Weight::Router:
    return WeightRole::Router;
  case reference::Weight::RouterBias:
    return WeightRole::RouterBias;
  case reference::Weight::SelectionBias:
    return WeightRole::SelectionBias;
  case reference::Weight::ExpertGate:
    return WeightRole::ExpertGate;
  case reference::Weight::ExpertUp:
    return WeightRole::ExpertUp;
  case reference::Weight::ExpertDown:
    return WeightRole::ExpertDown;
  case reference::Weight::SharedGate:
    return WeightRole::SharedGate;
  case reference::Weight::SharedUp:
    return WeightRole::SharedUp;
  case reference::Weight::SharedDown:
    return WeightRole::SharedDown;
  case reference::Weight::SharedScale:
    return WeightRole::SharedScale;
  case reference::Weight::ExpertGateBias:
    return WeightRole::ExpertGateBias;
  case reference::Weight::ExpertUpBias:
    return WeightRole::ExpertUpBias;
  case reference::Weight::ExpertDownBias:
    return WeightRole::ExpertDownBias;
  }
  return WeightRole::Router;
}

void fill(std::vector<float> &values, size_t count, float deviation, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  values.resize(count);
  for (float &value : values)
    value = normal(random);
}

} // namespace

Shares evenShares(uint32_t tokens, uint32_t ranks) {
  Shares shares;
  for (uint32_t rank = 0; rank < ranks; ++rank)
    shares.push_back(tokens / ranks + (rank < tokens % ranks));
  return shares;
}

StepMemory::StepMemory(const LayerData &data, const Shares &shares) {
  size_t hidden = data.layer().hidden, topK = data.layer().router.topK, tokens = data.tokens();
  result.output.assign(tokens * hidden, -1.f);
  result.weights.assign(tokens * topK, -1.f);
  result.indices.assign(tokens * topK, -1);
  size_t first = 0;
  for (uint32_t share : shares) {
    io.push_back({data.input().data() + first * hidden, MOEC_F32, share,
                  result.output.data() + first * hidden, result.indices.data() + first * topK,
                  result.weights.data() + first * topK});
    first += share;
  }
}

LayerData::LayerData(const Layer &layer, uint32_t tokens, uint64_t seed)
    : description(layer), tokenCount(tokens) {
  fill(rows, size_t(tokens) * layer.hidden, 1, seed);
  for (const WeightName &weight : layer.weights)
    for (uint32_t expert = 0; expert < (isExpertRole(weight.role) ? layer.experts : 1); ++expert)
      addWeight(weight.role, expert, shapeOf(weight.role, layer),
                seed * 1000003 + size_t(weight.role) * 4099 + expert);
}

void LayerData::addWeight(WeightRole role, uint32_t expert, std::vector<int64_t> shape,
                          uint64_t seed) {
  Weight &weight = weights[{role, expert}];
  for (const WeightName &candidate : description.weights)
    if (candidate.role == role)
      weight.name = candidate.name;
  if (size_t hole = weight.name.find("{expert}"); hole != std::string::npos)
    weight.name.replace(hole, 8, std::to_string(expert));
  size_t count = 1;
  for (int64_t extent : shape)
    count *= static_cast<size_t>(extent);
  // Products keep the size of the tokens, about 1; biases are small beside logits.
  float deviation = shape.size() == 1 ? .2f : 1 / std::sqrt(float(shape[1]));
  fill(weight.values, count, deviation, seed);
  weight.shape = std::move(shape);
}

bool LayerData::find(const std::string &name, moec_tensor &tensor) const {
  for (const auto &[key, weight] : weights) {
    if (weight.name != name)
      continue;
    tensor.dtype = MOEC_F32;
    tensor.dims = static_cast<uint32_t>(weight.shape.size());
    for (size_t i = 0; i < weight.shape.size(); ++i)
      tensor.shape[i] = weight.shape[i];
    tensor.data = weight.values.data();
    return true;
  }
  return false;
}

std::vector<float> &LayerData::weight(WeightRole role, uint32_t expert) {
  return weights.at({role, expert}).values;
}

std::string LayerData::compare(const LayerOutput &actual) const {
  auto lookup = [&](reference::Weight weight, size_t expert) {
    WeightRole role = fromReference(weight);
    uint32_t number = isExpertRole(role) ? static_cast<uint32_t>(expert) : 0;
    return reference::Tensor{weights.at({role, number}).values.data(), reference::Type::F32};
  };
  reference::Result expected = reference::run(
      toReference(description), {rows.data(), reference::Type::F32}, tokenCount, lookup, 1);
  reference::Comparison result = reference::compare(
      expected, {actual.output.data(), actual.indices.data(), actual.weights.data()});
  bool isExact = description.tokensType == DType::F32 && description.weightsType == DType::F32 &&
                 description.combineType == DType::F32 &&
                 description.router.logitsType == DType::F32;
  double tolerance = isExact ? 1e-5 : 2e-2;
  if (result.agrees(tolerance))
    return "";
  return "output error " + std::to_string(result.outputError) + ", weights error " +
         std::to_string(result.weightsError) + ", mismatches " + std::to_string(result.mismatches) +
         (result.notFinite ? ", not finite" : "");
}

} // namespace moec::test
