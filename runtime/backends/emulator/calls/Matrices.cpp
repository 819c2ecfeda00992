//===- Matrices.cpp - ldmatrix and stmatrix --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Warps.h"

#include <utility>

namespace moec::rt::emulator {

/// 8x8 matrices of 16-bit elements: lane 8 i + r has the address of row r of matrix i,
/// and holds elements (lane / 4, 2 (lane % 4)) and the next of each, or, transposed,
/// those of the mirrored places.
struct MatrixPost {
  uint64_t address;
  uint32_t *words;
  uint32_t count;
  bool isTransposed, isStore;
};

static void finishMatrices(Engine &engine, Collective &collective) {
  const uint32_t count = static_cast<MatrixPost *>(collective.posts[engine.current->lane])->count;
  const auto post = [&](uint32_t lane) {
    auto *at = static_cast<MatrixPost *>(collective.posts[lane]);
    if (!at)
      engine.fail(concat("lane ", lane, " has exited, all 32 must come"));
    return at;
  };
  for (uint32_t i = 0; i < count; ++i)
    for (uint32_t r = 0; r < 8; ++r)
      if (post(8 * i + r)->address % 16 != 0)
        engine.fail(concat("row ", r, " of matrix ", i, " lies at ",
                           engine.memory.describe(post(8 * i + r)->address),
                           ", wanted a multiple of 16"));
  for (uint32_t lane = 0; lane < warpThreads; ++lane) {
    MatrixPost &mine = *post(lane);
    Thread &thread = collective.warp->lanes[lane];
    for (uint32_t i = 0; i < count; ++i)
      for (uint32_t half = 0; half < 2; ++half) {
        uint32_t row = lane / 4, column = lane % 4 * 2 + half;
        if (mine.isTransposed)
          std::swap(row, column);
        const uint64_t address = post(8 * i + row)->address + column * 2;
        engine.check(thread,
                     {.address = address, .bytes = 2, .isWrite = mine.isStore, .site = thread.site},
                     mine.isStore ? "stores to" : "loads from");
        auto &element = *reinterpret_cast<uint16_t *>(address);
        uint32_t &word = mine.words[i];
        if (mine.isStore)
          element = static_cast<uint16_t>(word >> 16 * half);
        else
          word = half == 0 ? element : word | uint32_t{element} << 16;
      }
  }
}

static void meetMatrices(uint32_t site, MatrixPost post) {
  Engine &engine = *runningEngine;
  engine.current->site = site;
  meetWarp(engine, ~0u, &post, finishMatrices);
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;

void moecEmuLoadMatrix(uint32_t site, uint64_t address, uint32_t *words, uint32_t count,
                       uint32_t isTransposed) {
  meetMatrices(site, {address, words, count, isTransposed != 0, false});
}

void moecEmuStoreMatrix(uint32_t site, uint64_t address, const uint32_t *words, uint32_t count,
                        uint32_t isTransposed) {
  uint32_t copies[4] = {};
  for (uint32_t i = 0; i < count; ++i)
    copies[i] = words[i];
  meetMatrices(site, {address, copies, count, isTransposed != 0, true});
}
