//===- DeadlockTest.cpp - Who waits for whom -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"
#include "test/runtime/backends/SessionRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

namespace moec::test {
namespace {

using rt::cpu::CpuSession;

/// Two ranks; the second never returns its flags: its signal waits for more.
std::unique_ptr<CpuSession> stuckSession(const LayerData &data, uint64_t testSeed) {
  plan::Plan plan = directRowsPlan(data.layer(), 2);
  for (plan::Op &op : plan.ops)
    if (op.name == "wc") // asks for one epoch more from rank 1
      op.value = plan::step() + plan::domainVariable(0);
  auto session =
      CpuSession::create(manifestOf(data.layer(), linearPlacement(4, 2)), plan, {1, 0, testSeed});
  EXPECT_TRUE(session.ok());
  EXPECT_TRUE((*session)->loadWeights(lookupIn(data)).ok());
  return std::move(*session);
}

TEST(Deadlock, IsReportedAtOnceWithTheWaitsAndTheirLines) {
  LayerData data(sampleLayer(), 4, 1);
  for (uint64_t testSeed : {0, 1}) {
    std::unique_ptr<CpuSession> session = stuckSession(data, testSeed);
    StepMemory memory(data, {2, 2});
    rt::Status status = session->step(memory.io);
    EXPECT_EQ(status.code(), rt::Code::Internal);
    EXPECT_EQ(status.message(),
              "deadlock: rank 0 waits for rank 1 on flag %fc[0, 1] in step 1 (sample.moe:29:3), "
              "wanted epoch 2, found 1; rank 1 waits for rank 1 on flag %fc[0, 1] in step 1 "
              "(sample.moe:29:3), wanted epoch 2, found 1");
  }
}

TEST(Deadlock, EndsTheSession) {
  LayerData data(sampleLayer(), 4, 1);
  std::unique_ptr<CpuSession> session = stuckSession(data, 0);
  StepMemory memory(data, {2, 2});
  EXPECT_FALSE(session->step(memory.io).ok());
  rt::Status status = session->step(memory.io);
  EXPECT_EQ(status.code(), rt::Code::Internal);
  EXPECT_EQ(status.message().find("the session stopped at an earlier failure: deadlock: "), 0u)
      << status.message();
}

/// Epochs are compared on a circle: steps go on beyond 2^32.
TEST(Epochs, WrapAround) {
  LayerData data(sampleLayer(), 7, 1);
  for (uint64_t testSeed : {0, 1, 2}) {
    auto session = CpuSession::create(manifestOf(data.layer(), linearPlacement(4, 3)),
                                      directRowsPlan(data.layer(), 3, 2), {1, 0, testSeed});
    ASSERT_TRUE(session.ok());
    ASSERT_TRUE((*session)->loadWeights(lookupIn(data)).ok());
    (*session)->startAt((uint64_t(1) << 32) - 2);
    for (int step = 0; step < 5; ++step) {
      StepMemory memory(data, evenShares(7, 3));
      rt::Status status = (*session)->step(memory.io);
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(data.compare(memory.result), "");
    }
  }
}

} // namespace
} // namespace moec::test
