//===- RoutedStep.cpp - Runs route, dispatch and reduce -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/RoutedStep.h"

#include "runtime/backends/emulator/device/EmulatorDevice.h"

#include <random>

namespace moec::stages {

Placement evenPlacement(uint32_t experts, uint32_t ranks) {
  Placement placement;
  uint32_t next = 0;
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    std::vector<uint32_t> slots;
    uint32_t end = next + experts / ranks + (rank < experts % ranks);
    while (next < end)
      slots.push_back(next++);
    placement.slots.push_back(slots);
  }
  return placement;
}

/// Multiples of 1/8 and few of them: sums are exact, and equal ones are frequent.
static std::vector<float> drawn(std::mt19937_64 &random, size_t count, int most) {
  std::vector<float> values(count);
  for (float &value : values)
    value = float(int(random() % (2 * most + 1)) - most) / 8;
  return values;
}

rt::Status RoutedStep::find(const std::string &name, moec_tensor &tensor) const {
  const Layer &layer = routed.layer;
  tensor.dtype = MOEC_F32;
  auto give = [&](const std::vector<float> &values, size_t rows, size_t columns) {
    tensor.data = values.data();
    tensor.dims = rows ? 2 : 1;
    tensor.shape[0] = int64_t(rows ? rows : columns);
    tensor.shape[1] = int64_t(columns);
    return rt::Status();
  };
  if (name == "router")
    return give(router, layer.experts, layer.hidden);
  if (name == "router_bias")
    return give(routerBias, 0, layer.experts);
  if (name == "selection_bias")
    return give(selectionBias, 0, layer.experts);
  return give(sharedScale, 1, layer.hidden);
}

void RoutedStep::makeData() {
  const Layer &layer = routed.layer;
  std::mt19937_64 random(routed.seed);
  for (uint32_t tokens : routed.tokens) {
    x.push_back(drawn(random, size_t(tokens) * layer.hidden, 4));
    if (tokens) // all experts have one logit
      std::fill_n(x.back().begin(), layer.hidden, 0.0f);
  }
  router = drawn(random, size_t(layer.experts) * layer.hidden, 2);
  routerBias = drawn(random, layer.experts, 8);
  selectionBias = drawn(random, layer.experts, 2);
  sharedScale = drawn(random, layer.hidden, 4);
  manifest.layer.weights = {{WeightRole::Router, "router"}};
  if (layer.router.logitsBias)
    manifest.layer.weights.push_back({WeightRole::RouterBias, "router_bias"});
  if (layer.router.selectionBias)
    manifest.layer.weights.push_back({WeightRole::SelectionBias, "selection_bias"});
  if (layer.shared && layer.shared->gate)
    manifest.layer.weights.push_back({WeightRole::SharedScale, "shared_scale"});
}

RoutedStep::RoutedStep(const RoutedCase &routed)
    : StageRun({routed.name, routed.layer, routed.ranks, routed.depth, routed.layer.router.topK}),
      routed(routed) {
  makeKernels([](const MakeKernel &make) {
    make("route", fusion::buildRoute);
    make("dispatch", fusion::buildDispatch);
    make("reduce", fusion::buildReduce);
  });
  makeData();
  manifest.placement = routed.placement;
  rt::emulator::DeviceOptions options;
  options.seed = routed.seed;
  open(std::make_unique<rt::emulator::EmulatorDevice>(plan, options), routed.maxTokens,
       [&](const std::string &name, moec_tensor &tensor) { return find(name, tensor); });
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    writeState(rank, routed.maxTokens, routed.tokens[rank], epoch);
}

void RoutedStep::writeTokens() {
  uint64_t pitch = step.tokenPitch();
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      std::vector<uint16_t> row(pitch / 2);
      for (uint32_t i = 0; i < step.layer.hidden; ++i)
        row[i] = bf16Of(x[rank][size_t(token) * step.layer.hidden + i]);
      write(buffer(rank, Tokens) + token * pitch, row);
    }
}

} // namespace moec::stages
