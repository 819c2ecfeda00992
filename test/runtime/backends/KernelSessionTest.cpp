//===- KernelSessionTest.cpp - What kernels are given, and what comes of it ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The device is a fake whose "kernels" route by token number and hand back each
// token's row: enough to see memory, arguments, steps and reports.
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/KernelSession.h"

#include "runtime/backends/Float.h"
#include "runtime/module/Names.h"
#include "test/runtime/backends/FakeDevice.h"
#include "test/runtime/backends/SessionRun.h"
#include "test/runtime/module/Sample.h"

#include <cstring>
#include <gtest/gtest.h>

namespace moec::test {
namespace {

using rt::KernelSession;
using rt::Status;

/// 20 elements of bf16 are 40 bytes, 48 on the device.
Layer narrowLayer() {
  Layer layer = sampleLayer();
  layer.hidden = 20;
  layer.expert.intermediate = 12;
  layer.tokensType = layer.weightsType = DType::BF16;
  layer.combineType = DType::BF16;
  layer.router.logitsBias = layer.router.selectionBias = true;
  layer.shared = SharedExpert{{4}, true};
  layer.weights = sampleWeights(layer);
  return layer;
}

/// A view of the workspace "h", 128 rows below it; pointers to all that is needed.
KernelSet fakeKernels(const ModuleContents &contents) {
  KernelSet kernels;
  kernels.arch = "sm_90a";
  kernels.form = "everything";
  kernels.workspaces = {{"offsets", {.constant = 4, .perExpert = 4}}, {"h", {.perRow = 32}}};
  Kernel kernel;
  kernel.name = "few";
  kernel.stages = {"everything"};
  kernel.ptx = "//";
  TensorMap map;
  map.rank = 3;
  map.dims = {Extent{.constant = 12}, Extent{.constant = 128}, Extent{.constant = 1, .perRow = 1}};
  map.strides = {2, 32, 32};
  map.box = {8, 128, 1};
  map.baseOffset = -128 * 32;
  kernel.args.push_back({"h", KernelArgKind::View, 0, KernelObject::Workspace, 1, map});
  uint32_t offset = 128;
  auto word = [&](const std::string &name, KernelObject object, uint32_t index = 0,
                  KernelArgKind kind = KernelArgKind::Pointer) {
    kernel.args.push_back({name, kind, offset, object, index, {}});
    offset += 8;
  };
  for (uint32_t i = 0; i < contents.plan.buffers.size(); ++i)
    word(contents.plan.buffers[i].name, KernelObject::Buffer, i);
  for (uint32_t i = 0; i < contents.plan.buffers.size(); ++i)
    if (contents.plan.buffers[i].space == plan::BufferSpace::Symmetric)
      word(contents.plan.buffers[i].name + "_offset", KernelObject::BufferOffset, i,
           KernelArgKind::Scalar);
  word("fc", KernelObject::Flag, 1);
  word("fc_offset", KernelObject::FlagOffset, 1, KernelArgKind::Scalar);
  word("peers", KernelObject::Peers);
  word("offsets", KernelObject::Workspace, 0);
  word("state", KernelObject::State);
  word("placement", KernelObject::Placement);
  word("experts", KernelObject::ChosenExperts);
  word("weights", KernelObject::ChosenWeights);
  for (const WeightName &weight : contents.manifest.layer.weights)
    if (weight.role != WeightRole::ExpertUp && weight.role != WeightRole::SharedUp)
      word(nameOf(weight.role), KernelObject::Weight, uint32_t(weight.role));
  kernel.argBytes = (offset + 127) / 128 * 128;
  kernels.kernels = {kernel, kernel};
  kernels.kernels[1].name = "many";
  kernels.launches = {{"all", {{0, 4}, {1, UINT32_MAX}}, {}}};
  return kernels;
}

class KernelSessionTest : public testing::Test {
protected:
  explicit KernelSessionTest(uint32_t ranks = 2) : data(narrowLayer(), 10, 1) {
    contents = sampleContents(data.layer(), ranks);
    contents.manifest.target = "sm_90a";
    contents.manifest.placement.slots[0].push_back(3); // a copy
    contents.kernels = fakeKernels(contents);
    device.onLaunch = [this](const Kernel &, const FakeBlock &block, uint32_t rank) {
      runFake(block, rank);
    };
  }

  Status create(uint32_t capacity = 0) {
    auto made = KernelSession::create({contents.manifest, contents.plan, contents.kernels},
                                      {.maxTokensPerRank = capacity},
                                      std::make_unique<FakeDevice>(device), 2'000'000);
    if (!made)
      return made.status();
    session = *std::move(made);
    return session->loadWeights(lookupIn(data));
  }

  void runFake(const FakeBlock &block, uint32_t rank);

  LayerData data;
  ModuleContents contents;
  FakeState device;
  std::unique_ptr<KernelSession> session;
};

/// Token t goes to experts t and t + 1; its result is its row.
void KernelSessionTest::runFake(const FakeBlock &block, uint32_t rank) {
  RankState &state = *block.pointer<RankState>("state");
  const uint32_t *first = block.pointer<uint32_t>("placement");
  uint32_t experts = data.layer().experts;
  for (uint32_t token = 0; token < state.tokens; ++token) {
    const std::byte *row = block.pointer<std::byte>("x") + token * 48;
    for (uint32_t i = 0; i < 20; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, row + 2 * i, 2);
      block.pointer<float>("out")[token * 20 + i] = rt::fromBF16(bits);
    }
    uint32_t *entry = block.pointer<uint32_t>("route") + 6 * token;
    for (uint32_t slot = 0; slot < 2; ++slot) {
      uint32_t expert = (token + slot) % experts, copies = first[expert + 1] - first[expert];
      entry[slot] = expert;
      entry[2 + slot] = first[experts + 1 + first[expert] + (token + rank) % copies];
      block.pointer<int64_t>("experts")[2 * token + slot] = expert;
      block.pointer<float>("weights")[2 * token + slot] = 0.5f + slot;
    }
  }
  ++state.step;
}

// --- Steps -------------------------------------------------------------------

TEST_F(KernelSessionTest, RowsGoInAndComeBack) {
  ASSERT_TRUE(create().ok());
  for (uint32_t step = 1; step <= 2; ++step) {
    StepMemory memory(data, {7, 3});
    Status status = session->step(memory.io);
    ASSERT_TRUE(status.ok()) << status.message();
    for (size_t i = 0; i < data.input().size(); ++i)
      ASSERT_EQ(memory.result.output[i], rt::fromBF16(rt::toBF16(data.input()[i]))) << i;
    EXPECT_EQ(memory.result.indices[2 * 6], 2);
    EXPECT_EQ(memory.result.indices[2 * 6 + 1], 3);
    EXPECT_EQ(memory.result.weights[1], 1.5f);
    EXPECT_EQ(session->report().step, step);
  }
}

TEST_F(KernelSessionTest, ReportTellsWhatThePlanMoves) {
  ASSERT_TRUE(create().ok());
  StepMemory memory(data, {4, 2});
  ASSERT_TRUE(session->step(memory.io).ok());
  const rt::StepReport &report = session->report();
  // Rank 0 has experts 0, 1 and a copy of 3; rank 1 has 2 and 3. Copies take turns.
  EXPECT_EQ(report.expertTokens, (std::vector<uint64_t>{3, 4, 3, 2}));
  uint64_t token =
      contents.plan.buffers[3].bytesPerRecord + contents.plan.buffers[4].bytesPerRecord;
  uint64_t row = contents.plan.buffers[5].bytesPerRecord;
  EXPECT_EQ(report.dispatchBytes, (std::vector<uint64_t>{4 * token, 3 * token, 2 * token, token}));
  EXPECT_EQ(report.combineBytes, (std::vector<uint64_t>{5 * row, 3 * row, 3 * row, row}));
  EXPECT_EQ(report.phaseNames, std::vector<std::string>{"all"});
  EXPECT_EQ(report.phaseSeconds, std::vector<double>{0.5});
}

TEST_F(KernelSessionTest, CapacityGrowsAndStartsAnew) {
  ASSERT_TRUE(create().ok());
  std::vector<uint32_t> seen;
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    if (rank == 0)
      seen = {block.pointer<RankState>("state")->step,
              block.pointer<RankState>("state")->maxTokens};
    runFake(block, rank);
  };
  LayerData one(narrowLayer(), 1, 1), five(narrowLayer(), 5, 1), none(narrowLayer(), 0, 1);
  StepMemory nothing(none, {0, 0}), first(one, {1, 0}), second(five, {0, 5}), third(one, {0, 1});
  ASSERT_TRUE(session->step(nothing.io).ok());
  EXPECT_EQ(seen, (std::vector<uint32_t>{0, 1}));
  ASSERT_TRUE(session->step(first.io).ok());
  EXPECT_EQ(seen, (std::vector<uint32_t>{1, 1}));
  ASSERT_TRUE(session->step(second.io).ok());
  EXPECT_EQ(seen, (std::vector<uint32_t>{0, 5}));
  ASSERT_TRUE(session->step(third.io).ok());
  EXPECT_EQ(seen, (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(session->report().step, 4u);
}

TEST_F(KernelSessionTest, CapacityThatWasGivenIsKept) {
  ASSERT_TRUE(create(4).ok());
  StepMemory memory(data, {5, 5});
  Status status = session->step(memory.io);
  EXPECT_EQ(status.code(), rt::Code::Invalid);
  EXPECT_EQ(status.message(),
            "rank 0: wanted at most 4 tokens, the capacity of the session, found 5");
}

TEST_F(KernelSessionTest, VariantsGoByTheRowsOfAnExpert) {
  ASSERT_TRUE(create().ok());
  LayerData eight(narrowLayer(), 8, 1), nine(narrowLayer(), 9, 1);
  StepMemory few(eight, {8, 0}), many(nine, {4, 5}); // times 2 choices over 4 experts
  ASSERT_TRUE(session->step(few.io).ok());
  ASSERT_TRUE(session->step(many.io).ok());
  ASSERT_EQ(device.launches.size(), 2u);
  EXPECT_EQ(device.launches[0].kernel, 0u);
  EXPECT_EQ(device.launches[1].kernel, 1u);
  for (const rt::LaunchRequest &launch : device.launches) {
    EXPECT_EQ(launch.ctasPerRank, 6u); // of the kernel with the fewest
    EXPECT_EQ(launch.ranks, 2u);
  }
}

// --- What kernels find -------------------------------------------------------

TEST_F(KernelSessionTest, HeapsAreAlikeAndReachable) {
  ASSERT_TRUE(create(3).ok());
  std::vector<uint64_t> heaps = {device.find("heap", 0), device.find("heap", 1)};
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    for (uint32_t peer = 0; peer < 2; ++peer)
      EXPECT_EQ(block.pointer<uint64_t>("peers")[peer], heaps[peer]);
    for (const char *name : {"recv", "meta", "back", "fc"}) {
      uint64_t offset = block.value(std::string(name) + "_offset");
      EXPECT_EQ(block.value(name), heaps[rank] + offset) << name;
      EXPECT_EQ(offset % 1024, 0u);
    }
    // recv: 2 sources of 3 rows of 48 bytes; back: 3 tokens of 2 rows.
    EXPECT_GE(block.value("meta_offset"), block.value("recv_offset") + 2 * 3 * 48);
    EXPECT_GE(device.allocations[heaps[rank]].bytes, block.value("back_offset") + 3 * 2 * 48);
    const RankState &state = *block.pointer<RankState>("state");
    EXPECT_EQ(state.rank, rank);
    EXPECT_EQ(state.ranks, 2u);
    EXPECT_EQ(state.localExperts, rank ? 2u : 3u);
    EXPECT_EQ(state.deadlineNs, 2'000'000u);
    EXPECT_EQ(state.tokens, rank ? 1u : 2u);
    runFake(block, rank);
  };
  LayerData three(narrowLayer(), 3, 1);
  StepMemory memory(three, {2, 1});
  Status status = session->step(memory.io);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_F(KernelSessionTest, TensorMapsHaveTheirNumbers) {
  ASSERT_TRUE(create(3).ok());
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    rt::TensorMapRequest map = block.view("h");
    EXPECT_EQ(map.rank, 3u);
    // 3 tokens of 2 ranks, at most 2 rows each.
    EXPECT_EQ(map.dims, (std::array<uint64_t, 5>{12, 128, 13, 0, 0}));
    EXPECT_EQ(map.strides[1], 32u);
    EXPECT_EQ(map.box[1], 128u);
    uint64_t memory = device.find("h", rank);
    EXPECT_GE(map.base, memory) << "the base lies within the memory";
    EXPECT_EQ(device.allocations[memory].bytes, map.base - memory + 128 * 32 + 12 * 32);
    runFake(block, rank);
  };
  LayerData one(narrowLayer(), 1, 1);
  StepMemory memory(one, {1, 0});
  EXPECT_TRUE(session->step(memory.io).ok());
}

/// The row of a weight on the device is the row of the data, rounded, then zeros.
static void expectRow(const void *device, const std::vector<float> &values, size_t first,
                      size_t count, size_t pitch) {
  for (size_t i = 0; i < pitch / 2; ++i) {
    uint16_t wanted = i < count ? rt::toBF16(values[first + i]) : 0, found = 0;
    std::memcpy(&found, static_cast<const char *>(device) + 2 * i, 2);
    ASSERT_EQ(found, wanted) << i;
  }
}

TEST_F(KernelSessionTest, WeightsLieAsKernelsWantThem) {
  ASSERT_TRUE(create(3).ok());
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    const std::vector<uint32_t> &slots = contents.manifest.placement.slots[rank];
    for (size_t local = 0; local < slots.size(); ++local)
      for (size_t row = 0; row < 12; ++row) {
        const char *gate = block.pointer<char>("expert_gate") + (local * 2 * 12 + row) * 48;
        expectRow(gate, data.weight(WeightRole::ExpertGate, slots[local]), row * 20, 20, 48);
        expectRow(gate + 12 * 48, data.weight(WeightRole::ExpertUp, slots[local]), row * 20, 20,
                  48);
        const char *down = block.pointer<char>("expert_down") + (local * 20 + row) * 32;
        expectRow(down, data.weight(WeightRole::ExpertDown, slots[local]), row * 12, 12, 32);
      }
    expectRow(block.pointer<char>("router") + 48, data.weight(WeightRole::Router), 20, 20, 48);
    expectRow(block.pointer<char>("shared_gate") + 4 * 48, data.weight(WeightRole::SharedUp), 0, 20,
              48);
    expectRow(block.pointer<char>("shared_down") + 16, data.weight(WeightRole::SharedDown), 4, 4,
              16);
    expectRow(block.pointer<char>("shared_scale"), data.weight(WeightRole::SharedScale), 0, 20, 48);
    for (uint32_t i = 0; i < 4; ++i) {
      EXPECT_EQ(block.pointer<float>("router_bias")[i],
                rt::fromBF16(rt::toBF16(data.weight(WeightRole::RouterBias)[i])));
      EXPECT_EQ(block.pointer<float>("selection_bias")[i],
                data.weight(WeightRole::SelectionBias)[i]);
    }
    runFake(block, rank);
  };
  LayerData one(narrowLayer(), 1, 1);
  StepMemory memory(one, {1, 0});
  EXPECT_TRUE(session->step(memory.io).ok());
  EXPECT_EQ(device.allocations[device.find("router", 1)].kind, rt::MemoryKind::Weights);
}

// --- What goes wrong ---------------------------------------------------------

TEST_F(KernelSessionTest, AnExpiredWaitNamesFlagPeerAndLine) {
  ASSERT_TRUE(create().ok());
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    runFake(block, rank);
    RankState &state = *block.pointer<RankState>("state");
    if (rank == 1) {
      state.statusCode = 1;
      state.statusFlag = 1;
      state.statusPeer = 0;
      state.statusSeen = 7;
    }
  };
  StepMemory memory(data, {5, 5});
  Status status = session->step(memory.io);
  EXPECT_EQ(status.code(), rt::Code::Internal);
  EXPECT_EQ(status.message(), "step 1: rank 1: waited 2 ms for fc of rank 0 at sample.moe:30:3: "
                              "wanted epoch 1, found 7");
  EXPECT_EQ(session->step(memory.io).message(), "an earlier step failed: " + status.message());
}

TEST_F(KernelSessionTest, AStepThatWasNotFinishedIsNoticed) {
  ASSERT_TRUE(create().ok());
  device.onLaunch = {};
  StepMemory memory(data, {5, 5});
  EXPECT_EQ(session->step(memory.io).message(), "step 1: rank 0: wanted 1 steps done, found 0");
}

TEST_F(KernelSessionTest, ChoicesOfNoExpertAreNoticed) {
  ASSERT_TRUE(create().ok());
  device.onLaunch = [&](const Kernel &, const FakeBlock &block, uint32_t rank) {
    runFake(block, rank);
    block.pointer<uint32_t>("route")[6] = 4;
  };
  StepMemory memory(data, {5, 5});
  EXPECT_EQ(session->step(memory.io).message(), "step 1: rank 0, token 1: wanted an expert below 4 "
                                                "on a rank below 2, found 4 on 0");
}

TEST_F(KernelSessionTest, FailuresOfTheDeviceEndTheSession) {
  ASSERT_TRUE(create().ok());
  device.nextFailure = rt::internalError("the device fell off the bus");
  StepMemory memory(data, {5, 5});
  EXPECT_EQ(session->step(memory.io).message(), "step 1: the device fell off the bus");
  EXPECT_EQ(session->step(memory.io).code(), rt::Code::Internal);
}

TEST_F(KernelSessionTest, ModulesThatCannotRunAreUnsupported) {
  device.resident = 1;
  EXPECT_EQ(create().message(),
            "kernel 'few': wanted room for 2 CTAs at once, one a rank, found 1");
  device.resident = 12;
  contents.kernels = {};
  Status status = create(); // another module would do: as moec inspect --kernels says it
  EXPECT_EQ(status.code(), rt::Code::Invalid);
  EXPECT_EQ(status.message(), "wanted a module with kernels (moec compile --target sm_90a), found "
                              "one for target 'sm_90a'");
}

TEST_F(KernelSessionTest, SizesDoNotOverflow) {
  rt::ExtentCounts counts = rt::extentCounts(1 << 24, 1 << 16, 8, 4);
  EXPECT_EQ(counts.received, 1ull << 40);
  EXPECT_EQ(counts.rows, 1ull << 42);
  EXPECT_EQ(*rt::evaluate({1, 2, 3, 4, 5}, counts),
            1 + (2ull << 24) + (3ull << 40) + (4ull << 42) + 20);
  EXPECT_EQ(*rt::evaluate({.perRow = 1 << 20}, counts), 1ull << 62);
  EXPECT_EQ(rt::evaluate({.perRow = 1 << 21}, counts).status().message(),
            "wanted a size of at most 63 bits, found a larger one");
  EXPECT_FALSE(rt::evaluate({.perReceived = 1 << 22, .perRow = 1 << 20}, counts).ok());
  contents.kernels.kernels[1].args[0].map.dims[0] = {.constant = (1ull << 32) + 1};
  EXPECT_EQ(create(1).message(), "kernel 'many': argument 'h' of rank 0: dim 0: wanted at most "
                                 "4294967296 elements, found 4294967297");
}

TEST_F(KernelSessionTest, WeightsAreAskedForBeforeAStep) {
  ASSERT_TRUE(create().ok());
  Status status = session->loadWeights(
      [](const std::string &, moec_tensor &) { return rt::invalidError("no"); });
  EXPECT_EQ(status.message(), "no");
  StepMemory memory(data, {5, 5});
  EXPECT_EQ(session->step(memory.io).message(),
            "wanted weights before the first step, found none loaded");
  EXPECT_TRUE(session->loadWeights(lookupIn(data)).ok());
  EXPECT_TRUE(session->step(memory.io).ok());
}

} // namespace
} // namespace moec::test
