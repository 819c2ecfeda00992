//===- BarrierTest.cpp - mbarriers, named barriers, registers --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include <gtest/gtest.h>

namespace {

using namespace moec::test;

/// One thread initializes `count` barriers of one arrival each; all see them.
void prepare(uint32_t t, uint32_t count, uint32_t arrivals = 1) {
  if (t == 0)
    for (uint32_t i = 0; i < count; ++i)
      moecEmuMbarrierInit(1, shared(8 * i), arrivals);
  moecEmuBarrier(2, 0, 0);
}

void expectFailure(const std::string &failure, const std::string &part) {
  EXPECT_NE(failure.find(part), std::string::npos) << "found '" << failure << "'";
}

TEST(Mbarrier, PassesValuesFromTurnToTurn) {
  Machine machine;
  Launch launch;
  launch.threads = 64;
  uint32_t sum = 0;
  EXPECT_EQ(machine.runSeeds(launch, 20,
                             [&](uint32_t t) {
                               prepare(t, 2);
                               const uint64_t full = shared(), empty = shared(8), slot = shared(64);
                               if (t == 0)
                                 for (uint32_t i = 0; i < 10; ++i) {
                                   moecEmuMbarrierWait(3, empty, (i & 1) ^ 1);
                                   store32(4, slot, i);
                                   moecEmuMbarrierArrive(5, full, 1);
                                 }
                               if (t == 32) {
                                 sum = 0;
                                 for (uint32_t i = 0; i < 10; ++i) {
                                   moecEmuMbarrierWait(6, full, i & 1);
                                   sum += load32(7, slot);
                                   moecEmuMbarrierArrive(8, empty, 1);
                                 }
                               }
                             }),
            "");
  EXPECT_EQ(sum, 45u);
}

TEST(Mbarrier, OverArrivalIsReported) {
  Machine machine;
  expectFailure(machine.run({.seed = 0},
                            [&](uint32_t t) {
                              prepare(t, 1, 40);
                              moecEmuMbarrierArrive(9, shared(), 3);
                            }),
                "test.moe:9: kernel 'test', op, rank 0, CTA 0, thread 13: over-arrival: 1 of 40 "
                "arrivals are missing at the mbarrier at byte 0 of shared memory, 3 more come");
}

TEST(Mbarrier, MisuseIsReported) {
  Machine machine;
  const auto one = [&](const std::function<void()> &body) {
    return machine.run({.seed = 0}, [&](uint32_t t) {
      if (t == 0)
        body();
    });
  };
  expectFailure(one([] { moecEmuMbarrierArrive(3, shared(), 1); }), "no mbarrier was initialized");
  expectFailure(one([] {
                  moecEmuMbarrierInit(1, shared(), 1);
                  moecEmuMbarrierInit(2, shared(), 1);
                }),
                "is initialized again without mbarrier.inval");
  expectFailure(one([] {
                  moecEmuMbarrierInit(1, shared(), 1);
                  store32(2, shared(4), 5);
                  moecEmuMbarrierArrive(3, shared(), 1);
                }),
                "was overwritten");
  expectFailure(one([] { moecEmuMbarrierInit(1, shared(64 << 10), 1); }), "out of bounds");
  EXPECT_EQ(one([] {
              moecEmuMbarrierInit(1, shared(), 1);
              moecEmuMbarrierArrive(2, shared(), 1);
              moecEmuMbarrierInval(3, shared());
              moecEmuMbarrierInit(4, shared(), 1);
              EXPECT_EQ(moecEmuMbarrierTest(5, shared(), 1, 0), 1u);
              EXPECT_EQ(moecEmuMbarrierTest(6, shared(), 0, 0), 0u);
            }),
            "");
}

TEST(Mbarrier, UseBeforeItsInitializationIsKnownIsARace) {
  Machine machine;
  Launch launch;
  launch.threads = 64;
  expectFailure(machine.runSeeds(launch, 20,
                                 [&](uint32_t t) {
                                   if (t == 0)
                                     moecEmuMbarrierInit(1, shared(), 1);
                                   if (t == 32) {
                                     for (int i = 0; i < 200; ++i)
                                       moecEmuSleep(2, 1);
                                     moecEmuMbarrierArrive(3, shared(), 1);
                                   }
                                 }),
                "race: uses an mbarrier");
}

TEST(NamedBarrier, GroupsPassApart) {
  Machine machine;
  Launch launch;
  launch.threads = 128;
  EXPECT_EQ(machine.runSeeds(launch, 20,
                             [&](uint32_t t) {
                               const uint32_t group = t / 64;
                               for (uint32_t i = 0; i < 5; ++i) {
                                 store32(1, shared(4 * t), i);
                                 moecEmuBarrier(2, 1 + group, 64);
                                 EXPECT_EQ(load32(3, shared(4 * (t ^ 63))), i);
                                 moecEmuBarrier(4, 1 + group, 64);
                               }
                             }),
            "");
}

TEST(NamedBarrier, MissingOneIsARace) {
  Machine machine;
  Launch launch;
  launch.threads = 64;
  expectFailure(machine.runSeeds(launch, 20,
                                 [&](uint32_t t) {
                                   store32(1, shared(4 * t), t);
                                   moecEmuBarrier(2, 1, 64);
                                   load32(3, shared(4 * (t ^ 63)));
                                   store32(4, shared(4 * t), t);
                                 }),
                "race: ");
}

TEST(NamedBarrier, ArriveGoesOnAndCounts) {
  Machine machine;
  Launch launch;
  launch.threads = 64;
  EXPECT_EQ(machine.runSeeds(launch, 20,
                             [&](uint32_t t) {
                               if (t < 32) {
                                 store32(1, shared(4 * t), 7);
                                 moecEmuBarrierArrive(2, 3, 64);
                               } else {
                                 moecEmuBarrier(3, 3, 64);
                                 EXPECT_EQ(load32(4, shared(4 * (t - 32))), 7u);
                               }
                             }),
            "");
}

TEST(NamedBarrier, CountsDropWithExits) {
  Machine machine;
  Launch launch;
  launch.threads = 96;
  EXPECT_EQ(machine.runSeeds(launch, 20,
                             [&](uint32_t t) {
                               if (t < 32)
                                 return; // a whole warp
                               if (t == 50)
                                 return; // and one lane
                               moecEmuBarrier(2, 0, 0);
                             }),
            "");
}

TEST(NamedBarrier, MisuseIsReported) {
  Machine machine;
  Launch launch;
  launch.threads = 96;
  launch.seed = 0;
  expectFailure(machine.run(launch,
                            [&](uint32_t t) {
                              if (t < 32)
                                moecEmuBarrier(1, 1, 64);
                              else if (t < 64)
                                moecEmuBarrier(2, 1, 96);
                            }),
                "is for 96 threads here and for 64 at test.moe:1");
  expectFailure(machine.run(launch, [&](uint32_t) { moecEmuBarrier(1, 16, 0); }),
                "there is no barrier 16");
  expectFailure(machine.run(launch,
                            [&](uint32_t t) {
                              if (t < 32)
                                moecEmuBarrier(1, 2, 64);
                            }),
                "deadlock of 32 threads of kernel 'test'; test.moe:1: kernel 'test', op, rank 0, "
                "CTA 0, thread 0 and 31 more waits at barrier 2");
}

TEST(NamedBarrier, PartialWarpIsReported) {
  Machine machine;
  expectFailure(machine.run({},
                            [&](uint32_t t) {
                              if (t == 3)
                                moecEmuBarrier(1, 1, 32);
                              else
                                moecEmuSyncWarp(2, allLanes);
                            }),
                "lanes of one warp take different ways");
}

TEST(Registers, BudgetIsKept) {
  Machine machine;
  Launch launch;
  launch.threads = 384;
  launch.seed = 0;
  const auto with = [&](uint32_t helpers, uint32_t math) {
    return machine.run(launch, [=](uint32_t t) {
      moecEmuSetRegisters(t < 128 ? 1 : 2, t < 128 ? helpers : math, t >= 128);
    });
  };
  EXPECT_EQ(with(40, 232), "");
  expectFailure(with(40, 240), "waits for registers that other warps hold");
  expectFailure(with(200, 232), "setmaxnreg decreases from 168 to 200");
}

} // namespace
