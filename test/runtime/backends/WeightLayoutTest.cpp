//===- WeightLayoutTest.cpp - Weights within the tensors of a checkpoint ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/WeightTensor.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

namespace moec::test {
namespace {

/// Two experts, hidden 3, intermediate 2.
Manifest manifestOf(std::vector<WeightName> weights) {
  Manifest manifest;
  Layer &layer = manifest.layer;
  layer = sampleLayer();
  layer.hidden = 3;
  layer.experts = layer.router.topK = 2;
  layer.expert.intermediate = 2;
  layer.weights = std::move(weights);
  manifest.placement = linearPlacement(2, 1);
  return manifest;
}

/// Element i of each tensor is i: what a weight holds says where it was.
struct Counted {
  rt::Status find(const std::string &name, moec_tensor &tensor,
                  const std::vector<rt::WeightEntry> &table) {
    ++lookups[name];
    for (const rt::WeightEntry &entry : table) {
      if (entry.name != name)
        continue;
      size_t count = 1;
      tensor.dims = static_cast<uint32_t>(entry.shape.size());
      for (size_t i = 0; i < entry.shape.size(); ++i)
        count *= static_cast<size_t>(tensor.shape[i] = entry.shape[i]);
      values.resize(count);
      std::iota(values.begin(), values.end(), 0.f);
      tensor.dtype = MOEC_F32;
      tensor.data = values.data();
      return rt::Status();
    }
    return rt::internalError("no weight ", name);
  }
  std::map<std::string, int> lookups;
  std::vector<float> values;
};

using Loaded = std::map<std::pair<WeightRole, int32_t>, std::vector<float>>;

Loaded load(const Manifest &manifest, Counted &tensors) {
  Loaded loaded;
  std::vector<rt::WeightEntry> table = rt::tensorTable(manifest);
  rt::Status status = rt::loadWeights(
      manifest,
      [&](const std::string &name, moec_tensor &tensor) {
        return tensors.find(name, tensor, table);
      },
      [&](const rt::WeightEntry &entry, const moec_tensor &tensor) {
        loaded[{entry.role, entry.expert}] = rt::floatsOf(tensor, entry.view, DType::F32);
        return rt::Status();
      });
  EXPECT_TRUE(status.ok()) << status.message();
  return loaded;
}

using Floats = std::vector<float>;

TEST(WeightLayout, StackedTransposedInterleaved) {
  WeightLayout gate{true, true, 2, 0, true}, up{true, true, 2, 1, true}, down{true, true};
  Manifest manifest = manifestOf({{WeightRole::Router, "router"},
                                  {WeightRole::ExpertGate, "gate_up", gate},
                                  {WeightRole::ExpertUp, "gate_up", up},
                                  {WeightRole::ExpertDown, "down", down}});
  Counted tensors;
  Loaded loaded = load(manifest, tensors);
  // [2 experts][3 in][g0 u0 g1 u1], [2 experts][2 in][3 out]
  EXPECT_EQ((loaded[{WeightRole::ExpertGate, 0}]), (Floats{0, 4, 8, 2, 6, 10}));
  EXPECT_EQ((loaded[{WeightRole::ExpertUp, 0}]), (Floats{1, 5, 9, 3, 7, 11}));
  EXPECT_EQ((loaded[{WeightRole::ExpertUp, 1}]), (Floats{13, 17, 21, 15, 19, 23}));
  EXPECT_EQ((loaded[{WeightRole::ExpertDown, 1}]), (Floats{6, 9, 7, 10, 8, 11}));
  for (const auto &[name, count] : tensors.lookups)
    EXPECT_EQ(count, 1) << name;
}

TEST(WeightLayout, StackedConcatenated) {
  WeightLayout gate{true, false, 2, 0, false}, up{true, false, 2, 1, false}, down{true};
  Manifest manifest = manifestOf({{WeightRole::Router, "router"},
                                  {WeightRole::ExpertGate, "gate_up", gate},
                                  {WeightRole::ExpertUp, "gate_up", up},
                                  {WeightRole::ExpertDown, "down", down},
                                  {WeightRole::ExpertGateBias, "bias", gate},
                                  {WeightRole::ExpertUpBias, "bias", up}});
  manifest.layer.expert.gateBias = manifest.layer.expert.upBias = true;
  Counted tensors;
  Loaded loaded = load(manifest, tensors);
  EXPECT_EQ((loaded[{WeightRole::ExpertGate, 1}]), (Floats{12, 13, 14, 15, 16, 17}));
  EXPECT_EQ((loaded[{WeightRole::ExpertUp, 0}]), (Floats{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ((loaded[{WeightRole::ExpertGateBias, 1}]), (Floats{4, 5}));
  EXPECT_EQ((loaded[{WeightRole::ExpertUpBias, 1}]), (Floats{6, 7}));
}

TEST(WeightLayout, PartsOfOneExpertsTensor) {
  WeightLayout gate{false, false, 2, 0, true}, up{false, false, 2, 1, true};
  Manifest manifest = manifestOf({{WeightRole::Router, "router"},
                                  {WeightRole::ExpertGate, "{expert}.gate_up", gate},
                                  {WeightRole::ExpertUp, "{expert}.gate_up", up},
                                  {WeightRole::ExpertDown, "{expert}.down"}});
  Counted tensors;
  Loaded loaded = load(manifest, tensors);
  EXPECT_EQ((loaded[{WeightRole::ExpertGate, 1}]), (Floats{0, 1, 2, 6, 7, 8}));
  EXPECT_EQ((loaded[{WeightRole::ExpertUp, 1}]), (Floats{3, 4, 5, 9, 10, 11}));
  EXPECT_EQ(tensors.lookups.size(), 5u);
}

TEST(WeightLayout, TensorsAreListedOnce) {
  WeightLayout gate{true, true, 2, 0, true}, up{true, true, 2, 1, true};
  Manifest manifest = manifestOf({{WeightRole::Router, "router"},
                                  {WeightRole::ExpertGate, "gate_up", gate},
                                  {WeightRole::ExpertUp, "gate_up", up},
                                  {WeightRole::ExpertDown, "{expert}.down"}});
  std::vector<rt::WeightEntry> tensors = rt::tensorTable(manifest);
  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[1].name, "gate_up");
  EXPECT_EQ(tensors[1].expert, -1);
  EXPECT_EQ(tensors[1].shape, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(tensors[2].name, "0.down");
  EXPECT_EQ(tensors[2].expert, 0);
}

} // namespace
} // namespace moec::test
