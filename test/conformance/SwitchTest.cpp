//===- SwitchTest.cpp - Exchanges that a switch makes ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ConformanceTest.h"

#include <cmath>

namespace moec::test {

static double norm(const std::vector<float> &values) {
  double sum = 0;
  for (float value : values)
    sum += double(value) * value;
  return std::sqrt(sum);
}

static double distance(const std::vector<float> &first, const std::vector<float> &second) {
  std::vector<float> difference(first.size());
  for (size_t i = 0; i < first.size(); ++i)
    difference[i] = first[i] - second[i];
  return norm(difference) / norm(first);
}

TEST_P(Conformance, MulticastGivesTheSameBits) {
  if (GetParam().runsKernels)
    GTEST_SKIP() << "no kernels multicast";
  for (const Layer &layer : {sampleLayer(), layerWith([](Layer &layer) {
                               layer.experts = 6;
                               layer.residual = true;
                             })}) {
    LayerData data = make(layer, 19, 4);
    LayerOutput expected = expectReference(data);
    for (uint32_t ranks : {1, 2, 3, 8})
      for (uint32_t depth : {1, 2})
        EXPECT_TRUE(
            run(data, {.placement = replicatedPlacement(layer.experts, ranks, ranks > 1 ? 2 : 1),
                       .depth = depth,
                       .exchange = Exchange::Multicast}) == expected)
            << ranks << " ranks, depth " << depth;
  }
}

/// All sums of ranks are in the reach of f32 here, so what is rounded is no more than the
/// last of them: (N - 1) units of f32 and, for rows in bf16, one half unit.
TEST_P(Conformance, SumsOfASwitchAreWithinTheirRounding) {
  if (GetParam().runsKernels)
    GTEST_SKIP() << "no kernels leave sums to a switch";
  for (DType type : {DType::F32, DType::BF16}) {
    Layer layer = layerWith([&](Layer &layer) {
      layer.combineType = type;
      layer.residual = true;
    });
    LayerData data = make(layer, 19, 4);
    LayerOutput rows = expectReference(data);
    for (uint32_t ranks : {1, 2, 3, 8}) {
      LayerOutput output = run(
          data, {.placement = linearPlacement(layer.experts, ranks), .exchange = Exchange::Switch});
      EXPECT_EQ(output.indices, rows.indices);
      double sums = (ranks + layer.router.topK) * 0x1p-24;
      double bound = type == DType::F32 ? sums : sums + 2 * 0x1p-9; // of a rank, of the switch
      EXPECT_LE(distance(rows.output, output.output), bound) << ranks << " ranks";
    }
  }
}

TEST_P(Conformance, ASwitchInTestMode) {
  if (!GetParam().hasTestMode)
    GTEST_SKIP() << "no test mode";
  LayerData data = make(sampleLayer(), 9, 1);
  for (Exchange exchange : {Exchange::Multicast, Exchange::Switch}) {
    Placement placement = linearPlacement(4, 3);
    LayerOutput expected = run(data, {.placement = placement, .exchange = exchange});
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      Arrangement arrangement{.placement = placement,
                              .depth = uint32_t(1 + seed % 2),
                              .window = uint32_t(seed % 3),
                              .exchange = exchange};
      ModuleRun run(data, arrangement, options(seed));
      for (int step = 0; step < 4; ++step)
        EXPECT_TRUE(run.step(data, {2, uint32_t(step), uint32_t(7 - step)}) == expected) << seed;
    }
  }
}

} // namespace moec::test
