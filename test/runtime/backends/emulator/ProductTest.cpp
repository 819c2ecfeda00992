//===- ProductTest.cpp - wgmma, ldmatrix and stmatrix ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include "runtime/backends/kernels/Device.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

namespace {

using namespace moec::test;

uint16_t toBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<uint16_t>(bits >> 16); // the tests use values that fit
}

/// How an operand of `rows` x 16 lies in shared memory.
struct Layout {
  uint32_t swizzle = 128;
  bool isTransposed = false;
  uint32_t rows = 64;

  uint64_t stride() const {
    if (isTransposed)
      return swizzle == 0 ? 128 : 8 * swizzle; // swizzle 0: across
    return swizzle == 0 ? 256 : 8 * swizzle;
  }
  uint64_t leading() const {
    if (isTransposed)
      return swizzle == 0 ? uint64_t{rows} * 16 : 16 * swizzle;
    return swizzle == 0 ? 128 : 16;
  }
  uint64_t offset(uint32_t row, uint32_t k) const {
    uint64_t at = 0;
    if (!isTransposed && swizzle == 0)
      at = row / 8 * stride() + k / 8 * leading() + row % 8 * 16 + k % 8 * 2;
    else if (!isTransposed)
      at = row / 8 * stride() + row % 8 * swizzle + k * 2;
    else if (swizzle == 0)
      at = row / 8 * stride() + k / 8 * leading() + k % 8 * 16 + row % 8 * 2;
    else
      at = row / (swizzle / 2) * leading() + k / 8 * stride() + k % 8 * swizzle +
           row % (swizzle / 2) * 2;
    return swizzle == 0 ? at : at ^ (at >> 7 & (swizzle / 16 - 1)) << 4;
  }
  uint64_t descriptor(uint64_t address) const {
    const uint64_t kind = swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle == 32 ? 3 : 0;
    return (address >> 4 & 0x3fff) | leading() / 16 << 16 | stride() / 16 << 32 | kind << 62;
  }
};

struct Case {
  uint32_t n = 64;
  Layout a, b;
  bool aFromRegisters = false, isAdding = true;
};

void expectProduct(const Case &test, uint64_t seed) {
  Machine machine;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> digit(-4, 4);
  std::vector<float> a(64 * 16), b(test.n * 16), sums(64 * test.n), wanted(64 * test.n);
  for (float &x : a)
    x = float(digit(random));
  for (float &x : b)
    x = float(digit(random));
  for (uint32_t i = 0; i < 64; ++i)
    for (uint32_t j = 0; j < test.n; ++j) {
      float sum = test.isAdding ? float(i + j) : 0;
      for (uint32_t k = 0; k < 16; ++k)
        sum += a[i * 16 + k] * b[j * 16 + k];
      wanted[i * test.n + j] = sum;
    }
  Launch launch;
  launch.threads = 128;
  launch.seed = seed;
  const uint32_t startB = 16 << 10;
  const auto place = [](const std::vector<float> &matrix, const Layout &layout, uint32_t rows,
                        uint32_t start) {
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t k = 0; k < 16; ++k) {
        const uint16_t value = toBf16(matrix[row * 16 + k]);
        moecEmuStore(1, shared(start) + layout.offset(row, k), &value, 2);
      }
  };
  EXPECT_EQ(machine.run(launch,
                        [&](uint32_t t) {
                          if (t == 0) {
                            if (!test.aFromRegisters)
                              place(a, test.a, 64, 0);
                            place(b, test.b, test.n, startB);
                            moecEmuFenceProxy(2, 0, 1);
                          }
                          moecEmuBarrier(3, 0, 0);
                          std::vector<float> accumulators(test.n / 2);
                          const auto at = [&](uint32_t i) -> std::pair<uint32_t, uint32_t> {
                            return {t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8,
                                    i / 4 * 8 + t % 4 * 2 + i % 2};
                          };
                          for (uint32_t i = 0; i < test.n / 2; ++i)
                            accumulators[i] = float(at(i).first + at(i).second);
                          const uint32_t transposes =
                              (test.a.isTransposed ? 1 : 0) | (test.b.isTransposed ? 2 : 0);
                          const uint64_t db = test.b.descriptor(shared(startB));
                          if (test.aFromRegisters) {
                            uint32_t words[4];
                            for (uint32_t i = 0; i < 4; ++i) {
                              const uint32_t row = t / 32 * 16 + t % 32 / 4 + i % 2 * 8,
                                             k = t % 4 * 2 + i / 2 * 8;
                              words[i] = toBf16(a[row * 16 + k]) |
                                         uint32_t{toBf16(a[row * 16 + k + 1])} << 16;
                            }
                            moecEmuProductRegisters(4, accumulators.data(), words, db, test.n,
                                                    test.isAdding, transposes);
                          } else {
                            moecEmuProduct(4, accumulators.data(), test.a.descriptor(shared()), db,
                                           test.n, test.isAdding, transposes);
                          }
                          moecEmuProductCommit(5);
                          moecEmuProductWait(6, 0);
                          for (uint32_t i = 0; i < test.n / 2; ++i)
                            sums[at(i).first * test.n + at(i).second] = accumulators[i];
                        }),
            "");
  EXPECT_EQ(sums, wanted) << "n " << test.n << " swizzles " << test.a.swizzle << " "
                          << test.b.swizzle << " transposed " << test.a.isTransposed
                          << test.b.isTransposed;
}

TEST(Product, HasEveryWidth) {
  for (uint32_t n = 8; n <= 256; n += 8) {
    Case test;
    test.n = n;
    test.b.rows = n;
    test.isAdding = n % 16 == 0;
    expectProduct(test, n % 64 == 0);
  }
}

TEST(Product, ReadsEveryLayout) {
  for (uint32_t swizzle : {0, 32, 64, 128})
    for (bool isTransposed : {false, true}) {
      Case test;
      test.a = {swizzle, isTransposed, 64};
      test.b = {swizzle, isTransposed, 64};
      expectProduct(test, 1);
    }
}

TEST(Product, TakesAFromRegisters) {
  Case test;
  test.n = 32;
  test.aFromRegisters = true;
  expectProduct(test, 1);
}

TEST(Product, OverwritingAnOperandTooEarlyIsReported) {
  Machine machine;
  Launch launch;
  launch.threads = 128;
  const auto with = [&](uint32_t pending) {
    return machine.runSeeds(launch, 5, [&, pending](uint32_t t) {
      if (t == 0)
        for (uint32_t i = 0; i < 4096; ++i)
          store32(1, shared(4 * i), 0);
      if (t == 0)
        moecEmuFenceProxy(2, 0, 1);
      moecEmuBarrier(3, 0, 0);
      float sums[32] = {};
      moecEmuProduct(4, sums, Layout().descriptor(shared()), Layout().descriptor(shared(8192)), 64,
                     1, 0);
      moecEmuProductCommit(5);
      moecEmuProductWait(6, pending);
      moecEmuBarrier(7, 0, 0);
      if (t == 0)
        store32(8, shared(), 1);
    });
  };
  EXPECT_EQ(with(0), "");
  const std::string failure = with(1);
  EXPECT_NE(failure.find("race: stores to byte 0 of shared memory without having waited for an "
                         "asynchronous read by test.moe:4"),
            std::string::npos)
      << failure;
}

/// A product of two boxes of 64 rows of 64 elements that TMA brings to shared bytes 0 and 8192;
/// the descriptors have these offsets and swizzle.
std::string productOfTiles(uint64_t offsetA, uint64_t offsetB, uint32_t n, uint32_t swizzle) {
  Machine machine;
  moec::rt::TensorMapRequest request;
  request.base = machine.allocate(64 * 128);
  request.element = moec::DType::BF16;
  request.rank = 2;
  request.dims = {64, 64};
  request.strides = {2, 128};
  request.box = {64, 64};
  request.swizzle = 128;
  const auto encoded = moec::rt::emulator::encodeTensorMap(request);
  const uint64_t map = machine.allocate(128, true, moec::rt::MemoryKind::Table);
  std::memcpy(reinterpret_cast<void *>(map), &*encoded, 128);
  Launch launch;
  launch.threads = 128;
  return machine.run(launch, [&](uint32_t t) {
    const uint64_t barrier = shared(32768);
    if (t == 0) {
      moecEmuMbarrierInit(1, barrier, 1);
      moecEmuFenceProxy(2, 0, 1);
    }
    moecEmuBarrier(3, 0, 0);
    if (t == 0) {
      moecEmuMbarrierArriveExpect(4, barrier, 2 * 8192);
      moecEmuTensorLoad(5, shared(), map, barrier, 2, 0, 0, 0, 0, 0);
      moecEmuTensorLoad(6, shared(8192), map, barrier, 2, 0, 0, 0, 0, 0);
    }
    moecEmuMbarrierWait(7, barrier, 0);
    float sums[32];
    const Layout layout{swizzle};
    moecEmuProduct(8, sums, layout.descriptor(shared() + offsetA),
                   layout.descriptor(shared() + offsetB), n, 0, 0);
    moecEmuProductCommit(9);
    moecEmuProductWait(10, 0);
  });
}

TEST(Product, DescriptorsMustFitTheTiles) {
  EXPECT_EQ(productOfTiles(0, 8192, 64, 128), "");
  EXPECT_EQ(productOfTiles(96, 8192 + 96, 64, 128), "");      // the last 16 of k
  EXPECT_EQ(productOfTiles(0, 8192 + 4 * 1024, 32, 128), ""); // the last 32 rows
  const auto expect = [](const std::string &failure, const std::string &what) {
    EXPECT_NE(failure.find("test.moe:8: kernel 'test', op, rank 0, CTA 0, thread "), failure.npos)
        << failure;
    EXPECT_NE(failure.find(": wrong descriptor: " + what), failure.npos) << failure;
  };
  expect(productOfTiles(0, 8192 + 16, 64, 128),
         "A begins at byte 0 of the rows of its tile, B at byte 16");
  expect(productOfTiles(0, 4096, 32, 128), "both operands lie in one tile");
  expect(productOfTiles(0, 8192, 64, 64),
         "the descriptor says a swizzle of 64 bytes, the tile came with 128");
  expect(productOfTiles(0, 8192 + 112, 64, 128), "row 0 of the operand is byte");
  expect(productOfTiles(4096, 8192, 64, 128), "both operands lie in one tile");
}

TEST(Product, DifferentDescriptorsAreReported) {
  Machine machine;
  Launch launch;
  launch.threads = 128;
  launch.seed = 0;
  const std::string failure = machine.run(launch, [&](uint32_t t) {
    float sums[4] = {};
    moecEmuProduct(1, sums, Layout().descriptor(shared(t == 77 ? 1024 : 0)),
                   Layout().descriptor(shared(8192)), 8, 0, 0);
  });
  EXPECT_NE(failure.find("different descriptors"), std::string::npos) << failure;
}

TEST(Matrices, GoThroughSharedMemoryAndBack) {
  for (uint32_t isTransposed : {0, 1}) {
    Machine machine;
    EXPECT_EQ(machine.runSeeds({}, 3,
                               [&](uint32_t t) {
                                 uint32_t words[4], back[4] = {};
                                 for (uint32_t i = 0; i < 4; ++i)
                                   words[i] = t << 16 | i << 8 | t;
                                 const uint64_t row = shared(t * 16);
                                 moecEmuStoreMatrix(1, row, words, 4, isTransposed);
                                 moecEmuSyncWarp(2, allLanes);
                                 if (!isTransposed) {
                                   // Lane t holds elements (t / 4, 2 (t % 4)) and the next.
                                   EXPECT_EQ(load32(3, shared(t / 4 * 16 + t % 4 * 4)), words[0]);
                                 }
                                 moecEmuSyncWarp(4, allLanes);
                                 moecEmuLoadMatrix(5, row, back, 4, isTransposed);
                                 EXPECT_EQ(std::memcmp(words, back, sizeof words), 0);
                               }),
              "");
  }
}

TEST(Numbers, RoundToNearestEven) {
  EXPECT_EQ(moecEmuPackBf16(1.0f, -2.0f), 0x3f80c000u);
  EXPECT_EQ(moecEmuPackBf16(0, 1.00390625f) & 0xffff, 0x3f80u); // a tie, to even
  EXPECT_EQ(moecEmuPackBf16(0, 1.01171875f) & 0xffff, 0x3f82u); // a tie, to even
  EXPECT_EQ(moecEmuPackBf16(0, std::nanf("")) & 0xffff, 0x7fffu);
}

} // namespace
