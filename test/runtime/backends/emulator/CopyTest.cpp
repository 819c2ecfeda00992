//===- CopyTest.cpp - TMA, bulk copies and cp.async ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include <gtest/gtest.h>

#include <cstring>

namespace {

using namespace moec::test;
using moec::rt::TensorMapRequest;
using moec::rt::emulator::encodeTensorMap;
using moec::rt::emulator::TensorMap;

void expectFailure(const std::string &failure, const std::string &part) {
  EXPECT_NE(failure.find(part), std::string::npos) << "found '" << failure << "'";
}

/// A map in device memory.
uint64_t mapOf(Machine &machine, const TensorMapRequest &request) {
  auto map = encodeTensorMap(request);
  EXPECT_TRUE(map.ok()) << map.status().message();
  const uint64_t address = machine.allocate(sizeof(TensorMap), true, moec::rt::MemoryKind::Table);
  std::memcpy(reinterpret_cast<void *>(address), &*map, sizeof(TensorMap));
  return address;
}

uint16_t &half(uint64_t address, uint64_t index) {
  return reinterpret_cast<uint16_t *>(address)[index];
}

/// 20 rows of 72 elements, element (r, c) is 100 r + c.
class Copies : public testing::Test {
protected:
  void SetUp() override {
    matrix = machine.allocate(rows * columns * 2);
    for (uint64_t r = 0; r < rows; ++r)
      for (uint64_t c = 0; c < columns; ++c)
        half(matrix, r * columns + c) = static_cast<uint16_t>(100 * r + c);
  }
  TensorMapRequest request(uint32_t swizzle) const {
    TensorMapRequest map;
    map.base = matrix;
    map.element = moec::DType::BF16;
    map.rank = 2;
    map.dims = {columns, rows};
    map.strides = {2, columns * 2};
    map.box = {swizzle == 0 ? 64 : swizzle / 2, 8};
    map.swizzle = swizzle;
    return map;
  }
  static constexpr uint64_t rows = 20, columns = 72;
  Machine machine;
  uint64_t matrix = 0;
};

TEST_F(Copies, BoxesLandSwizzledWithZerosOutside) {
  for (uint32_t swizzle : {0, 32, 64, 128}) {
    const uint64_t map = mapOf(machine, request(swizzle));
    const uint32_t width = swizzle == 0 ? 64 : swizzle / 2;
    std::vector<uint16_t> seen(width * 8);
    EXPECT_EQ(machine.runSeeds(
                  {}, 5,
                  [&](uint32_t t) {
                    if (t != 0)
                      return;
                    moecEmuMbarrierInit(1, shared(), 1);
                    moecEmuMbarrierArriveExpect(2, shared(), width * 16);
                    moecEmuTensorLoad(3, shared(1024), map, shared(), 2, 40, 15, 0, 0, 0);
                    moecEmuMbarrierWait(4, shared(), 0);
                    moecEmuLoad(5, shared(1024), width * 16);
                    std::memcpy(seen.data(), reinterpret_cast<void *>(shared(1024)), width * 16);
                  }),
              "");
    for (uint32_t r = 0; r < 8; ++r)
      for (uint32_t c = 0; c < width; ++c) {
        uint32_t byte = r * width * 2 + c * 2;
        if (swizzle != 0)
          byte ^= (byte >> 7 & (swizzle / 16 - 1)) << 4;
        const bool isInside = 15 + r < rows && 40 + c < columns;
        EXPECT_EQ(seen[byte / 2], isInside ? 100 * (15 + r) + 40 + c : 0)
            << swizzle << " " << r << " " << c;
      }
  }
}

TEST_F(Copies, StoresLeaveWhatIsOutside) {
  TensorMapRequest to = request(128);
  to.base = machine.allocate(rows * columns * 2, false);
  const uint64_t map = mapOf(machine, to);
  EXPECT_EQ(machine.runSeeds({}, 5,
                             [&](uint32_t t) {
                               if (t != 0)
                                 return;
                               uint16_t value[512];
                               for (uint16_t &x : value)
                                 x = 7;
                               moecEmuStore(1, shared(1024), value, 1024);
                               moecEmuFenceProxy(2, 0, 1);
                               moecEmuTensorStore(3, map, shared(1024), 2, 64, 16, 0, 0, 0);
                               moecEmuBulkCommit(4);
                               moecEmuBulkWait(5, 0, 0);
                               EXPECT_EQ(load32(6, to.base + (16 * columns + 64) * 2), 0x70007u);
                             }),
            "");
  for (uint64_t r = 0; r < rows; ++r)
    for (uint64_t c = 0; c < columns; ++c)
      EXPECT_EQ(half(to.base, r * columns + c), r >= 16 && c >= 64 ? 7 : 0);
}

TEST_F(Copies, RaggedMapsClip) {
  // dims (C, TM, R + 1), equal strides, base TM rows before the matrix.
  TensorMapRequest map = request(128);
  map.rank = 3;
  map.base = matrix - 8 * columns * 2;
  map.dims = {columns, 8, rows + 1};
  map.strides = {2, columns * 2, columns * 2};
  map.box = {64, 8, 1};
  const uint64_t address = mapOf(machine, map);
  uint32_t first = 0, last = 0, behind = 1;
  EXPECT_EQ(machine.run({},
                        [&](uint32_t t) {
                          if (t != 0)
                            return;
                          moecEmuMbarrierInit(1, shared(), 1);
                          moecEmuMbarrierArriveExpect(2, shared(), 1024);
                          moecEmuTensorLoad(3, shared(1024), address, shared(), 3, 0, 8 - 3, 4 + 3,
                                            0, 0);
                          moecEmuMbarrierWait(4, shared(), 0);
                          first = load32(5, shared(1024)) & 0xffff;
                          last = load32(6, shared(1024 + 2 * 128 + (2 << 4))) & 0xffff;
                          behind = load32(7, shared(1024 + 3 * 128 + (3 << 4)));
                        }),
            "");
  EXPECT_EQ(first, 400u);
  EXPECT_EQ(last, 600u);
  EXPECT_EQ(behind, 0u);
}

TEST_F(Copies, ReadingTheTargetTooEarlyIsReported) {
  const uint64_t map = mapOf(machine, request(128));
  expectFailure(
      machine.run({},
                  [&](uint32_t t) {
                    if (t != 0)
                      return;
                    moecEmuMbarrierInit(1, shared(), 1);
                    moecEmuMbarrierArriveExpect(2, shared(), 1024);
                    moecEmuTensorLoad(3, shared(1024), map, shared(), 2, 0, 0, 0, 0, 0);
                    load32(4, shared(1024));
                    moecEmuMbarrierWait(5, shared(), 0);
                  }),
      "test.moe:4: kernel 'test', op, rank 0, CTA 0, thread 0: race: loads from byte 1024 "
      "of shared memory without having waited for an asynchronous write by test.moe:3");
}

TEST_F(Copies, WrongByteCountsAreReported) {
  const uint64_t map = mapOf(machine, request(128));
  const auto with = [&](uint32_t bytes) {
    return machine.runSeeds({}, 10, [&, bytes](uint32_t t) {
      if (t != 0)
        return;
      moecEmuMbarrierInit(1, shared(), 1);
      moecEmuMbarrierArriveExpect(2, shared(), bytes);
      moecEmuTensorLoad(3, shared(1024), map, shared(), 2, 0, 0, 0, 0, 0);
      moecEmuMbarrierWait(4, shared(), 0);
    });
  };
  expectFailure(with(1040), "16 bytes to come");
  expectFailure(with(1008), "gets more bytes than it expects in this phase, by 16");
}

TEST_F(Copies, MissingProxyFenceIsReported) {
  const uint64_t map = mapOf(machine, request(128));
  expectFailure(
      machine.run({},
                  [&](uint32_t t) {
                    if (t != 0)
                      return;
                    char value[1024] = {};
                    moecEmuStore(1, shared(1024), value, 1024);
                    moecEmuTensorStore(3, map, shared(1024), 2, 0, 0, 0, 0, 0);
                    moecEmuBulkCommit(4);
                    moecEmuBulkWait(5, 0, 0);
                  }),
      "test.moe:3: kernel 'test', op, rank 0, CTA 0, thread 0: missing fence.proxy.async: "
      "copies from byte 1024 of shared memory after the write by test.moe:1");
}

TEST_F(Copies, FenceOfAnotherThreadDoesNotHelp) {
  const uint64_t map = mapOf(machine, request(128));
  const auto with = [&](uint32_t fencing) {
    return machine.runSeeds({}, 10, [&, fencing](uint32_t t) {
      store32(1, shared(1024 + 4 * t), t);
      if (t == fencing || fencing == 99)
        moecEmuFenceProxy(2, 0, 1);
      moecEmuSyncWarp(3, allLanes);
      if (t != 0)
        return;
      char rest[1024 - 128] = {};
      moecEmuStore(4, shared(1024 + 128), rest, sizeof rest);
      moecEmuFenceProxy(5, 0, fencing == 99);
      moecEmuTensorStore(6, map, shared(1024), 2, 0, 0, 0, 0, 0);
      moecEmuBulkCommit(7);
      moecEmuBulkWait(8, 0, 0);
    });
  };
  EXPECT_EQ(with(99), "");
  expectFailure(with(0), "missing fence.proxy.async");
}

TEST_F(Copies, SourceOfAStoreMustStayUntilItIsRead) {
  const uint64_t map = mapOf(machine, request(128));
  const auto with = [&](bool waits) {
    return machine.runSeeds({}, 5, [&, waits](uint32_t t) {
      if (t != 0)
        return;
      char value[1024] = {};
      moecEmuStore(1, shared(1024), value, 1024);
      moecEmuFenceProxy(2, 0, 1);
      moecEmuTensorStore(3, map, shared(1024), 2, 0, 0, 0, 0, 0);
      moecEmuBulkCommit(4);
      if (waits)
        moecEmuBulkWait(5, 0, 1);
      store32(6, shared(1024), 1);
      moecEmuBulkWait(7, 0, 0);
    });
  };
  EXPECT_EQ(with(true), "");
  expectFailure(with(false), "race: stores to byte 1024 of shared memory without having waited for "
                             "an asynchronous read by test.moe:3");
}

TEST_F(Copies, ReadIsEnoughToReuseButNotToPublish) {
  const uint64_t flag = machine.allocate(8), target = machine.allocate(1024, false);
  const auto with = [&](uint32_t readOnly) {
    return machine.run({}, [&, readOnly](uint32_t t) {
      if (t != 0)
        return;
      store32(1, shared(1024), 5);
      store32(1, shared(1028), 5);
      store32(1, shared(1032), 5);
      store32(1, shared(1036), 5);
      moecEmuFenceProxy(2, 0, 1);
      moecEmuBulkStore(3, target, shared(1024), 16);
      moecEmuBulkCommit(4);
      moecEmuBulkWait(5, 0, readOnly);
      moecEmuStoreAtomic(6, flag, 1, 8, 2, 2);
    });
  };
  EXPECT_EQ(with(0), "");
  expectFailure(with(1), "test.moe:6: kernel 'test', op, rank 0, CTA 0, thread 0: publishes while "
                         "its own bulk store is under way: test.moe:3");
}

TEST_F(Copies, ExitWithAStoreThatReadsIsReported) {
  const uint64_t target = machine.allocate(1024, false);
  expectFailure(machine.runSeeds({}, 20,
                                 [&](uint32_t t) {
                                   if (t != 0)
                                     return;
                                   store32(1, shared(1024), 5);
                                   store32(1, shared(1028), 5);
                                   store32(1, shared(1032), 5);
                                   store32(1, shared(1036), 5);
                                   moecEmuFenceProxy(2, 0, 1);
                                   moecEmuBulkStore(3, target, shared(1024), 16);
                                   moecEmuBulkCommit(4);
                                 }),
                "the thread exits while this store reads shared memory");
}

TEST_F(Copies, BulkLoadsBringRows) {
  uint32_t seen = 0;
  EXPECT_EQ(machine.runSeeds({}, 5,
                             [&](uint32_t t) {
                               if (t != 0)
                                 return;
                               moecEmuMbarrierInit(1, shared(), 1);
                               moecEmuMbarrierArriveExpect(2, shared(), 144);
                               moecEmuBulkLoad(3, shared(1024), matrix + 3 * 144, shared(), 144);
                               moecEmuMbarrierWait(4, shared(), 0);
                               seen = load32(5, shared(1024 + 140));
                             }),
            "");
  EXPECT_EQ(seen & 0xffff, 370u);
}

TEST_F(Copies, ElementsFillUpWithZerosAndWait) {
  uint32_t seen[2] = {};
  EXPECT_EQ(machine.runSeeds({}, 5,
                             [&](uint32_t t) {
                               if (t != 0)
                                 return;
                               moecEmuCopyElement(1, shared(16), matrix, 16, 8);
                               moecEmuCopyCommit(2);
                               moecEmuCopyWait(3, 0);
                               seen[0] = load32(4, shared(16));
                               seen[1] = load32(5, shared(28));
                             }),
            "");
  EXPECT_EQ(seen[0], 1u << 16);
  EXPECT_EQ(seen[1], 0u);
  expectFailure(machine.run({},
                            [&](uint32_t t) {
                              if (t != 0)
                                return;
                              moecEmuCopyElement(1, shared(16), matrix, 16, 16);
                              moecEmuCopyCommit(2);
                              moecEmuCopyElement(3, shared(32), matrix, 16, 16);
                              moecEmuCopyCommit(4);
                              moecEmuCopyWait(5, 1);
                              load32(6, shared(16));
                              load32(7, shared(32));
                            }),
                "test.moe:7: kernel 'test', op, rank 0, CTA 0, thread 0: race: loads from byte 32");
}

TEST(TensorMaps, WrongOnesAreRefused) {
  TensorMapRequest map;
  map.base = 4096;
  map.rank = 2;
  map.dims = {72, 20};
  map.strides = {2, 144};
  map.box = {64, 8};
  EXPECT_TRUE(encodeTensorMap(map).ok());
  map.box = {128, 8};
  EXPECT_EQ(encodeTensorMap(map).status().message(),
            "tensor map: the inner box has 256 bytes, more than the swizzle of 128");
  map.box = {64, 8};
  map.strides = {2, 148};
  EXPECT_EQ(encodeTensorMap(map).status().message(),
            "tensor map: stride 1 is 148 bytes, wanted a multiple of 16 below 2^40");
}

} // namespace
