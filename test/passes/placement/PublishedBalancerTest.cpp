//===- PublishedBalancerTest.cpp - The published balancer's own answers ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PublishedBalancer.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace moec {
namespace {

template <typename T> std::vector<T> numbers(const std::string &line) {
  std::istringstream stream(line);
  std::vector<T> values;
  for (T value; stream >> value;)
    values.push_back(value);
  return values;
}

// The example of its README: two layers, 12 experts, 4 groups, 16 slots on 8 GPUs of 2 nodes.
TEST(PublishedBalancer, AnswersItsOwnExample) {
  BalancerSizes sizes{16, 4, 2, 8};
  EXPECT_EQ(publishedBalance({90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86}, sizes),
            (std::vector<uint32_t>{5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1}));
  EXPECT_EQ(publishedBalance({20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27}, sizes),
            (std::vector<uint32_t>{7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1}));
}

// Answers that the original gave (Inputs/make_eplb_cases.py), equal loads among them.
TEST(PublishedBalancer, AnswersAsTheOriginal) {
  std::ifstream file(MOEC_TEST_DIR "/passes/placement/Inputs/eplb_cases.txt");
  int cases = 0;
  for (std::string sizes, loads, answer;
       std::getline(file, sizes) && std::getline(file, loads) && std::getline(file, answer);) {
    SCOPED_TRACE(sizes);
    auto size = numbers<uint32_t>(sizes);
    ASSERT_EQ(size.size(), 4u);
    EXPECT_EQ(publishedBalance(numbers<double>(loads), {size[0], size[1], size[2], size[3]}),
              numbers<uint32_t>(answer));
    ++cases;
  }
  EXPECT_EQ(cases, 39);
}

TEST(PublishedBalancer, SaysWhichSizesItTakes) {
  EXPECT_EQ(checkBalancerSizes(60, {64, 1, 1, 8}), "");
  EXPECT_EQ(checkBalancerSizes(60, {60, 1, 1, 8}), "slots a multiple of gpus, not 60 of 8");
  EXPECT_EQ(checkBalancerSizes(64, {64, 1, 3, 8}), "gpus a multiple of nodes, not 8 of 3");
  EXPECT_EQ(checkBalancerSizes(60, {64, 8, 1, 8}), "experts a multiple of groups, not 60 of 8");
  EXPECT_EQ(checkBalancerSizes(64, {32, 1, 1, 8}), "a slot for every expert");
}

} // namespace
} // namespace moec
