//===- WarpTest.cpp - What lanes do together -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace {

using namespace moec::test;
using namespace moec::rt::emulator;

uint32_t shuffle(uint32_t value, uint32_t offset, uint32_t clamp, ShuffleKind kind,
                 uint32_t *isValid = nullptr) {
  return moecEmuShuffle(1, allLanes, value, offset, clamp, static_cast<uint32_t>(kind), isValid);
}

TEST(Warp, ShufflesAllFourWays) {
  Machine machine;
  std::array<std::array<uint32_t, 5>, 32> seen{};
  std::array<uint32_t, 32> valid{};
  EXPECT_EQ(machine.run({},
                        [&](uint32_t t) {
                          seen[t] = {shuffle(t, 5, 31, ShuffleKind::Butterfly),
                                     shuffle(t, 3, 0, ShuffleKind::Up),
                                     shuffle(t, 3, 31, ShuffleKind::Down, &valid[t]),
                                     shuffle(t, 7, 31, ShuffleKind::Index),
                                     shuffle(t, 1, 0x1c03 | 0x0300, ShuffleKind::Index)};
                        }),
            "");
  for (uint32_t t = 0; t < 32; ++t) {
    EXPECT_EQ(seen[t][0], t ^ 5);
    EXPECT_EQ(seen[t][1], t < 3 ? t : t - 3);
    EXPECT_EQ(seen[t][2], t + 3 > 31 ? t : t + 3);
    EXPECT_EQ(valid[t], t + 3 <= 31);
    EXPECT_EQ(seen[t][3], 7u);
  }
}

TEST(Warp, VotesMatchesAndReduces) {
  Machine machine;
  std::array<std::array<uint32_t, 6>, 32> seen{};
  std::array<uint32_t, 32> same{};
  EXPECT_EQ(machine.run({},
                        [&](uint32_t t) {
                          const auto vote = [&](uint32_t p, VoteKind kind) {
                            return moecEmuVote(2, allLanes, p, static_cast<uint32_t>(kind));
                          };
                          seen[t] = {vote(t == 9, VoteKind::Any),
                                     vote(t != 9, VoteKind::All),
                                     vote(t % 2, VoteKind::Ballot),
                                     vote(1, VoteKind::Uniform),
                                     moecEmuMatch(3, allLanes, t / 8, 0, nullptr),
                                     moecEmuReduce(4, allLanes, t,
                                                   static_cast<uint32_t>(ReduceKind::Add))};
                          moecEmuMatch(5, allLanes, t / 32, 1, &same[t]);
                        }),
            "");
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(seen[t], (std::array<uint32_t, 6>{1, 0, 0xaaaaaaaa, 1, 0xffu << t / 8 * 8, 496}));
  EXPECT_EQ(same[3], 1u);
}

TEST(Warp, ElectsOneLaneAndNotAlwaysTheFirst) {
  Machine machine;
  uint32_t leaders = 0;
  for (uint64_t seed = 1; seed < 20; ++seed) {
    uint32_t elected = 0;
    Launch launch;
    launch.seed = seed;
    EXPECT_EQ(machine.run(launch,
                          [&](uint32_t t) {
                            if (moecEmuElect(1, allLanes))
                              elected |= 1u << t;
                          }),
              "");
    EXPECT_EQ(std::popcount(elected), 1);
    leaders |= elected;
  }
  EXPECT_GT(std::popcount(leaders), 3);
}

TEST(Warp, ExitedLanesAreNotWaitedFor) {
  Machine machine;
  uint32_t ballot = 0;
  EXPECT_EQ(machine.runSeeds({}, 10,
                             [&](uint32_t t) {
                               if (t >= 20)
                                 return;
                               ballot = moecEmuVote(1, allLanes, 1,
                                                    static_cast<uint32_t>(VoteKind::Ballot));
                             }),
            "");
  EXPECT_EQ(ballot, 0xfffffu);
}

TEST(Warp, DifferentWaysAreReported) {
  Machine machine;
  std::string failure = machine.run({}, [&](uint32_t t) {
    if (t < 16)
      moecEmuVote(11, allLanes, 1, 0);
    else
      moecEmuVote(12, allLanes, 1, 0);
  });
  EXPECT_NE(failure.find("lanes of one warp take different ways"), std::string::npos) << failure;
}

TEST(Warp, LaneOutsideOfItsMaskIsReported) {
  Machine machine;
  EXPECT_EQ(machine.run({.seed = 0}, [&](uint32_t) { moecEmuSyncWarp(7, 2); }),
            "test.moe:7: kernel 'test', op, rank 0, CTA 0, thread 0: lane 0 is not among the lanes "
            "1 of its op");
}

TEST(Warp, MissingLanesAreADeadlock) {
  Machine machine;
  std::string failure = machine.run({.seed = 0}, [&](uint32_t t) {
    if (t < 31)
      moecEmuSyncWarp(21, allLanes);
    else
      moecEmuMbarrierInit(1, shared(), 1), moecEmuMbarrierWait(22, shared(), 0);
  });
  EXPECT_EQ(failure,
            "deadlock of 32 threads of kernel 'test'; test.moe:21: kernel 'test', op, rank 0, CTA "
            "0, thread 0 and 30 more waits for lanes of its warp; test.moe:22: kernel 'test', op, "
            "rank 0, CTA 0, thread 31 waits for phase parity 0 of the mbarrier at shared byte 0 (1 "
            "of 1 arrivals and 0 bytes to come, 0 phases done)");
}

} // namespace
