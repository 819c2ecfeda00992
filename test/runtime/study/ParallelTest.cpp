//===- ParallelTest.cpp - Independent pieces of work on threads -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Parallel.h"

#include <atomic>
#include <gtest/gtest.h>
#include <new>
#include <vector>

using namespace moec::study;

TEST(Parallel, every_piece_is_done_once_and_counted) {
  for (unsigned threads : {0u, 1u, 3u, 200u}) {
    std::vector<int> calls(100);
    std::vector<size_t> heard;
    forEach(
        calls.size(), threads, [&](size_t i) { ++calls[i]; },
        [&](size_t done) { heard.push_back(done); });
    EXPECT_EQ(calls, std::vector<int>(100, 1)) << threads;
    ASSERT_EQ(heard.size(), 100u);
    for (size_t i = 0; i < heard.size(); ++i)
      EXPECT_EQ(heard[i], i + 1);
  }
}

TEST(Parallel, nothing_to_do_is_done_at_once) {
  forEach(0, 4, [](size_t) { FAIL(); });
}

TEST(Parallel, what_a_thread_throws_is_thrown_to_the_caller) {
  std::atomic<size_t> called = 0;
  auto body = [&](size_t i) {
    ++called;
    if (i == 3)
      throw std::bad_alloc();
  };
  EXPECT_THROW(forEach(1000000, 4, body), std::bad_alloc);
  EXPECT_LT(called, 1000000u) << "goes on for nothing";
}
