//===- MakeNetworkTest.cpp - Machines to resources and routes -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/PcieTree.h"
#include "test/runtime/topology/Machines.h"

#include <gtest/gtest.h>

using namespace moec::topology;
using namespace moec::topology::test;
using moec::plan::Path;

static Network make(const Machine &machine, Shape shape, const NetworkOptions &options = {}) {
  moec::rt::Result<Network> network = makeNetwork(machine, shape, options);
  EXPECT_TRUE(network.ok()) << network.status().message();
  return network.ok() ? *std::move(network) : Network(1, 1);
}

/// "name xBYTES, .." of a route.
static std::string usesOf(const Network &network, const Route *route) {
  std::string text;
  for (const Route::Use &use : route ? route->uses : std::vector<Route::Use>())
    text += moec::rt::concat(text.empty() ? "" : ", ", network.getResources()[use.resource].name,
                             use.bytesPerByte == 1 ? "" : moec::rt::concat(" x", use.bytesPerByte));
  return route ? text : "none";
}

TEST(MakeNetwork, SwitchHasALinkOutAndInOfEveryGpu) {
  Network network = make(makeSwitch(4), {1, 4});
  EXPECT_EQ(network.getResources().size(), 8u);
  EXPECT_EQ(usesOf(network, network.route(1, 3, Path::NVLink)),
            "gpu 1 nvlink out, gpu 3 nvlink in");
  EXPECT_EQ(network.route(1, 3, Path::NVLink)->latencySeconds, 1e-6);
  EXPECT_TRUE(network.route(2, 2, Path::NVLink)->uses.empty());
  EXPECT_EQ(network.route(1, 3, Path::Rail), nullptr);
  EXPECT_EQ(network.stagedRoute(1, 3), nullptr);
}

TEST(MakeNetwork, ASwitchThatMulticastsReachesAllAtOnce) {
  Machine machine = makeSwitch(3);
  EXPECT_EQ(make(machine, {1, 3}).routeToAll(0), nullptr);
  machine.links[0].multicast = {0.5, ""};
  machine.links[0].message = {1e-7, ""};
  Network network = make(machine, {1, 3});
  EXPECT_EQ(usesOf(network, network.routeToAll(1)),
            "gpu 0 nvlink in x2, gpu 2 nvlink in x2, gpu 1 nvlink out x2");
  EXPECT_EQ(usesOf(network, network.routeFromAll(1)),
            "gpu 0 nvlink out x2, gpu 1 nvlink out x2, gpu 1 nvlink in x2, gpu 2 nvlink out x2");
  EXPECT_DOUBLE_EQ(network.routeToAll(1)->latencySeconds, 1e-6);
  EXPECT_DOUBLE_EQ(network.routeFromAll(1)->latencySeconds, 2e-6);
  EXPECT_DOUBLE_EQ(network.route(0, 1, Path::NVLink)->messageSeconds, 1e-7);
  machine.links[0].joins = {{0, 1}, {1, 2}};
  EXPECT_EQ(make(machine, {1, 2}).routeToAll(0) != nullptr, true);
  EXPECT_FALSE(hasSwitch(machine, 3));
}

TEST(MakeNetwork, RailsJoinNodesAndCrossLanesTakeLonger) {
  Network network = make(makeRails(2), {2, 2});
  EXPECT_EQ(usesOf(network, network.route(0, 2, Path::Rail)), "gpu 0 rail out, gpu 2 rail in");
  EXPECT_DOUBLE_EQ(network.route(0, 2, Path::Rail)->latencySeconds, 2e-6);
  EXPECT_DOUBLE_EQ(network.route(0, 3, Path::Rail)->latencySeconds, 3e-6);
  EXPECT_EQ(network.route(0, 2, Path::NVLink), nullptr);
  EXPECT_EQ(network.route(0, 1, Path::Rail), nullptr);
}

TEST(StagingGroups, AreEqualRunsBehindSocketsElseBridges) {
  EXPECT_EQ(stagingGroups(makePcieBox(), 4), 2u);
  EXPECT_EQ(stagingGroups(makePcieBox(), 2), 1u); // one of the sockets is not in use
  EXPECT_EQ(stagingGroups(makePcieBox(), 3), 1u); // 2 and 1
  EXPECT_EQ(stagingGroups(makeSwitch(4), 4), 1u);
  Machine mixed = makePcieBox();
  for (PcieGroup &group : mixed.pcie)
    if (group.kind == PcieGroupKind::Socket)
      group.gpus = group.number == 0 ? std::vector<uint32_t>{0, 2} : std::vector<uint32_t>{1, 3};
  EXPECT_EQ(stagingGroups(mixed, 4), 2u); // its bridges
}

TEST(MakeNetwork, PcieTurnsAtTheLowestSwitch) {
  Network network = make(makePcieBox(), {1, 4});
  EXPECT_EQ(usesOf(network, network.route(0, 1, Path::NVLink)), "gpu 0 pcie up, gpu 1 pcie down");
  EXPECT_EQ(usesOf(network, network.route(1, 2, Path::NVLink)),
            "gpu 1 pcie up, node 0 switch 0 up, node 0 host bridge 0, node 0 socket 0 to socket 1, "
            "node 0 host bridge 1, node 0 switch 1 down, gpu 2 pcie down");
  EXPECT_DOUBLE_EQ(network.route(1, 2, Path::NVLink)->latencySeconds, 5e-6);
  EXPECT_EQ(usesOf(network, network.stagedRoute(1, 2)),
            "gpu 1 pcie up, node 0 switch 0 up, node 0 host memory x2, "
            "node 0 socket 0 to socket 1, node 0 switch 1 down, gpu 2 pcie down");
}

TEST(MakeNetwork, IntelSplitsPacketsInTheRootComplexAlone) {
  Machine machine = makePcieBox();
  machine.cpu = CpuVendor::Intel;
  Network network = make(machine, {1, 4});
  EXPECT_EQ(usesOf(network, network.route(0, 1, Path::NVLink)), "gpu 0 pcie up, gpu 1 pcie down");
  EXPECT_EQ(network.route(1, 2, Path::NVLink)->uses[0].bytesPerByte, 1.2);
  EXPECT_EQ(network.stagedRoute(1, 2)->uses[0].bytesPerByte, 1);
}

TEST(MakeNetwork, PairsHaveNvlinkAndTheRestHasPcie) {
  Machine machine = makePcieBox();
  machine.links.push_back(makeLink(nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 1}, {2, 3}};
  Network network = make(machine, {1, 4});
  EXPECT_EQ(usesOf(network, network.route(0, 1, Path::NVLink)),
            "gpu 0 nvlink out, gpu 1 nvlink in");
  EXPECT_EQ(network.route(0, 2, Path::NVLink)->uses.size(), 7u);
}

TEST(MakeNetwork, AGpuInTwoGroupsHasALinkIntoEach) {
  Machine machine = makeSwitch(3);
  machine.links[0].joins = {{0, 1}, {0, 2}, {1, 2}};
  Network network = make(machine, {1, 3});
  EXPECT_EQ(usesOf(network, network.route(0, 2, Path::NVLink)),
            "gpu 0 nvlink 1 out, gpu 2 nvlink 1 in");
  EXPECT_EQ(network.getResources().size(), 12u);
}

TEST(MakeNetwork, NicsOfTheTreeServeWhoIsNear) {
  Machine machine = makePcieBox();
  machine.links.push_back(makeLink(railName, 12e9, 5e-6));
  machine.pcie[0].nics = {0};
  Network network = make(machine, {2, 4});
  EXPECT_EQ(usesOf(network, network.route(0, 4, Path::Rail)),
            "gpu 0 pcie up, node 0 nic 0 out, node 1 nic 0 in, gpu 4 pcie down");
  EXPECT_EQ(network.route(3, 4, Path::Rail)->uses[2].resource,
            network.route(1, 2, Path::NVLink)->uses[4].resource);
}

TEST(MakeNetwork, FewerPortsAreSharedAndMoreAddUp) {
  Machine machine = makeRails(4);
  machine.links[1].ports = 2;
  Network shared = make(machine, {2, 4});
  EXPECT_EQ(usesOf(shared, shared.route(1, 6, Path::Rail)), "node 0 nic 0 out, node 1 nic 1 in");
  machine.links[1].ports = 8;
  Network doubled = make(machine, {2, 4});
  uint32_t out = doubled.route(1, 6, Path::Rail)->uses[0].resource;
  EXPECT_EQ(doubled.getResources()[out].bytesPerSecond, 100e9);
}

TEST(MakeNetwork, OptionsAddWhatIsBesideTheLinks) {
  Machine machine = makeSwitch(2);
  machine.smStore = Figure{50e9, ""};
  machine.copyEngine = Figure{90e9, ""};
  machine.memoryBytesPerSecond = Figure{3e12, ""};
  Network network = make(machine, {1, 2}, {.issuingSms = 2, .copyEngine = true, .memory = true});
  EXPECT_EQ(usesOf(network, network.route(0, 1, Path::NVLink)),
            "gpu 0 nvlink out, gpu 1 nvlink in, gpu 0 stores, gpu 0 memory, gpu 1 memory");
  EXPECT_EQ(usesOf(network, network.copyRoute(0, 1)),
            "gpu 0 nvlink out, gpu 1 nvlink in, gpu 0 copy engine, gpu 0 memory, gpu 1 memory");
  EXPECT_EQ(make(machine, {1, 2}).copyRoute(0, 1), nullptr);
  EXPECT_EQ(
      network.getResources()[network.route(0, 1, Path::NVLink)->uses[2].resource].bytesPerSecond,
      100e9);
}

TEST(MakeNetwork, SaysWhatIsMissing) {
  auto message = [](const Machine &machine, Shape shape) {
    return makeNetwork(machine, shape).status().message();
  };
  EXPECT_EQ(message(makeSwitch(2), {2, 2}),
            "machine 'switch': wanted a link 'rail' for 2 nodes of 2 ranks, found none");
  Machine bare;
  bare.name = "bare";
  EXPECT_EQ(message(bare, {1, 2}),
            "machine 'bare': wanted a way from gpu 0 to gpu 1 (a link 'nvlink', 'pcie' or 'rail', "
            "or host_memory with a rate), found none");
  Machine still = makeSwitch(2);
  still.links[0].rate->value = 0;
  EXPECT_EQ(message(still, {1, 2}),
            "machine 'switch': link 'nvlink': wanted a rate above 0, found none");
}

TEST(ShapeFor, FillsWholeNodes) {
  Machine machine = makeRails(8);
  machine.nodes = 2;
  EXPECT_EQ(shapeFor(machine, 4)->lanes, 4u);
  EXPECT_EQ(shapeFor(machine, 16)->nodes, 2u);
  EXPECT_EQ(
      shapeFor(machine, 12).status().message(),
      "machine 'rails': wanted at most 8 ranks or a multiple of it, for whole nodes, found 12");
  EXPECT_EQ(shapeFor(machine, 24).status().message(),
            "machine 'rails': wanted at most 16 ranks (2 nodes of 8 gpus), found 24");
  EXPECT_EQ(shapeFor(Machine(), 5)->lanes, 5u);
}

TEST(MachineText, PrintsUnitsThatReadBack) {
  EXPECT_EQ(rateText(450e9), "450 GB/s");
  EXPECT_EQ(rateText(3.35e12), "3.35 TB/s");
  EXPECT_EQ(sizeText(80.0 * (1ull << 30)), "80 GiB");
  EXPECT_EQ(sizeText(180e9), "180 GB");
  EXPECT_EQ(timeText(1.8725e-6), "1.8725 us");
  EXPECT_EQ(timeText(5 * 1e-6), "5 us");
  EXPECT_EQ(timeText(5e-6), "5 us");
  EXPECT_EQ(timeText(0), "0 ns");
  EXPECT_EQ(workText(989.4e12), "989.4 TFLOP/s");
}
