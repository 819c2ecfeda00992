//===- OrderTest.cpp - Races, fences, scopes, peers ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include <gtest/gtest.h>

namespace {

using namespace moec::test;
using moec::rt::MemoryKind;
using moec::rt::emulator::AtomicKind;

constexpr uint32_t relaxed = 0, acquire = 1, release = 2, both = 3;
constexpr uint32_t cta = 0, gpu = 1, sys = 2;

void expectFailure(const std::string &failure, const std::string &part) {
  EXPECT_NE(failure.find(part), std::string::npos) << "found '" << failure << "'";
}

void waitFor(uint32_t site, uint64_t flag, uint64_t value, uint32_t ordering, uint32_t scope) {
  while (moecEmuLoadAtomic(site, flag, 4, ordering, scope) != value)
    moecEmuSleep(site, 32);
}

TEST(Shared, UnorderedLanesRaceUntilTheWarpSyncs) {
  Machine machine;
  const auto with = [&](bool syncs) {
    return machine.runSeeds({}, 10, [&, syncs](uint32_t t) {
      store32(4, shared(4 * t), 0);
      moecEmuSyncWarp(5, allLanes);
      store32(1, shared(4 * t), t);
      if (syncs)
        moecEmuSyncWarp(2, allLanes);
      load32(3, shared(4 * (31 - t)));
    });
  };
  EXPECT_EQ(with(true), "");
  expectFailure(with(false), "unordered with");
}

TEST(Shared, ShuffleOrdersNothing) {
  Machine machine;
  expectFailure(machine.runSeeds({}, 10,
                                 [&](uint32_t t) {
                                   store32(1, shared(4 * t), t);
                                   moecEmuShuffle(2, allLanes, t, 1, 31, 0, nullptr);
                                   load32(3, shared(4 * (31 - t)));
                                 }),
                "race: loads from");
}

TEST(Shared, LaneZeroArrivesForItsOwnWritesOnly) {
  Machine machine;
  Launch launch;
  launch.threads = 64;
  const auto with = [&](bool syncs) {
    return machine.runSeeds(launch, 20, [&, syncs](uint32_t t) {
      if (t == 0)
        moecEmuMbarrierInit(1, shared(), 1);
      if (t < 32)
        store32(8, shared(64 + 4 * t), 0);
      moecEmuBarrier(2, 0, 0);
      if (t < 32) {
        store32(3, shared(64 + 4 * t), t);
        if (syncs)
          moecEmuSyncWarp(4, allLanes);
        if (t == 0)
          moecEmuMbarrierArrive(5, shared(), 1);
      } else {
        moecEmuMbarrierWait(6, shared(), 0);
        load32(7, shared(64 + 4 * (t - 32)));
      }
    });
  };
  EXPECT_EQ(with(true), "");
  expectFailure(with(false), "race: ");
}

TEST(Shared, WhatNobodyWroteIsReported) {
  Machine machine;
  expectFailure(machine.run({},
                            [&](uint32_t t) {
                              if (t == 0)
                                load32(1, shared(100));
                            }),
                "loads from what nobody wrote: byte 100 of shared memory");
}

class Global : public testing::Test {
protected:
  /// CTA 0 writes and signals, CTA 1 waits and reads.
  std::string pass(const std::function<void(uint64_t flag)> &signal,
                   const std::function<void(uint64_t flag)> &await) {
    Launch launch;
    launch.ctasPerRank = 2;
    Machine machine;
    const uint64_t data = machine.allocate(64, false), flag = machine.allocate(8);
    return machine.runSeeds(launch, 20, [&](uint32_t t) {
      if (t != 0)
        return;
      if (ctaOf() == 0) {
        store32(1, data, 5);
        signal(flag);
      } else {
        await(flag);
        EXPECT_EQ(load32(2, data), 5u);
      }
      // For the next seed.
      moecEmuAtomic(3, static_cast<uint32_t>(AtomicKind::Inc), flag + 4, 1, 4, both, gpu);
      if (*reinterpret_cast<uint32_t *>(flag + 4) == 0)
        *reinterpret_cast<uint32_t *>(flag) = 0;
    });
  }
};

TEST_F(Global, ReleaseAndAcquirePassData) {
  EXPECT_EQ(pass([](uint64_t flag) { moecEmuStoreAtomic(4, flag, 1, 4, release, gpu); },
                 [](uint64_t flag) { waitFor(5, flag, 1, acquire, gpu); }),
            "");
}

TEST_F(Global, FencesAroundRelaxedAccessesDoToo) {
  EXPECT_EQ(pass(
                [](uint64_t flag) {
                  moecEmuFence(3, gpu);
                  moecEmuAtomic(4, static_cast<uint32_t>(AtomicKind::Add), flag, 1, 4, relaxed,
                                gpu);
                },
                [](uint64_t flag) {
                  waitFor(5, flag, 1, relaxed, gpu);
                  moecEmuFence(6, gpu);
                }),
            "");
}

TEST_F(Global, RelaxedAloneRaces) {
  expectFailure(pass([](uint64_t flag) { moecEmuStoreAtomic(4, flag, 1, 4, relaxed, gpu); },
                     [](uint64_t flag) { waitFor(5, flag, 1, acquire, gpu); }),
                "race: loads from local memory 'memory' of rank 0, byte 0 of 64, unordered with "
                "the write by test.moe:1");
}

TEST_F(Global, TooNarrowAScopeRaces) {
  expectFailure(pass([](uint64_t flag) { moecEmuStoreAtomic(4, flag, 1, 4, release, cta); },
                     [](uint64_t flag) { waitFor(5, flag, 1, acquire, gpu); }),
                "race: ");
}

/// Rank 0 writes into rank 1's heap and signals there.
std::string put(uint32_t releaseScope, bool signalsFirst, uint32_t seeds = 20) {
  Launch launch;
  launch.ranks = 2;
  launch.threads = 64;
  for (launch.seed = 1; launch.seed <= seeds; ++launch.seed) {
    Machine machine;
    const uint64_t heap = machine.allocate(1024, false, MemoryKind::Symmetric, 1);
    std::string failure = machine.run(launch, [&](uint32_t t) {
      if (rankOf() == 0) {
        if (signalsFirst && t == 0)
          moecEmuStoreAtomic(1, heap, 1, 4, release, releaseScope);
        store32(2, heap + 64 + 4 * t, t);
        moecEmuBarrier(3, 0, 0);
        if (!signalsFirst && t == 0)
          moecEmuStoreAtomic(4, heap, 1, 4, release, releaseScope);
      } else if (t < 32) {
        if (t == 0)
          waitFor(5, heap, 1, acquire, sys);
        moecEmuSyncWarp(6, allLanes);
        EXPECT_EQ(load32(7, heap + 64 + 4 * t), t);
      }
    });
    if (!failure.empty())
      return failure;
  }
  return "";
}

TEST(Peers, SeeWhatWasReleasedToTheSystem) {
  EXPECT_EQ(put(sys, false), "");
  expectFailure(put(gpu, false), "race: loads from symmetric heap 'memory' of rank 1");
  expectFailure(put(sys, true), "race: ");
}

TEST(Peers, StoresLandLate) {
  // Rank 1 polls the word itself, which is a race, but shows that the store is late.
  int late = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Machine machine;
    const uint64_t heap = machine.allocate(64, true, MemoryKind::Symmetric, 1);
    Launch launch;
    launch.ranks = 2;
    launch.seed = seed;
    machine.run(launch, [&](uint32_t t) {
      if (t != 0 || rankOf() != 0)
        return;
      store32(1, heap, 1);
      late += *reinterpret_cast<uint32_t *>(heap) == 0;
      EXPECT_EQ(load32(2, heap), 1u) << "its own store is seen by the thread";
    });
    EXPECT_EQ(*reinterpret_cast<uint32_t *>(heap), 1u);
  }
  EXPECT_GT(late, 5);
  EXPECT_LT(late, 35);
}

TEST(Memory, BoundsAndKindsAreKept) {
  Machine machine;
  const uint64_t weights = machine.allocate(64, true, MemoryKind::Weights);
  const uint64_t local = machine.allocate(60);
  const auto one = [&](const std::function<void()> &body) {
    return machine.run({.seed = 0}, [&](uint32_t t) {
      if (t == 0)
        body();
    });
  };
  expectFailure(one([&] { load32(1, local + 60); }), "out of bounds: loads from 4 bytes at");
  expectFailure(one([&] { store32(1, weights, 1); }), "writes weights 'memory' of rank 0");
  expectFailure(one([&] { load32(1, shared(64 << 10)); }), "out of bounds");
  expectFailure(one([&] { load32(1, local + 2); }), "is not aligned");
  EXPECT_EQ(one([&] { load32(1, weights + 60); }), "");
  machine.memory.free(local);
  expectFailure(one([&] { load32(1, local); }), "(freed)");
}

TEST(Waits, EndWithTheDeadlineOrAsADeadlock) {
  Machine machine;
  const uint64_t flag = machine.allocate(8);
  uint64_t waited = 0;
  EXPECT_EQ(machine.run({.seed = 0},
                        [&](uint32_t t) {
                          if (t != 0)
                            return;
                          const uint64_t start = moecEmuClock(1);
                          while (moecEmuLoadAtomic(2, flag, 4, acquire, sys) != 1 &&
                                 moecEmuClock(3) - start < 2000000000)
                            moecEmuSleep(4, 64);
                          waited = moecEmuClock(5) - start;
                        }),
            "");
  EXPECT_GE(waited, 2000000000u);
  expectFailure(
      machine.run({.seed = 0},
                  [&](uint32_t t) {
                    if (t == 0)
                      waitFor(6, flag, 1, acquire, sys);
                  }),
      "deadlock of 1 threads of kernel 'test'; test.moe:6: kernel 'test', op, rank 0, CTA "
      "0, thread 0 polls local memory 'memory' of rank 0, byte 0 of 8, which holds 0");
}

TEST(Waits, AWholeWarpPollsOneFlagALane) {
  Machine machine;
  const uint64_t flags = machine.allocate(256);
  Launch launch;
  launch.threads = 64;
  EXPECT_EQ(machine.runSeeds(launch, 10,
                             [&](uint32_t t) {
                               if (t < 32) {
                                 const uint64_t mine = flags + 8 * t;
                                 uint32_t isThere = 0;
                                 do {
                                   isThere = moecEmuLoadAtomic(1, mine, 8, acquire, sys) == 7;
                                   moecEmuSleep(2, 64);
                                 } while (!moecEmuVote(3, allLanes, isThere, 1));
                                 *reinterpret_cast<uint64_t *>(mine) = 0;
                               } else {
                                 moecEmuStoreAtomic(4, flags + 8 * (t - 32), 7, 8, release, sys);
                               }
                             }),
            "");
}

TEST(Waits, AWholeWarpReachesItsDeadline) {
  Machine machine;
  const uint64_t flags = machine.allocate(256);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Launch launch;
    launch.seed = seed;
    EXPECT_EQ(machine.run(launch,
                          [&](uint32_t t) {
                            const uint64_t start = moecEmuClock(1);
                            uint32_t isOver = 0;
                            do {
                              isOver = moecEmuLoadAtomic(2, flags + 8 * t, 8, acquire, sys) == 7 ||
                                       moecEmuClock(3) - start >= 10'000'000'000;
                              moecEmuSleep(4, 64);
                            } while (!moecEmuVote(5, allLanes, isOver, 1));
                          }),
              "");
  }
  EXPECT_LT(machine.engine.counts().switches, 100'000u);
}

TEST(Waits, AThreadPollsManyFlagsUntilItsDeadline) {
  Machine machine;
  constexpr uint32_t count = 100;
  const uint64_t flags = machine.allocate(8 * count);
  // 10 s of the emulator's clock: by turns of a nanosecond this would not end.
  const auto isThere = [&] {
    const uint64_t start = moecEmuClock(1);
    uint32_t there = 0;
    do {
      there = 0;
      for (uint32_t i = 0; i < count; ++i)
        there += moecEmuLoadAtomic(2, flags + 8 * i, 8, acquire, sys) == 7;
      moecEmuSleep(3, 64);
    } while (there != count && moecEmuClock(4) - start < 10'000'000'000);
    return there == count;
  };
  for (uint32_t lost : {count, 41u})
    for (uint64_t seed = 0; seed < 5; ++seed) {
      Launch launch;
      launch.seed = seed;
      bool found = false;
      EXPECT_EQ(machine.run(launch,
                            [&](uint32_t t) {
                              if (t == 0)
                                found = isThere();
                              else if (t == 1)
                                for (uint32_t i = 0; i < count; ++i)
                                  if (i != lost)
                                    moecEmuStoreAtomic(5, flags + 8 * i, 7, 8, release, sys);
                            }),
                "");
      EXPECT_EQ(found, lost == count) << "seed " << seed;
      for (uint32_t i = 0; i < count; ++i)
        reinterpret_cast<uint64_t *>(flags)[i] = 0;
    }
}

} // namespace
