//===- BoundTest.cpp - Bounds worked out by hand --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vectors are those of the comm dialect: 1 MB is 1e6 bytes, a switch has
// 100 GB/s and 1 us, rails have 50 and NVLink 400 GB/s, 1 us and 2 us more.
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Bound.h"
#include "test/runtime/topology/Machines.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::bounds;
using namespace moec::topology::test;

namespace {
struct Flow {
  uint32_t from, to;
  double megabytes;
};
} // namespace

static topology::Network make(const topology::Machine &machine, uint32_t nodes, uint32_t lanes,
                              const topology::NetworkOptions &options = {}) {
  return *topology::makeNetwork(machine, {nodes, lanes}, options);
}

static Demand demandOf(uint32_t ranks, std::initializer_list<Flow> flows) {
  Demand demand;
  demand.bytes = traffic::Matrix(ranks);
  for (const Flow &flow : flows)
    demand.bytes.at(flow.from, flow.to) = flow.megabytes * 1e6;
  return demand;
}

static Demand uniform(uint32_t ranks, uint32_t lanes = 0) {
  Demand demand;
  demand.bytes = traffic::Matrix(ranks);
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      if (from != to && (lanes == 0 || from / lanes != to / lanes))
        demand.bytes.at(from, to) = 1e6;
  return demand;
}

static double microseconds(const topology::Network &network, const Demand &demand) {
  return boundOf(network, demand).seconds * 1e6;
}

static double tierOf(const Bound &bound, const std::string &name) {
  for (const Tier &tier : bound.tiers)
    if (tier.name == name)
      return tier.seconds * 1e6;
  return -1;
}

TEST(Bound, VectorsOfTheSwitch) {
  EXPECT_DOUBLE_EQ(microseconds(make(makeSwitch(4), 1, 4), uniform(4)), 31); // 1, 2
  topology::Network three = make(makeSwitch(3), 1, 3);
  EXPECT_DOUBLE_EQ(microseconds(three, demandOf(3, {{1, 0, 1}, {2, 0, 1}})), 21);            // 3
  EXPECT_DOUBLE_EQ(microseconds(three, demandOf(3, {{0, 1, 1}, {2, 1, 1}, {0, 2, 1}})), 21); // 4, 5
  EXPECT_DOUBLE_EQ(
      microseconds(make(makeSwitch(4), 1, 4), demandOf(4, {{0, 1, 1}, {0, 2, 1}, {3, 2, 2}})),
      31); // 6
}

/// The vectors take 1 us more: their last bytes go on by NVLink, which others might do first.
TEST(Bound, VectorsOfTheRails) {
  topology::Network network = make(makeRails(2), 2, 2);
  EXPECT_DOUBLE_EQ(microseconds(network, uniform(4, /*lanes=*/2)), 42);             // 7, 8
  EXPECT_DOUBLE_EQ(microseconds(network, demandOf(4, {{0, 2, 2}, {0, 3, 2}})), 42); // 9
}

TEST(Bound, SaysWhatBinds) {
  Bound bound = boundOf(make(makeSwitch(3), 1, 3), demandOf(3, {{1, 0, 1}, {2, 0, 1}}));
  EXPECT_EQ(bound.resource, "gpu 0 nvlink in");
  EXPECT_DOUBLE_EQ(bound.latencySeconds, 1e-6);
  bound = boundOf(make(makeRails(2), 2, 2), uniform(4, 2));
  EXPECT_EQ(bound.resource, "node 0 out by rail");
  EXPECT_DOUBLE_EQ(tierOf(bound, "rail"), 40);
  EXPECT_DOUBLE_EQ(tierOf(bound, "nvlink"), 2e6 / 450e3); // out by both links of a rank
}

TEST(Bound, NothingTakesNoTime) {
  Bound bound = boundOf(make(makeSwitch(4), 1, 4), demandOf(4, {{2, 2, 5}}));
  EXPECT_EQ(bound.seconds, 0);
  EXPECT_EQ(bound.resource, "");
  EXPECT_EQ(boundOf(make(makeSwitch(1), 1, 1), demandOf(1, {})).seconds, 0);
}

TEST(Bound, TrafficOfANodeStaysInIt) {
  // 8 MB by one NVLink take 20 us; the rank's NIC would not help.
  Bound bound = boundOf(make(makeRails(2), 2, 2), demandOf(4, {{0, 1, 8}}));
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 21);
  EXPECT_EQ(bound.resource, "gpu 0 nvlink out");
}

/// One byte, by links of different latency.
TEST(Bound, LatencyAloneMayBind) {
  topology::Network network = make(makeRails(2), 2, 2);
  Bound bound = boundOf(network, demandOf(4, {{0, 1, 1e-6}, {0, 3, 1e-6}}));
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 3);
  EXPECT_EQ(bound.resource, "the latency from gpu 0 to gpu 3");
}

/// Links of very different latency: what crosses one does not wait for the other.
TEST(Bound, LatencyIsThatOfTheCut) {
  topology::Machine machine = makeRails(2);
  for (topology::Link &link : machine.links)
    if (link.name != "nvlink")
      link.latency->value = 50e-6;
  topology::Network network = make(machine, 2, 2);
  // 8 MB by one NVLink take 20 us; a byte of another rank crosses a rail meanwhile.
  double alone = microseconds(network, demandOf(4, {{0, 1, 8}}));
  double beside = microseconds(network, demandOf(4, {{0, 1, 8}, {2, 1, 1e-6}}));
  double far = microseconds(network, demandOf(4, {{2, 1, 1e-6}}));
  EXPECT_GT(far, alone);
  EXPECT_NEAR(beside, far, 0.5);
  // One of the same rank too: by its links together far bytes may go first.
  EXPECT_NEAR(microseconds(network, demandOf(4, {{0, 1, 8}, {0, 3, 1e-6}})), far, 0.5);
}

TEST(Bound, CopiesMergeAtNodes) {
  topology::Network network = make(makeRails(2), 2, 2);
  Demand demand = uniform(4, 2);
  demand.merging = Merging::Arrival;
  demand.groups = 2;
  demand.groupBytes = {0, 1.2e6, 0, 1.2e6, 1.2e6, 0, 1.2e6, 0};
  EXPECT_DOUBLE_EQ(microseconds(network, demand), 24 + 2); // 2.4 MB by two NICs
  Demand back = demand;                                    // the same, turned round
  back.merging = Merging::Departure;
  EXPECT_DOUBLE_EQ(microseconds(network, back), 24 + 2);
}

TEST(Bound, CopiesMergeAtTheGroupsOfOneNode) {
  topology::Machine machine = makePcieBox();
  machine.hostMemoryBytesPerSecond.reset();
  topology::Network network = make(machine, 1, 4);
  Demand demand = uniform(4, 2); // 4 MB each way, of which 2.4 cross
  demand.merging = Merging::Arrival;
  demand.groups = 2;
  demand.groupBytes = {0, 1.2e6, 0, 1.2e6, 1.2e6, 0, 1.2e6, 0};
  for (Merging merging : {Merging::Arrival, Merging::Departure}) {
    demand.merging = merging;
    Bound bound = boundOf(network, demand);
    EXPECT_EQ(bound.resource, "node 0 host bridge 0");
    EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 4.8e6 / 8e3 + 5);
    EXPECT_DOUBLE_EQ(tierOf(bound, "socket"), 2.4e6 / 16e3);
    // A copy that has crossed comes to the other rank by its slot, or goes from there.
    EXPECT_DOUBLE_EQ(tierOf(bound, "pcie"), 2.4e6 / 20e3);
  }
}

TEST(Bound, PhasesShareTheLinks) {
  topology::Network network = make(makeSwitch(2), 1, 2);
  Demand there = demandOf(2, {{0, 1, 1}}), back = demandOf(2, {{1, 0, 2}});
  std::vector<Demand> both = {there, back};
  EXPECT_DOUBLE_EQ(boundOf(network, both).seconds * 1e6, 20 + 2); // opposite ways
  std::vector<Demand> twice = {there, there};
  // The second's bytes may follow the first's at once, if not the same token's.
  EXPECT_DOUBLE_EQ(boundOf(network, twice).seconds * 1e6, 20 + 1);
  // Of hardly any bytes one latency follows the other.
  Demand few = demandOf(2, {{0, 1, 0.05}});
  std::vector<Demand> little = {few, few};
  EXPECT_DOUBLE_EQ(boundOf(network, little).seconds * 1e6, 0.5 + 2);
}

TEST(Bound, PcieIsBoundByEachPartOfTheTree) {
  topology::Machine machine = makePcieBox();
  machine.hostMemoryBytesPerSecond.reset();
  topology::Network network = make(machine, 1, 4);
  // 4 MB by each host bridge of 8 GB/s, from both sides.
  Bound bound = boundOf(network, uniform(4, 2));
  EXPECT_EQ(bound.resource, "node 0 host bridge 0");
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 8e6 / 8e3 + 5);
  EXPECT_DOUBLE_EQ(tierOf(bound, "socket"), 4e6 / 16e3);
  EXPECT_DOUBLE_EQ(tierOf(bound, "pcie"), 4e6 / 20e3); // of a switch, up
}

TEST(Bound, StagingRelievesTheHostBridge) {
  topology::Network network = make(makePcieBox(), 1, 4);
  Bound bound = boundOf(network, uniform(4, 2));
  EXPECT_EQ(bound.resource, "node 0 socket 0 to socket 1");
  EXPECT_DOUBLE_EQ(tierOf(bound, "host_bridge"), 8e6 / (8e3 + 100e3));
}

TEST(Bound, APairLeavesByTheSlotsOfBoth) {
  topology::Machine machine = makePcieBox();
  machine.links.push_back(makeLink(topology::nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 1}, {2, 3}};
  machine.pcie.clear();
  machine.hostMemoryBytesPerSecond.reset();
  // 6 MB from gpu 0: two slots of 20 GB/s, the second over NVLink.
  Bound bound = boundOf(make(machine, 1, 4), demandOf(4, {{0, 2, 3}, {0, 3, 3}}));
  EXPECT_EQ(bound.resource, "gpus 0, 1 out by pcie");
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 6e6 / 40e3 + 4);
}

TEST(Bound, ANicMayBeLessThanItsSlot) {
  topology::Machine machine = makePcieBox();
  machine.hostMemoryBytesPerSecond.reset();
  machine.links.push_back(makeLink(topology::railName, 10e9, 2e-6));
  machine.pcie[0].nics = {0};
  machine.pcie[3].nics = {1};
  topology::Network network = make(machine, 2, 4);
  Bound bound = boundOf(network, demandOf(8, {{0, 4, 1}, {1, 5, 1}, {2, 6, 1}, {3, 7, 1}}));
  EXPECT_EQ(bound.resource, "node 0 out by rail");
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 4e6 / 20e3 + 2);
}

TEST(Bound, SmsThatSendAreAResource) {
  topology::Machine machine = makeSwitch(4);
  machine.smStore = topology::Figure{20e9, ""};
  Bound bound = boundOf(make(machine, 1, 4, {.issuingSms = 2}), uniform(4));
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 3e6 / 40e3 + 1);
  EXPECT_DOUBLE_EQ(tierOf(bound, "sm_issue"), 75);
}

TEST(Bound, OneMemoryIsWrittenAndRead) {
  topology::Machine machine;
  machine.name = "laptop";
  machine.hostMemoryBytesPerSecond = topology::Figure{50e9, ""};
  Bound bound = boundOf(make(machine, 1, 4), uniform(4));
  EXPECT_EQ(bound.resource, "node 0 host memory");
  EXPECT_DOUBLE_EQ(bound.seconds * 1e6, 24e6 / 50e3);
}

TEST(Demand, IsCountsTimesBytes) {
  traffic::ItemCounts counts;
  counts.ranks = 2;
  counts.nodes = 2;
  counts.copies = traffic::Matrix(2);
  counts.rows = traffic::Matrix(2);
  counts.copies.at(0, 1) = 3;
  counts.rows.at(0, 1) = 5;
  counts.nodeCopies = {0, 2, 0, 0};
  EXPECT_EQ(dispatchDemand(counts, 10, Copies::Rows).bytes.at(0, 1), 50);
  EXPECT_EQ(dispatchDemand(counts, 10, Copies::Ranks).bytes.at(0, 1), 30);
  EXPECT_EQ(dispatchDemand(counts, 10, Copies::Nodes).groupBytes[1], 20);
  Demand back = combineDemand(counts, 10, Copies::Nodes);
  EXPECT_EQ(back.bytes.at(1, 0), 30);
  EXPECT_EQ(back.merging, Merging::Departure);
}
