//===- StepTest.cpp - What one step of a layer costs ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Step.h"
#include "test/runtime/module/Sample.h"
#include "test/runtime/simulator/Machines.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::study;

namespace {

/// Four ranks behind a switch of 1 GB/s; every rank sends 100 tokens to every rank.
struct Fixture {
  Layer layer = test::sampleLayer();
  plan::Plan plan = test::directRowsPlan(layer, 4);
  Manifest manifest = test::sampleContents(layer, 4).manifest;
  topology::Machine machine;
  topology::Network network = test::switched(4, 1e9, 1e-6);
  traffic::ItemCounts counts;

  Fixture() {
    machine.name = "box";
    machine.memoryBytesPerSecond = {1e12, ""};
    machine.compute = {{"bf16", {1e14, ""}}, {"f32", {1e14, ""}}};
    counts.ranks = 4;
    counts.tokens.assign(4, 400);
    counts.copies = traffic::Matrix(4);
    for (uint32_t from = 0; from < 4; ++from)
      for (uint32_t to = 0; to < 4; ++to)
        counts.copies.at(from, to) = 100;
    counts.rows = counts.copies;
  }
  Step step() const { return {plan, manifest, machine, network, counts, 0}; }
};

} // namespace

TEST(Step, parts_make_up_a_step) {
  Fixture fixture;
  auto parts = partsOf(fixture.step());
  ASSERT_TRUE(parts) << parts.status().message();
  EXPECT_DOUBLE_EQ(parts->dispatchSeconds + parts->combineSeconds, parts->communicationSeconds);
  EXPECT_GT(parts->dispatchSeconds, 0);
  EXPECT_GT(parts->combineSeconds, 0);
  EXPECT_GT(parts->computeSeconds, 0);
  EXPECT_LT(parts->computeSeconds, parts->seconds);
  EXPECT_LE(parts->seconds, parts->communicationSeconds + parts->computeSeconds + 1e-12);
  EXPECT_GE(parts->seconds, parts->communicationSeconds);
}

TEST(Step, times_are_those_of_the_parts_and_above_the_bound) {
  Fixture fixture;
  auto times = timesOf(fixture.step());
  ASSERT_TRUE(times) << times.status().message();
  EXPECT_DOUBLE_EQ(times->seconds, partsOf(fixture.step())->seconds);
  for (double part : {times->dispatchSeconds, times->expertsSeconds, times->combineSeconds}) {
    EXPECT_GT(part, 0);
    EXPECT_LT(part, times->seconds);
  }
  EXPECT_LE(boundOf(fixture.step()).seconds, times->seconds);
  EXPECT_EQ(fixture.step().tokens(), 1600);
}

TEST(Step, without_rates_of_the_gpu_there_are_times_but_no_parts) {
  Fixture fixture;
  fixture.machine.compute.clear();
  auto times = timesOf(fixture.step());
  ASSERT_TRUE(times);
  EXPECT_EQ(times->expertsSeconds, 0);
  auto parts = partsOf(fixture.step());
  ASSERT_FALSE(parts);
  EXPECT_NE(parts.status().message().find("machine box: wanted its rate"), std::string::npos)
      << parts.status().message();
}
