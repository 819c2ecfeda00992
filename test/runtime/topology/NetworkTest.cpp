//===- NetworkTest.cpp - Resources and routes -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Network.h"

#include <gtest/gtest.h>

using namespace moec::topology;
using moec::plan::Path;

TEST(Network, NumbersRanksByNodeThenLane) {
  Network network(2, 4);
  EXPECT_EQ(network.getRanks(), 8u);
  EXPECT_EQ(network.nodeOf(5), 1u);
  EXPECT_EQ(network.laneOf(5), 1u);
}

TEST(Network, HasNoRouteUntilItIsSet) {
  Network network(1, 2);
  EXPECT_EQ(network.route(0, 1, Path::NVLink), nullptr);
  uint32_t out = network.add({"gpu 0 out", ResourceKind::Egress, 0, 1e9});
  network.setRoute(0, 1, Path::NVLink, {{{out, 1}}, 1e-6});
  ASSERT_NE(network.route(0, 1, Path::NVLink), nullptr);
  EXPECT_EQ(network.route(0, 1, Path::NVLink)->latencySeconds, 1e-6);
  EXPECT_EQ(network.route(1, 0, Path::NVLink), nullptr);
  EXPECT_EQ(network.route(0, 1, Path::Rail), nullptr);
}

TEST(Network, KeepsTheRoutesOfThePathsApartAndReplaces) {
  Network network(2, 1);
  network.setRoute(0, 1, Path::NVLink, {{}, 1});
  network.setRoute(0, 1, Path::Rail, {{}, 2});
  network.setRoute(0, 1, Path::NVLink, {{}, 3});
  EXPECT_EQ(network.route(0, 1, Path::NVLink)->latencySeconds, 3);
  EXPECT_EQ(network.route(0, 1, Path::Rail)->latencySeconds, 2);
}
