//===- ImportTest.cpp - Machines from NCCL and nvidia-smi -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/import/Import.h"
#include "runtime/base/File.h"
#include "runtime/topology/Drawing.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::topology;

static std::string read(const std::string &name) {
  rt::Result<std::string> text =
      rt::readFile(std::string(MOEC_TEST_DIR) + "/runtime/topology/Inputs/" + name);
  EXPECT_TRUE(text.ok()) << text.status().message();
  return text.ok() ? *text : "";
}

static Machine import(const std::string &name) {
  std::string text = read(name);
  rt::Result<Machine> machine =
      name.ends_with(".xml") ? importNccl(text, name) : importSmi(text, name);
  EXPECT_TRUE(machine.ok()) << machine.status().message();
  if (!machine.ok())
    return Machine();
  rt::Result<Network> network = makeNetwork(*machine, {1, *machine->gpusPerNode});
  EXPECT_TRUE(network.ok()) << network.status().message();
  return *std::move(machine);
}

/// "switch 0: 0..1 nics 0..1", a line a group.
static std::string groupsOf(const Machine &machine) {
  std::string text = machineText(machine), lines;
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    std::string line = text.substr(start, end - start);
    if (line.find(" holds ") != std::string::npos)
      lines += line.substr(2) + "\n";
    start = end + 1;
  }
  return lines;
}

TEST(ImportNccl, DgxA100) {
  Machine machine = import("dgx-a100.xml");
  EXPECT_EQ(machine.arch, "sm_80");
  EXPECT_EQ(machine.cpu, CpuVendor::Amd);
  EXPECT_EQ(machine.gpusPerNode, 8u);
  EXPECT_EQ(machine.findLink(nvlinkName)->achieved->value, 240e9);
  EXPECT_TRUE(machine.findLink(nvlinkName)->joins.empty());
  EXPECT_EQ(machine.findLink(pcieName)->achieved->value, 24e9);
  EXPECT_EQ(machine.findLink(railName)->rate->value, 25e9);
  EXPECT_EQ(groupsOf(machine), "switch 0 holds 0..1 nics 0..1\n"
                               "switch 1 holds 2..3 nics 2..3\n"
                               "bridge 0 holds 0..3\n"
                               "socket 0 holds 0..3\n"
                               "switch 2 holds 4..5 nics 4..5\n"
                               "switch 3 holds 6..7 nics 6..7\n"
                               "bridge 1 holds 4..7\n"
                               "socket 1 holds 4..7\n");
}

TEST(ImportNccl, HgxH100OfAContainer) {
  Machine machine = import("hgx-h100.xml");
  EXPECT_EQ(machine.arch, "sm_90a");
  EXPECT_DOUBLE_EQ(machine.findLink(nvlinkName)->achieved->value, 370.8e9);
  EXPECT_EQ(machine.findLink(pcieName)->achieved->value, 48e9);
  EXPECT_EQ(machine.findLink(socketName)->rate->value, 22e9);
  EXPECT_EQ(machine.pcie[0].nics, (std::vector<uint32_t>{0}));
}

TEST(ImportNccl, ConsumerBoardsHaveNoNvlink) {
  Machine machine = import("8x4090.xml");
  EXPECT_EQ(machine.arch, "sm_89");
  EXPECT_EQ(machine.findLink(nvlinkName), nullptr);
  EXPECT_EQ(machine.findLink(railName), nullptr);
  EXPECT_EQ(groupsOf(machine), "bridge 0 holds 0..3\nsocket 0 holds 0..3\n"
                               "bridge 1 holds 4..7\nsocket 1 holds 4..7\n");
}

TEST(ImportNccl, PairsAreJoined) {
  Machine machine = import("nvlink-pairs.xml");
  EXPECT_EQ(machine.findLink(nvlinkName)->joins,
            (std::vector<std::vector<uint32_t>>{{0, 1}, {2, 3}}));
  EXPECT_EQ(machine.findLink(nvlinkName)->rate->value, 300e9);
}

TEST(ImportNccl, RefusesWhatIsNoTopology) {
  auto message = [](const char *text) { return importNccl(text, "t.xml").status().message(); };
  EXPECT_EQ(message(""), "t.xml:1: wanted XML, found what is none: No document element found");
  EXPECT_EQ(message("<system>\n<cpu"),
            "t.xml:2: wanted XML, found what is none: Error parsing start element tag");
  EXPECT_EQ(message("<graphs version=\"1\"/>"),
            "t.xml:1: wanted NCCL's topology, <system>, found <graphs>");
  EXPECT_EQ(message("<system version=\"1\"/>"),
            "t.xml:1: wanted a <gpu> in a <pci> of a <cpu>, found none");
  EXPECT_EQ(message("<system><cpu>\n<pci><gpu sm=\"80\"/></pci></cpu></system>"),
            "t.xml:2: <gpu> dev: wanted a whole number up to 4095, found ''");
  EXPECT_EQ(message("<system><cpu><pci><gpu dev=\"0\" sm=\"80\"/></pci>\n"
                    "<pci><gpu dev=\"0\" sm=\"80\"/></pci></cpu></system>"),
            "t.xml:2: <gpu> dev: wanted another number for each GPU, found 0 twice");
  EXPECT_EQ(message("<system><cpu><pci><gpu dev=\"0\" sm=\"80\">"
                    "<nvlink target=\"x\" count=\"-1\"/></gpu></pci></cpu></system>"),
            "t.xml:1: <nvlink> count: wanted a whole number up to 64, found '-1'");
  EXPECT_EQ(message("<system><cpu><pci busid=\"a\"><gpu dev=\"0\" sm=\"80\"/></pci>\n"
                    "<pci busid=\"a\"><gpu dev=\"1\" sm=\"80\"/></pci></cpu></system>"),
            "t.xml:2: <pci> busid: wanted another for each GPU, found 'a' twice");
  std::string deep = "<system><cpu>";
  for (int i = 0; i < 1000; ++i)
    deep += "<pci>";
  for (int i = 0; i < 1000; ++i)
    deep += "</pci>";
  EXPECT_EQ(message((deep + "</cpu></system>").c_str()),
            "t.xml:1: wanted at most 32 levels of <pci>, found more");
}

/// Two GPUs 'a' and 'b' with what is given inside of them, and more of the one's slot.
static std::string twoGpus(const std::string &first, const std::string &second,
                           const std::string &slot = "") {
  return "<system><cpu>\n<pci busid=\"a\"" + slot + "><gpu dev=\"0\" sm=\"90\">" + first +
         "</gpu></pci>\n<pci busid=\"b\"><gpu dev=\"1\" sm=\"90\">" + second +
         "</gpu></pci></cpu></system>";
}

TEST(ImportNccl, LinksOfAPairGoBothWays) {
  auto message = [](const std::string &text) {
    return importNccl(text, "t.xml").status().message();
  };
  const char *there = "<nvlink target=\"b\" count=\"4\" tclass=\"0x030200\"/>",
             *back = "<nvlink target=\"a\" count=\"4\" tclass=\"0x030200\"/>";
  EXPECT_EQ(message(twoGpus(there, back)), "");
  EXPECT_EQ(message(twoGpus(there, "")),
            "t.xml:3: <gpu> dev 1: wanted 4 nvlinks to 'a', as there are from it, found 0");
}

TEST(ImportNccl, LinksToWhatIsNotThere) {
  EXPECT_EQ(
      importNccl(twoGpus("<nvlink target=\"c\" count=\"4\"/>", ""), "t.xml").status().message(),
      "t.xml:2: <nvlink> target: wanted the busid of a GPU, or a tclass that says what else it "
      "is, found 'c'");
  // A container that hides the other GPU is no switch.
  auto alone =
      importNccl(twoGpus("<nvlink target=\"c\" count=\"4\" tclass=\"0x030200\"/>", ""), "t.xml");
  ASSERT_TRUE(alone.ok()) << alone.status().message();
  EXPECT_EQ(alone->findLink(nvlinkName), nullptr);
}

TEST(ImportNccl, WhatAVirtualMachineDoesNotKnowIsAssumed) {
  auto pcie = [](const std::string &slot) {
    auto machine = importNccl(twoGpus("", "", slot), "t.xml");
    return machine.ok() ? machine->findLink(pcieName)->rate->source : machine.status().message();
  };
  EXPECT_EQ(pcie(" link_speed=\"32.0 GT/s PCIe\" link_width=\"8\""), "32.0 GT/s PCIe, 8 lanes");
  EXPECT_EQ(pcie(" link_speed=\"Unknown\" link_width=\"0\""), "assumed: 8 GT/s, 16 lanes assumed");
  EXPECT_EQ(pcie(" link_speed=\"fast\""),
            "t.xml:2: <pci> link_speed: wanted one such as '16.0 GT/s PCIe', found 'fast'");
  EXPECT_EQ(pcie(" link_width=\"wide\""),
            "t.xml:2: <pci> link_width: wanted a whole number up to 255, found 'wide'");
}

TEST(ImportSmi, HgxH100) {
  Machine machine = import("hgx-h100.txt");
  EXPECT_EQ(machine.gpusPerNode, 8u);
  EXPECT_DOUBLE_EQ(machine.findLink(nvlinkName)->achieved->value, 370.8e9);
  EXPECT_TRUE(machine.findLink(nvlinkName)->joins.empty());
  EXPECT_NE(machine.findLink(railName), nullptr);
  EXPECT_EQ(groupsOf(machine),
            "switch 0 holds 0 nics 0\nswitch 1 holds 1 nics 1\nswitch 2 holds 2 nics 2\n"
            "switch 3 holds 3 nics 3\nswitch 4 holds 4 nics 4\nswitch 5 holds 5 nics 5\n"
            "switch 6 holds 6 nics 6\nswitch 7 holds 7 nics 7\n"
            "socket 0 holds 0..3\nsocket 1 holds 4..7\n");
}

TEST(ImportSmi, DgxA100WithNamedNics) {
  Machine machine = import("dgx-a100.txt");
  EXPECT_EQ(machine.findLink(nvlinkName)->achieved->value, 240e9);
  EXPECT_EQ(machine.pcie[1].gpus, (std::vector<uint32_t>{2, 3}));
  EXPECT_EQ(machine.pcie[1].nics, (std::vector<uint32_t>{2, 3}));
}

TEST(ImportSmi, HostBridgesOfConsumerBoards) {
  EXPECT_EQ(groupsOf(import("8x4090.txt")),
            "bridge 0 holds 0..1 nics 0\nbridge 1 holds 2..3\nbridge 2 holds 4..5\n"
            "bridge 3 holds 6..7\nsocket 0 holds 0..3\nsocket 1 holds 4..7\n");
}

TEST(ImportSmi, PairsAreJoined) {
  Machine machine = import("nvlink-pairs.txt");
  EXPECT_EQ(machine.findLink(nvlinkName)->joins,
            (std::vector<std::vector<uint32_t>>{{0, 1}, {2, 3}}));
  EXPECT_EQ(groupsOf(machine), "socket 0 holds 0..1\nsocket 1 holds 2..3\n");
}

TEST(ImportSmi, ReadsBlanksForTabs) {
  EXPECT_EQ(importSmi("     GPU0 GPU1 CPU Affinity\nGPU0  X   PIX  0-7\nGPU1 PIX  X   0-7\n", "t")
                ->pcie.size(),
            1u);
}

TEST(ImportSmi, RefusesWhatIsNoMatrix) {
  auto message = [](const char *text) { return importSmi(text, "t").status().message(); };
  EXPECT_EQ(message("hello\n"), "t: wanted what `nvidia-smi topo -m` prints, a line GPU0 GPU1 .., "
                                "found none");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\n"), "t:2: wanted 2 cells behind 'GPU0', found 1");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\tWAT\n"),
            "t:2: column GPU1: wanted X, NV#, PIX, PXB, PHB, NODE or SYS, found 'WAT'");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\tNV\n"),
            "t:2: column GPU1: wanted X, NV#, PIX, PXB, PHB, NODE or SYS, found 'NV'");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\tNV4\n"), "t: wanted a line of 'GPU1', found none");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\tNV4\nGPU1\tNV2\tX\n"),
            "t: GPU1 and GPU0: wanted the same word both ways, found two");
  EXPECT_EQ(message("\tGPU0\tGPU1\nGPU0\tX\tX\nGPU1\tX\tX\n"),
            "t: GPU0, column GPU1: wanted how they are joined, found X");
  EXPECT_EQ(message("\tGPU0\tGPU0\n"), "t:1: wanted each column once, found 'GPU0' twice");
  EXPECT_EQ(message("\tGPU0\nGPU0\tX\nGPU0\tX\n"), "t:3: wanted one line of 'GPU0', found another");
}

TEST(Drawing, ShowsTheTree) {
  EXPECT_EQ(drawTree(import("nvlink-pairs.xml")), "node of imported\n"
                                                  "|- socket 0\n"
                                                  "|  `- host bridge 0\n"
                                                  "|     `- switch 0\n"
                                                  "|        |- gpu 0\n"
                                                  "|        `- gpu 1\n"
                                                  "`- socket 1\n"
                                                  "   `- host bridge 1\n"
                                                  "      `- switch 1\n"
                                                  "         |- gpu 2\n"
                                                  "         `- gpu 3\n"
                                                  "nvlink joins gpus 0..1, 240 GB/s each way\n"
                                                  "nvlink joins gpus 2..3, 240 GB/s each way\n");
}

TEST(Drawing, PicturesHoldEveryPart) {
  std::string svg = drawSvg(import("dgx-a100.xml"));
  for (const char *part : {"socket 1", "host bridge 0", "switch 3", "gpu 7", "nic 4", "</svg>"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
}
