//===- FairShareTest.cpp - Rates of flows that meet -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/FairShare.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using moec::simulator::FairShare;
using Use = FairShare::Use;

namespace {

TEST(FairShare, DividesAResourceEvenly) {
  FairShare share({90}, 1);
  std::vector<Use> use = {{0, 1}};
  for (int i = 0; i < 3; ++i)
    share.add(use, 1);
  share.share();
  for (uint32_t flow = 0; flow < 3; ++flow)
    EXPECT_DOUBLE_EQ(share.rate(flow), 30);
}

TEST(FairShare, GivesWhatOthersCannotUse) {
  // Flow 0 is held at 10 by resource 1; flow 1 has the rest of resource 0.
  FairShare share({100, 10}, 2);
  share.add(std::vector<Use>{{0, 1}, {1, 1}}, 1);
  share.add(std::vector<Use>{{0, 1}}, 1);
  share.share();
  EXPECT_DOUBLE_EQ(share.rate(0), 10);
  EXPECT_DOUBLE_EQ(share.rate(1), 90);
}

TEST(FairShare, FollowsWeights) {
  FairShare share({100}, 1);
  share.add(std::vector<Use>{{0, 1}}, 1);
  share.add(std::vector<Use>{{0, 1}}, 3);
  share.share();
  EXPECT_DOUBLE_EQ(share.rate(0), 25);
  EXPECT_DOUBLE_EQ(share.rate(1), 75);
}

TEST(FairShare, ChargesWhatAByteCosts) {
  FairShare share({120}, 1);
  share.add(std::vector<Use>{{0, 1.2}}, 1);
  share.share();
  EXPECT_DOUBLE_EQ(share.rate(0), 100);
}

TEST(FairShare, RenumbersTheLastWhenOneIsRemoved) {
  FairShare share({100, 50}, 1);
  share.add(std::vector<Use>{{0, 1}}, 1);
  share.add(std::vector<Use>{{0, 1}}, 1);
  share.add(std::vector<Use>{{1, 1}}, 1);
  share.remove(0);
  ASSERT_EQ(share.size(), 2u);
  share.share();
  EXPECT_DOUBLE_EQ(share.rate(0), 50); // was flow 2
  EXPECT_DOUBLE_EQ(share.rate(1), 100);
}

/// What makes rates max-min fair: nothing is overfull, and each flow has a full
/// resource on which none goes faster for its weight.
void expectFair(const FairShare &share, const std::vector<double> &capacities,
                const std::vector<double> &weights) {
  std::vector<double> load(capacities.size()), fastest(capacities.size());
  for (uint32_t flow = 0; flow < share.size(); ++flow)
    for (const Use &use : share.usesOf(flow)) {
      load[use.resource] += share.rate(flow) * use.bytesPerByte;
      fastest[use.resource] = std::max(fastest[use.resource], share.rate(flow) / weights[flow]);
    }
  for (size_t i = 0; i < capacities.size(); ++i)
    EXPECT_LE(load[i], capacities[i] * (1 + 1e-9));
  for (uint32_t flow = 0; flow < share.size(); ++flow) {
    auto uses = share.usesOf(flow);
    EXPECT_TRUE(std::any_of(uses.begin(), uses.end(),
                            [&](const Use &use) {
                              return load[use.resource] >= capacities[use.resource] * (1 - 1e-9) &&
                                     share.rate(flow) / weights[flow] >=
                                         fastest[use.resource] * (1 - 1e-9);
                            }))
        << "flow " << flow << " could go faster";
  }
}

/// A flow over up to four resources.
std::vector<Use> randomUses(std::mt19937 &random, uint32_t resources) {
  std::uniform_int_distribution<uint32_t> cost(1, 3);
  std::vector<Use> uses;
  for (uint32_t i = 0; i < resources && uses.size() < 4; ++i)
    if (cost(random) == 1 || i + 1 == resources)
      uses.push_back({i, double(cost(random))});
  return uses;
}

/// Flows come and go, a few at a time and many at once; rates are fair after each
/// change, however they were reached.
TEST(FairShare, StaysFairOnRandomNetworks) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    std::uniform_int_distribution<uint32_t> resourceCount(1, 60);
    std::lognormal_distribution<double> size(0, 3);
    std::vector<double> capacities(resourceCount(random));
    for (double &capacity : capacities)
      capacity = 100 * size(random);
    FairShare share(capacities, 4);
    std::vector<double> weights;
    for (int change = 0; change < 40; ++change) {
      uint32_t coming = change % 10 == 0 ? 40 : random() % 3, going = random() % 3;
      for (; coming > 0; --coming) {
        weights.push_back(round % 2 ? size(random) : 1);
        share.add(randomUses(random, static_cast<uint32_t>(capacities.size())), weights.back());
      }
      for (; going > 0 && share.size() > 1; --going) {
        uint32_t flow = random() % share.size();
        share.remove(flow);
        weights[flow] = weights.back();
        weights.pop_back();
      }
      share.clearChanges();
      share.share();
      expectFair(share, capacities, weights);
      if (HasFailure())
        FAIL() << "in round " << round << " after change " << change;
    }
  }
}

} // namespace
