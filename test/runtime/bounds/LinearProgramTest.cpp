//===- LinearProgramTest.cpp - Bounds against a linear program ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/bounds/LinearProgram.h"
#include "runtime/bounds/Bound.h"
#include "runtime/traffic/Random.h"
#include "test/runtime/topology/Machines.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::bounds;
using namespace moec::bounds::test;
using namespace moec::topology::test;

/// Log-normal entries, some of them nothing.
static traffic::Matrix randomBytes(uint32_t ranks, uint64_t seed, double sigma) {
  traffic::Random random(traffic::Random::keyOf(seed, ranks));
  traffic::Matrix bytes(ranks);
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      if (from != to && random.uniform() > 0.1)
        bytes.at(from, to) = 1e6 * traffic::portableExp(sigma * random.normal());
  return bytes;
}

/// The bound's part of the least time; 1 is a bound that can be reached by some spread
/// of all bytes. More than 1 would be no bound.
static double shareOfLeast(const topology::Network &network, const Demand &demand) {
  std::optional<double> least = leastSeconds(network, demand);
  EXPECT_TRUE(least);
  Bound bound = boundOf(network, demand);
  return (bound.seconds - bound.latencySeconds) / least.value_or(1);
}

/// glpsol prints six digits.
static constexpr double digits = 2e-5;

/// With `groups`, copies merge on arrival: into a group goes something between the most of
/// what one of its ranks wants and the sum.
static Demand randomDemand(uint32_t ranks, uint64_t seed, uint32_t groups) {
  Demand demand;
  demand.bytes = randomBytes(ranks, seed, 0.3 * double(seed));
  demand.groups = groups;
  if (groups == 1)
    return demand;
  demand.merging = Merging::Arrival;
  for (uint32_t source = 0; source < ranks; ++source)
    for (uint32_t group = 0; group < groups; ++group) {
      double all = 0, most = 0;
      for (uint32_t rank = 0; rank < ranks; ++rank)
        if (demand.groupOf(rank) == group) {
          all += demand.bytes.at(source, rank);
          most = std::max(most, demand.bytes.at(source, rank));
        }
      double between = double((seed + source) % 4) / 4;
      demand.groupBytes.push_back(most + between * (all - most));
    }
  return demand;
}

static void expectShare(const topology::Machine &machine, topology::Shape shape, double least,
                        uint32_t groups = 1) {
  if (!hasSolver())
    GTEST_SKIP() << "no glpsol (Debian: glpk-utils)";
  topology::Network network = *topology::makeNetwork(machine, shape);
  for (uint64_t seed = 0; seed < 6; ++seed) {
    double share = shareOfLeast(network, randomDemand(network.getRanks(), seed, groups));
    EXPECT_LE(share, 1 + digits) << "seed " << seed;
    EXPECT_GE(share, least - digits) << "seed " << seed;
  }
}

TEST(LinearProgram, SwitchIsExact) { expectShare(makeSwitch(5), {1, 5}, 1); }

TEST(LinearProgram, RailsOfOneGpuAreExact) { expectShare(makeRails(1), {4, 1}, 1); }

TEST(LinearProgram, RailsWithForwardingAreExact) { expectShare(makeRails(2), {3, 2}, 1); }

TEST(LinearProgram, SlowNvlinkForwardsLess) {
  topology::Machine machine = makeRails(3);
  machine.links[0].rate->value = 60e9;
  expectShare(machine, {2, 3}, 0.9);
}

TEST(LinearProgram, PcieWithoutStagingIsExact) {
  topology::Machine machine = makePcieBox();
  machine.hostMemoryBytesPerSecond.reset();
  expectShare(machine, {1, 4}, 1);
}

TEST(LinearProgram, PcieWithStaging) { expectShare(makePcieBox(), {1, 4}, 0.9); }

TEST(LinearProgram, IntelPcie) {
  topology::Machine machine = makePcieBox();
  machine.cpu = topology::CpuVendor::Intel;
  machine.hostMemoryBytesPerSecond->value = 30e9;
  expectShare(machine, {1, 4}, 0.9);
}

TEST(LinearProgram, NvlinkPairs) {
  topology::Machine machine = makePcieBox();
  machine.links.push_back(makeLink(topology::nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 1}, {2, 3}};
  expectShare(machine, {1, 4}, 0.9);
}

TEST(LinearProgram, PairsAcrossSwitches) {
  topology::Machine machine = makePcieBox();
  machine.links.push_back(makeLink(topology::nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 2}, {1, 3}};
  expectShare(machine, {1, 4}, 0.9);
}

TEST(LinearProgram, CopiesMergeAtSockets) {
  topology::Machine machine = makePcieBox();
  expectShare(machine, {1, 4}, 0.8, /*groups=*/2);
  machine.hostMemoryBytesPerSecond.reset();
  expectShare(machine, {1, 4}, 0.8, /*groups=*/2);
}

TEST(LinearProgram, CopiesMergeBehindASwitch) { expectShare(makeSwitch(4), {1, 4}, 0.6, 2); }

TEST(LinearProgram, CopiesMergeAtPairs) {
  topology::Machine machine = makePcieBox();
  machine.links.push_back(makeLink(topology::nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 1}, {2, 3}};
  expectShare(machine, {1, 4}, 0.7, /*groups=*/2);
}
