//===- LayerData.cpp - Weights, tokens and the truth of a layer ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/LayerData.h"

#include "runtime/module/WeightRoles.h"
#include "runtime/tools/LayerReference.h"

#include <cmath>
#include <random>

namespace moec::test {
namespace {

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
  if (result.agrees(toleranceOf(description)))
    return "";
  return "output error " + std::to_string(result.outputError) + ", weights error " +
         std::to_string(result.weightsError) + ", mismatches " + std::to_string(result.mismatches) +
         (result.notFinite ? ", not finite" : "");
}

} // namespace moec::test
