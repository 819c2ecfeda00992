//===- ConformanceTest.cpp - The suite's fixture ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ConformanceTest.h"

#include <set>

namespace moec::test {

void Conformance::SetUp() {
  std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  name = name.substr(0, name.find('/'));
  for (const ExpectedFailure &exception : GetParam().exceptions)
    if (exception.testCase == name)
      GTEST_SKIP() << exception.reason;
}

LayerOutput Conformance::expectReference(const LayerData &data) const {
  LayerOutput output = run(data, {linearPlacement(data.layer().experts, 1)});
  EXPECT_EQ(data.compare(output), "");
  return output;
}

void Conformance::expectSameEverywhere(const Layer &layer, uint32_t tokens, uint64_t seed) const {
  LayerData data = make(layer, tokens, seed);
  LayerOutput expected = expectReference(data);
  for (uint32_t ranks : GetParam().ranks) {
    EXPECT_TRUE(run(data, {linearPlacement(layer.experts, ranks)}) == expected)
        << "linear on " << ranks;
    if (GetParam().runsKernels && ranks != 3) // a compile each
      continue;
    EXPECT_TRUE(run(data, {roundRobinPlacement(layer.experts, ranks)}) == expected)
        << "round robin on " << ranks;
    EXPECT_TRUE(run(data, {randomPlacement(layer.experts, ranks, seed)}) == expected)
        << "at random on " << ranks;
    EXPECT_TRUE(run(data, {replicatedPlacement(layer.experts, ranks, 2)}) == expected)
        << "two copies on " << ranks;
  }
  if (GetParam().hasTestMode && tokens < 100)
    for (uint64_t testSeed = 1; testSeed <= 3; ++testSeed)
      EXPECT_TRUE(run(data, {randomPlacement(layer.experts, 3, seed)}, testSeed) == expected)
          << "test seed " << testSeed;
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(backends()),
                         [](const auto &info) { return info.param.name; });

TEST(Backends, ExceptionsNameCasesThatExist) {
  std::set<std::string> cases;
  const testing::UnitTest &tests = *testing::UnitTest::GetInstance();
  for (int suite = 0; suite < tests.total_test_suite_count(); ++suite)
    for (int test = 0; test < tests.GetTestSuite(suite)->total_test_count(); ++test) {
      std::string name = tests.GetTestSuite(suite)->GetTestInfo(test)->name();
      cases.insert(name.substr(0, name.find('/')));
    }
  for (const BackendUnderTest &backend : backends())
    for (const ExpectedFailure &exception : backend.exceptions) {
      EXPECT_TRUE(cases.contains(exception.testCase)) << backend.name << exception.testCase;
      EXPECT_NE(exception.reason, "") << backend.name << exception.testCase;
    }
}

} // namespace moec::test
