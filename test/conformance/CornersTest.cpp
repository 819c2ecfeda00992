//===- CornersTest.cpp - The corners of routing and sharing ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ConformanceTest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace moec::test {
namespace {

TEST_P(Conformance, ZeroTokensOnARank) {
  LayerData data = make(sampleLayer(), 11, 1);
  LayerOutput expected = expectReference(data);
  ModuleRun run(data, {linearPlacement(4, 3)}, options());
  EXPECT_TRUE(run.step(data, {4, 0, 7}) == expected);
  EXPECT_TRUE(run.step(data, {0, 11, 0}) == expected);
  EXPECT_TRUE(run.step(data, {0, 0, 11}) == expected);
}

TEST_P(Conformance, NoTokensAtAll) {
  LayerData none = make(sampleLayer(), 0, 1), some = make(sampleLayer(), 5, 1);
  ModuleRun run(none, {linearPlacement(4, 3)}, options());
  run.step(none);
  EXPECT_EQ(some.compare(run.step(some)), "");
  run.step(none);
}

TEST_P(Conformance, FewerTokensThanRanks) {
  LayerData data = make(sampleLayer(), 3, 2);
  LayerOutput expected = expectReference(data);
  EXPECT_TRUE(run(data, {linearPlacement(4, 8)}) == expected);
}

TEST_P(Conformance, RanksWithoutExperts) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.experts = 2;
                         layer.router.topK = 1;
                       }),
                       9, 3);
}

TEST_P(Conformance, MoreExpertsThanFitEvenly) {
  expectSameEverywhere(layerWith([](Layer &layer) { layer.experts = 9; }), 20, 4);
}

TEST_P(Conformance, OneExpert) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.experts = 1;
                         layer.router.topK = 1;
                       }),
                       9, 5);
}

TEST_P(Conformance, EveryExpertChosen) {
  expectSameEverywhere(layerWith([](Layer &layer) { layer.router.topK = layer.experts; }), 9, 6);
}

TEST_P(Conformance, AllTokensToOneExpert) {
  Layer layer = layerWith([](Layer &layer) {
    layer.experts = 6;
    layer.router.topK = 1;
    layer.router.logitsBias = true;
  });
  LayerData data = make(layer, 40, 7);
  data.weight(WeightRole::RouterBias)[4] = 1000;
  LayerOutput expected = expectReference(data);
  EXPECT_EQ(std::count(expected.indices.begin(), expected.indices.end(), 4), 40);
  for (uint32_t ranks : GetParam().ranks)
    EXPECT_TRUE(run(data, {linearPlacement(6, ranks)}) == expected) << ranks;
}

TEST_P(Conformance, EqualLogitsGoToTheLowerExpert) {
  LayerData data = make(sampleLayer(), 5, 8);
  std::fill(data.weight(WeightRole::Router).begin(), data.weight(WeightRole::Router).end(), 0.f);
  LayerOutput output = run(data, {linearPlacement(4, 2)});
  for (size_t token = 0; token < 5; ++token) {
    EXPECT_EQ(output.indices[2 * token], 0);
    EXPECT_EQ(output.indices[2 * token + 1], 1);
  }
}

TEST_P(Conformance, ReplicasGiveTheSameBits) {
  Layer layer = layerWith([](Layer &layer) { layer.experts = 6; });
  LayerData data = make(layer, 31, 9);
  LayerOutput expected = expectReference(data);
  for (uint32_t copies : {2, 3, 4})
    EXPECT_TRUE(run(data, {replicatedPlacement(6, 4, copies)}) == expected) << copies;
}

/// Each source has lists of its own: its own copy alone, or one copy twice as often.
TEST_P(Conformance, TurnsOfReplicasGiveTheSameBits) {
  Layer layer = layerWith([](Layer &layer) { layer.experts = 6; });
  LayerData data = make(layer, 31, 9);
  LayerOutput expected = expectReference(data);
  Placement placement = replicatedPlacement(6, 4, 2);
  for (uint32_t expert : {0, 1, 4}) {
    Turns turns{expert, {}};
    uint32_t first = expert % 4, second = (expert + 1) % 4;
    for (uint32_t source = 0; source < 4; ++source)
      turns.ranks.push_back(source == first || source == second
                                ? std::vector{source}
                                : std::vector{second, first, second});
    placement.turns.push_back(turns);
  }
  EXPECT_TRUE(run(data, {placement}) == expected);
}

TEST_P(Conformance, StepsOfManySizesInARow) {
  for (uint32_t depth : {1, 2, 3}) {
    LayerData first = make(sampleLayer(), 8, 1);
    ModuleRun run(first, {linearPlacement(4, 3), depth}, options());
    for (uint32_t tokens : {8, 1, 0, 30, 2, 300, 7, 0, 5}) {
      LayerData data = make(sampleLayer(), tokens, 1); // the same weights
      EXPECT_EQ(data.compare(run.step(data)), "") << tokens;
    }
  }
}

TEST_P(Conformance, StepsInTestMode) {
  if (!GetParam().hasTestMode)
    GTEST_SKIP() << "no test mode";
  LayerData data = make(sampleLayer(), 9, 1);
  LayerOutput expected = expectReference(data);
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Arrangement arrangement{randomPlacement(4, 3, seed), uint32_t(1 + seed % 2),
                            uint32_t(seed % 3)};
    ModuleRun run(data, arrangement, options(seed));
    for (int step = 0; step < 4; ++step)
      EXPECT_TRUE(run.step(data, {2, uint32_t(step), uint32_t(7 - step)}) == expected) << seed;
  }
}

/// A NaN or an infinity stays with its token: indices are valid, other tokens have
/// the bits that they have without it.
TEST_P(Conformance, WhatIsNotFiniteStaysWithItsToken) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity(), 3e38f}) {
    LayerData data = make(sampleLayer(), 12, 10);
    LayerOutput clean = run(data, {linearPlacement(4, 3)});
    for (size_t i = 0; i < 16; ++i)
      data.input()[5 * 16 + i] = i % 2 ? bad : -bad;
    LayerOutput dirty = run(data, {linearPlacement(4, 3)});
    for (size_t token = 0; token < 12; ++token) {
      for (size_t slot = 0; slot < 2; ++slot) {
        EXPECT_GE(dirty.indices[token * 2 + slot], 0);
        EXPECT_LT(dirty.indices[token * 2 + slot], 4);
      }
      EXPECT_NE(dirty.indices[token * 2], dirty.indices[token * 2 + 1]);
      if (token != 5) {
        EXPECT_EQ(std::memcmp(&clean.output[token * 16], &dirty.output[token * 16], 64), 0);
      }
    }
  }
}

TEST_P(Conformance, NanInTheRouterIsChosenLast) {
  LayerData data = make(sampleLayer(), 4, 11);
  for (size_t i = 0; i < 16; ++i)
    data.weight(WeightRole::Router)[2 * 16 + i] = std::numeric_limits<float>::quiet_NaN();
  Layer layer = data.layer();
  layer.router.scoreAfterTopK = true; // a softmax over all would make all of them NaN
  LayerData after = make(layer, 4, 11);
  after.weight(WeightRole::Router) = data.weight(WeightRole::Router);
  LayerOutput output = run(after, {linearPlacement(4, 2)});
  EXPECT_EQ(std::count(output.indices.begin(), output.indices.end(), 2), 0);
  EXPECT_TRUE(std::isfinite(output.output[0]));
  run(data, {linearPlacement(4, 2)}); // and this does not crash
}

TEST_P(Conformance, ReportCountsBytesAndRows) {
  LayerData data = make(sampleLayer(), 20, 12);
  ModuleRun run(data, {linearPlacement(4, 2)}, options());
  LayerOutput output = run.step(data);
  run.step(data);
  moec_step_report report = run.session().report();
  EXPECT_EQ(report.step, 2u);
  EXPECT_GT(report.seconds, 0);

  uint64_t tokenBytes = data.layer().tokensType == DType::F32 ? 4 : 2;
  std::vector<uint64_t> rows(4), dispatched(4), returned(4);
  for (size_t token = 0; token < 20; ++token) {
    uint64_t source = token / 10;
    std::vector<bool> goes(2);
    for (size_t slot = 0; slot < 2; ++slot) {
      uint64_t expert = output.indices[token * 2 + slot], destination = expert / 2;
      ++rows[expert];
      returned[destination * 2 + source] += 16 * 4;
      goes[destination] = true;
    }
    for (uint64_t destination = 0; destination < 2; ++destination)
      if (goes[destination])
        dispatched[source * 2 + destination] += 16 * tokenBytes + 4 * (2 + 4); // a row, its record
  }
  EXPECT_EQ(std::vector<uint64_t>(report.expert_tokens, report.expert_tokens + 4), rows);
  EXPECT_EQ(std::vector<uint64_t>(report.dispatch_bytes, report.dispatch_bytes + 4), dispatched);
  EXPECT_EQ(std::vector<uint64_t>(report.combine_bytes, report.combine_bytes + 4), returned);
  if (!GetParam().runsKernels) { // else launches, as many as are fused
    ASSERT_EQ(report.phases, 11u);
    EXPECT_STREQ(report.phase_names[0], "rt");
  }
  EXPECT_GT(std::accumulate(report.phase_seconds, report.phase_seconds + report.phases, 0.), 0);
}

} // namespace
} // namespace moec::test
