//===- EmulatedTest.cpp - Lowered kernels run in the emulator -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// expert-up.mlir with small sizes, against a sum of doubles: rows that end in the
// middle of tiles, experts without rows, more blocks than slots and fewer.
//===----------------------------------------------------------------------===//

#include "test/emulator/Harness.h"
#include "test/runtime/base/TemporaryFolder.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

namespace moec::test {
namespace {

constexpr uint64_t kTileRows = 128;

void replaceAll(std::string &text, const std::string &from, const std::string &to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string read(const std::string &name) {
  std::ifstream file(MOEC_TEST_DIR "/passes/lowering/" + name);
  std::stringstream stream;
  stream << file.rdbuf();
  return stream.str();
}

std::string lower(const std::string &text, const std::string &name) {
  TemporaryFolder folder;
  std::string path = folder.write(name + ".mlir", text);
  std::string command = MOEC_BINARY_DIR "/bin/moe-opt --moe-phase-lower " + path;
  std::string lowered;
  if (FILE *pipe = popen(command.c_str(), "r")) {
    char buffer[4096];
    while (size_t count = fread(buffer, 1, sizeof buffer, pipe))
      lowered.append(buffer, count);
    EXPECT_EQ(pclose(pipe), 0);
  }
  return lowered;
}

/// Expert up for these sizes, lowered.
std::string lowerExpertUp(uint64_t experts, uint64_t hidden, uint64_t intermediate) {
  std::string text = read("expert-up.mlir");
  replaceAll(text, "count 112", "count " + std::to_string((hidden + 63) / 64));
  replaceAll(text, "cols 16", "cols " + std::to_string((intermediate + 127) / 128));
  replaceAll(text, "arith.constant 256", "arith.constant " + std::to_string(experts));
  return lower(text, "expert-up-" + std::to_string(hidden));
}

rt::TensorMapRequest describe(uint64_t base, std::vector<uint64_t> dims,
                              std::vector<uint64_t> strides, std::vector<uint32_t> box) {
  rt::TensorMapRequest map;
  map.base = base;
  map.element = DType::BF16;
  map.rank = uint32_t(dims.size());
  std::copy(dims.begin(), dims.end(), map.dims.begin());
  std::copy(strides.begin(), strides.end(), map.strides.begin());
  std::copy(box.begin(), box.end(), map.box.begin());
  return map;
}

class ExpertUp {
public:
  ExpertUp(std::vector<uint32_t> counts, uint64_t hidden, uint64_t intermediate)
      : counts(counts), hidden(hidden), intermediate(intermediate) {
    for (uint32_t count : counts)
      offsets.push_back(offsets.back() + count);
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    x.resize((kTileRows + rows()) * hidden);
    for (uint16_t &value : x)
      value = toBf16(normal(random));
    w.resize(counts.size() * 2 * intermediate * hidden);
    for (uint16_t &value : w)
      value = toBf16(normal(random) / std::sqrt(float(hidden)));
  }

  std::string run(uint64_t seed) {
    Harness harness;
    std::string error = harness.compile(lowerExpertUp(counts.size(), hidden, intermediate));
    if (!error.empty())
      return error;
    std::vector<uint16_t> empty((2 * kTileRows + rows()) * intermediate, kCanary);
    uint64_t y = harness.put(empty);
    Block block;
    block.map(harness.encode(ragged(harness.put(x), hidden)), 0)
        .map(harness.encode(
                 describe(harness.put(w), {hidden, intermediate, 2, counts.size()},
                          {2, 2 * hidden, 2 * hidden * intermediate, 4 * hidden * intermediate},
                          {64, 128, 2, 1})),
             128)
        .map(harness.encode(ragged(y, intermediate)), 256)
        .word(harness.put(offsets), 384)
        .word(harness.put(std::vector<uint64_t>(counts.size() * 8, kEpoch << 32)), 392)
        .word(harness.put(std::vector<uint32_t>(counts.size())), 400);
    uint64_t out = harness.put(std::vector<uint64_t>(counts.size()));
    std::vector<uint64_t> state = {kEpoch - 1, 0, 0, 1'000'000'000, 0, 0, 0, 0};
    block.word(out, 408).word(harness.put(state), 416);
    block.content.resize(512);
    error = harness.run("expert_up", {2, 229456, seed}, {block});
    result = harness.get<uint16_t>(y, empty.size());
    flags = harness.get<uint64_t>(out, counts.size());
    return error;
  }

  void expectRight() const {
    for (uint64_t i = 0; i < kTileRows * intermediate; ++i) {
      ASSERT_EQ(result[i], kCanary) << "in front";
      ASSERT_EQ(result[result.size() - 1 - i], kCanary) << "behind";
    }
    for (size_t e = 0; e < counts.size(); ++e) {
      EXPECT_EQ(flags[e] >> 32, counts[e] ? kEpoch : 0) << "expert " << e;
      for (uint64_t row = offsets[e]; row < offsets[e + 1]; ++row)
        for (uint64_t i = 0; i < intermediate; i += 3) {
          double gate = product(e, 0, row, i), up = product(e, 1, row, i);
          double wanted = gate / (1 + std::exp(-gate)) * up;
          float found = fromBf16(result[(kTileRows + row) * intermediate + i]);
          ASSERT_NEAR(found, wanted, std::fabs(wanted) / 128 + 1e-4) << row << ", " << i;
        }
    }
  }

private:
  static constexpr uint16_t kCanary = 0x7fc1;
  static constexpr uint64_t kEpoch = 7;

  uint64_t rows() const { return offsets.back(); }
  double product(uint64_t expert, uint64_t part, uint64_t row, uint64_t i) const {
    const uint16_t *a = &x[(kTileRows + row) * hidden];
    const uint16_t *b = &w[((expert * 2 + part) * intermediate + i) * hidden];
    double sum = 0;
    for (uint64_t k = 0; k < hidden; ++k)
      sum += double(fromBf16(a[k])) * fromBf16(b[k]);
    return sum;
  }
  /// The matrix begins kTileRows rows behind `start`.
  rt::TensorMapRequest ragged(uint64_t start, uint64_t columns) const {
    return describe(start, {columns, kTileRows, rows() + 1}, {2, 2 * columns, 2 * columns},
                    {64, uint32_t(kTileRows), 1});
  }

  std::vector<uint32_t> counts;
  std::vector<uint32_t> offsets = {0};
  uint64_t hidden, intermediate;
  std::vector<uint16_t> x, w, result;
  std::vector<uint64_t> flags;
};

TEST(Emulated, ExpertUpWithARest) {
  ExpertUp kernel({5, 0, 128, 130}, 328, 136); // 6 blocks in 4 slots
  for (uint64_t seed : {0, 1, 2}) {
    ASSERT_EQ(kernel.run(seed), "") << "seed " << seed;
    kernel.expectRight();
  }
}

TEST(Emulated, ExpertUpWithFewerBlocksThanSlots) {
  ExpertUp kernel({1, 64, 0, 65}, 136, 128);
  ASSERT_EQ(kernel.run(3), "");
  kernel.expectRight();
}

TEST(Emulated, ExpertUpWithWholeRounds) {
  ExpertUp kernel({129, 1, 0, 3}, 512, 128);
  ASSERT_EQ(kernel.run(4), "");
  kernel.expectRight();
}

/// Sizes as in the file.
TEST(Emulated, GatheredRowsTokensOnN) {
  constexpr uint64_t rows = 37, tokens = 50, hidden = 200, features = 256;
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<uint16_t> x(tokens * hidden), w(features * hidden);
  for (uint16_t &value : x)
    value = toBf16(normal(random));
  for (uint16_t &value : w)
    value = toBf16(normal(random));
  std::vector<uint32_t> indices(rows);
  for (uint32_t &index : indices)
    index = random() % tokens;
  std::vector<float> scales(rows);
  for (float &scale : scales)
    scale = normal(random);
  std::string lowered = lower(read("gathered.mlir"), "gathered");
  for (uint64_t seed : {0, 1, 2, 3}) {
    Harness harness;
    ASSERT_EQ(harness.compile(lowered), "");
    uint64_t out = harness.allocate(rows * features * 4);
    Block block;
    block
        .map(harness.encode(
                 describe(harness.put(w), {hidden, features}, {2, 2 * hidden}, {64, 128})),
             0)
        .word(harness.put(x), 128)
        .word(harness.put(indices), 136)
        .word(harness.put(scales), 144)
        .word(out, 152);
    block.content.resize(256);
    ASSERT_EQ(harness.run("gathered", {2, 100'000, seed}, {block}), "") << "seed " << seed;
    std::vector<float> result = harness.get<float>(out, rows * features);
    for (uint64_t row = 0; row < rows; ++row)
      for (uint64_t i = 0; i < features; ++i) {
        double sum = 0;
        for (uint64_t k = 0; k < hidden; ++k)
          sum += double(fromBf16(x[indices[row] * hidden + k])) * fromBf16(w[i * hidden + k]);
        ASSERT_NEAR(result[(rows - 1 - row) * features + i], sum * scales[row], 2e-3)
            << row << ", " << i;
      }
  }
}

class Meeting {
public:
  std::string run(uint32_t ctas, uint64_t seed, std::vector<uint64_t> flags) {
    Harness harness;
    std::string error = harness.compile(lower(read("meeting.mlir"), "meeting"));
    if (!error.empty())
      return error;
    uint64_t results = harness.allocate(4 * (ctas + 1));
    uint64_t state = harness.put(std::vector<uint64_t>{0, 0, 0, 20'000, 0, 0, 0, 0});
    uint64_t counter = harness.put(std::vector<uint32_t>(1));
    Block block;
    block.word(harness.allocate(4 * ctas), 0)
        .word(results, 8)
        .word(harness.put(std::vector<uint32_t>(1)), 16)
        .word(counter, 24)
        .word(harness.put(flags), 32)
        .word(state, 40);
    block.content.resize(128);
    error = harness.run("meeting", {ctas, 1024, seed}, {block});
    numbers = harness.get<uint32_t>(results, ctas + 1);
    status = harness.get<uint32_t>(state + 32, 4);
    count = harness.get<uint32_t>(counter, 1).front();
    return error;
  }
  std::vector<uint32_t> numbers, status;
  uint32_t count = 0;
};

TEST(Emulated, StagesMeetAndTheLastAddsUp) {
  for (uint64_t seed : {0, 1, 2, 3, 4, 5}) {
    Meeting meeting;
    ASSERT_EQ(meeting.run(3, seed, std::vector<uint64_t>(40, uint64_t(7) << 32)), "") << seed;
    EXPECT_EQ(meeting.numbers, (std::vector<uint32_t>{22, 24, 20, 66})) << seed;
    EXPECT_EQ(meeting.status, (std::vector<uint32_t>{0, 0, 0, 0})) << seed;
    // Three meetings of 2^31 each: nothing has to be reset.
    EXPECT_EQ(meeting.count, uint32_t(1) << 31) << seed;
  }
}

TEST(Emulated, ALateFlagIsRecorded) {
  std::vector<uint64_t> flags(40, uint64_t(8) << 32); // ahead is well
  flags[35] = uint64_t(6) << 32;
  Meeting meeting;
  ASSERT_EQ(meeting.run(1, 1, flags), "");
  EXPECT_EQ(meeting.status, (std::vector<uint32_t>{1, 3, 35, 6}));
}

} // namespace
} // namespace moec::test
