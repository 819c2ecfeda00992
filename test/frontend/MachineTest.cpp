//===- MachineTest.cpp - Machines in, networks and text out ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"
#include "frontend/parser/Loader.h"
#include "frontend/parser/Program.h"
#include "test/frontend/Cases.h"
#include "test/runtime/base/TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::frontend;
using namespace moec::frontend::test;

static Machine parse(const std::string &name) {
  Diagnostics diagnostics;
  std::optional<Machine> machine = parseMachine(name, diagnostics);
  EXPECT_TRUE(machine) << renderText(diagnostics);
  return machine.value_or(Machine());
}

/// The block that `moec topo -o` prints, read again.
static Machine reparse(const std::string &text) {
  Diagnostics diagnostics;
  moec::test::TemporaryFolder folder;
  std::optional<Machine> machine = parseMachine(folder.write("m.moe", text), diagnostics);
  EXPECT_TRUE(machine) << renderText(diagnostics) << text;
  return machine.value_or(Machine());
}

TEST(Machine, every_shipped_one_prints_itself) {
  for (std::string_view name : shippedMachineNames()) {
    Machine machine = parse(std::string(name));
    std::string text = topology::machineText(machine);
    Diagnostics diagnostics;
    EXPECT_EQ(formatSource(text, "m.moe", diagnostics), text) << renderText(diagnostics);
    EXPECT_EQ(topology::machineText(reparse(text)), text);
  }
}

TEST(Machine, every_shipped_one_makes_a_network) {
  for (std::string_view name : shippedMachineNames()) {
    Machine machine = parse(std::string(name));
    uint32_t gpus = machine.gpusPerNode.value_or(4);
    for (uint32_t ranks : {1u, gpus, 2 * gpus}) {
      if (ranks > gpus && !machine.findLink(topology::railName))
        continue;
      rt::Result<topology::Shape> shape = topology::shapeFor(machine, ranks);
      ASSERT_TRUE(shape.ok()) << shape.status().message();
      rt::Result<topology::Network> network = topology::makeNetwork(machine, *shape);
      EXPECT_TRUE(network.ok()) << network.status().message();
    }
  }
}

/// No figure without a place that it is from.
TEST(Machine, every_shipped_figure_has_a_source) {
  for (std::string_view name : shippedMachineNames()) {
    Machine machine = parse(std::string(name));
    auto check = [&](const std::optional<topology::Figure> &figure, const char *what) {
      EXPECT_FALSE(figure && figure->source.empty()) << name << ": " << what;
    };
    for (const topology::Link &link : machine.links) {
      for (const auto &figure : {link.rate, link.achieved, link.latency, link.multicast})
        check(figure, link.name.c_str());
    }
    for (const topology::Compute &compute : machine.compute)
      check(compute.operationsPerSecond, compute.type.c_str());
    for (const topology::PcieGroup &group : machine.pcie)
      check(group.rate, "pcie");
    check(machine.smLoad, "sms");
    check(machine.smStore, "sms");
    check(machine.copyEngine, "copy_engine");
    check(machine.memoryBytes, "memory");
    check(machine.memoryBytesPerSecond, "memory");
    check(machine.hostMemoryBytesPerSecond, "host_memory");
  }
}

TEST(Machine, says_all_that_a_block_can_say) {
  Machine machine = reparse(R"(moe 1
machine box {
  arch sm_80; cpu intel; nodes 2; gpus 4
  sms 108 load 100 GB/s store 50 GB/s  # where from
  compute bf16 at 312 TFLOP/s
  copy_engine 24 GB/s
  memory 80 GiB at 2 TB/s
  # of the
  # board
  host_memory 512 GiB at 200 GB/s
  link nvlink { rate 300 GB/s; achieved 240 GB/s; multicast 0.85; joins 0, 1; joins 2..3 }
  link pcie { rate 32 GB/s; latency 4 us }
  link socket { rate 16 GB/s }
  link rail { rate 100 Gbit/s; ports 2 }
  switch 0 holds 0, 1 nics 0
  bridge 1 holds 0..3 nics 1 at 20 GB/s
  socket 0 holds 0..3
}
)");
  EXPECT_EQ(machine.cpu, topology::CpuVendor::Intel);
  EXPECT_EQ(machine.smStore->value, 50e9);
  EXPECT_EQ(machine.smStore->source, "where from");
  EXPECT_EQ(machine.hostMemoryBytesPerSecond->source, "of the board");
  EXPECT_EQ(machine.compute[0].operationsPerSecond.value, 312e12);
  EXPECT_EQ(machine.links[0].multicast->value, 0.85);
  EXPECT_EQ(machine.links[0].joins[1], (std::vector<uint32_t>{2, 3}));
  EXPECT_EQ(machine.links[3].ports, 2u);
  ASSERT_EQ(machine.pcie.size(), 3u);
  EXPECT_EQ(machine.pcie[1].kind, topology::PcieGroupKind::Bridge);
  EXPECT_EQ(machine.pcie[1].nics, (std::vector<uint32_t>{1}));
  EXPECT_EQ(machine.pcie[1].rate->value, 20e9);
}
