//===- CpuSessionTest.cpp - Steps on virtual GPUs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/SessionRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

namespace moec::test {
namespace {

using rt::cpu::CpuSession;

LayerOutput runOnce(const LayerData &data, uint32_t ranks, uint64_t testSeed = 0) {
  const Layer &layer = data.layer();
  auto session = CpuSession::create(manifestOf(layer, linearPlacement(layer.experts, ranks)),
                                    directRowsPlan(layer, ranks), {2, 0, testSeed});
  EXPECT_TRUE(session.ok()) << session.status().message();
  rt::Status loaded = (*session)->loadWeights(lookupIn(data));
  EXPECT_TRUE(loaded.ok()) << loaded.message();
  StepMemory step(data, evenShares(data.tokens(), ranks));
  rt::Status status = (*session)->step(step.io);
  EXPECT_TRUE(status.ok()) << status.message();
  return step.result;
}

TEST(CpuSession, MatchesTheReferenceOnAnyRankCount) {
  LayerData data(sampleLayer(), 13, 1);
  LayerOutput first = runOnce(data, 1);
  EXPECT_EQ(data.compare(first), "");
  for (uint32_t ranks : {2, 3, 5, 8})
    EXPECT_EQ(runOnce(data, ranks), first) << ranks;
}

TEST(CpuSession, TestModeGivesTheSameBits) {
  LayerData data(sampleLayer(), 13, 1);
  LayerOutput first = runOnce(data, 1);
  for (uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(runOnce(data, 3, seed), first) << seed;
}

TEST(CpuSession, TestModeRefusesMoreRanksThanItsClocksHaveRoomFor) {
  Layer layer = sampleLayer();
  auto session = CpuSession::create(manifestOf(layer, linearPlacement(layer.experts, 128)),
                                    directRowsPlan(layer, 128), {2, 0, /*testSeed=*/1});
  EXPECT_EQ(session.status().code(), rt::Code::Unsupported);
  EXPECT_TRUE(session.status().message().starts_with("test mode: wanted at most 2.0 GiB of clocks"))
      << session.status().message();
}

} // namespace
} // namespace moec::test
