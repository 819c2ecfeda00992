//===- ThreadPoolTest.cpp - Every index once, in any thread ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/ThreadPool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace moec::test {
namespace {

using rt::cpu::ThreadPool;

TEST(ThreadPool, CallsEveryIndexOnce) {
  for (uint32_t threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (uint32_t count = 0; count < 200; ++count) {
      std::vector<int> calls(count);
      pool.parallelFor(count, [&](uint32_t index) { ++calls[index]; });
      for (int number : calls)
        ASSERT_EQ(number, 1) << threads << " threads, " << count << " indices";
    }
  }
}

/// Many short runs, one after another: no worker joins a run that is over.
TEST(ThreadPool, RunsDoNotMix) {
  ThreadPool pool(4);
  for (uint32_t run = 0; run < 20000; ++run) {
    std::atomic<uint32_t> sum{0};
    pool.parallelFor(5, [&](uint32_t index) { sum += index + run; });
    ASSERT_EQ(sum, 10 + 5 * run);
  }
}

TEST(ThreadPool, WakesWorkersThatSleep) {
  ThreadPool pool(2);
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::vector<int> calls(1000);
    pool.parallelFor(1000, [&](uint32_t index) { ++calls[index]; });
    for (int number : calls)
      ASSERT_EQ(number, 1);
  }
}

TEST(ThreadPool, ZeroMeansEveryCore) { EXPECT_GE(ThreadPool(0).threads(), 1u); }

} // namespace
} // namespace moec::test
