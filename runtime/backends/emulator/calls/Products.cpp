//===- Products.cpp - wgmma ------------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sum is made when the last thread of the warpgroup comes; that the operands stay
// in place until the group is waited for is the shadow's business.
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Multiply.h"

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Warps.h"

#include <algorithm>
#include <cstring>

namespace moec::rt::emulator {

/// What a thread brings.
struct ProductPost {
  float *accumulators;
  const uint32_t *registers; ///< of A; null: A lies in shared memory
  uint64_t a, b;
  uint32_t n;
  bool isAdding;
  uint32_t transposes; ///< 1: A is M-major, 2: B is N-major
};

/// A shared-memory matrix descriptor.
struct Descriptor {
  uint64_t start;
  uint64_t leading, stride; ///< bytes
  uint32_t swizzle;         ///< bytes
};

static Descriptor decode(uint64_t bits, uint64_t window) {
  static constexpr uint32_t swizzles[] = {0, 128, 64, 32};
  return {window + ((bits & 0x3fff) << 4), (bits >> 16 & 0x3fff) << 4, (bits >> 32 & 0x3fff) << 4,
          swizzles[bits >> 62]};
}

/// Address of 8 elements of row `row`, k = 8 * chunk and on, of a K-major operand.
static uint64_t rowChunk(const Descriptor &matrix, uint32_t row, uint32_t chunk) {
  const uint64_t group = row / 8 * matrix.stride;
  if (matrix.swizzle == 0)
    return matrix.start + group + row % 8 * 16 + chunk * matrix.leading;
  return swizzled(matrix.start, group + row % 8 * matrix.swizzle + chunk * 16, matrix.swizzle);
}

/// Address of element (row, k) of an operand whose rows are contiguous for equal k.
static uint64_t columnElement(const Descriptor &matrix, uint32_t row, uint32_t k) {
  const uint32_t span = matrix.swizzle == 0 ? 8 : matrix.swizzle / 2; // elements
  const uint64_t across = matrix.swizzle == 0 ? matrix.stride : matrix.leading;
  const uint64_t along = matrix.swizzle == 0 ? matrix.leading : matrix.stride;
  const uint64_t offset = row / span * across + k / 8 * along + k % 8 * span * 2 + row % span * 2;
  return swizzled(matrix.start, offset, matrix.swizzle);
}

static float widen(uint16_t bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &word, 4);
  return value;
}

class OperandReader {
public:
  OperandReader(Engine &engine, const Thread &thread)
      : engine(engine), thread(thread),
        agent(firstWarpgroupAgent + thread.index / warpgroupThreads % warpgroupAgents),
        count(uint32_t(thread.mmaGroup + 1)) {}

  /// put(row, k, value) for `rows` rows and 16 values of k.
  template <typename Put>
  OperandWalk read(uint64_t bits, uint32_t rows, bool isTransposed, Put put) {
    const Descriptor matrix = decode(bits, thread.cta->shared);
    OperandWalk walk(thread.cta->tiles, thread.cta->shared, matrix.swizzle);
    if (isTransposed) { // rows lie across the tiles: nothing is held against them
      for (uint32_t row = 0; row < rows; ++row)
        for (uint32_t k = 0; k < 16; ++k)
          put(row, k, widen(*elements(columnElement(matrix, row, k), 2)));
      return walk;
    }
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t chunk = 0; chunk < 2; ++chunk) {
        const uint64_t address = rowChunk(matrix, row, chunk);
        const uint16_t *values = elements(address, 16);
        if (engine.isChecked())
          if (std::string wrong = walk.step(row, chunk, address); !wrong.empty())
            engine.fail(concat("wrong descriptor: ", wrong));
        for (uint32_t i = 0; i < 8; ++i)
          put(row, chunk * 8 + i, widen(values[i]));
      }
    return walk;
  }

private:
  const uint16_t *elements(uint64_t address, uint64_t bytes) {
    if (engine.passes(thread_(), address, bytes, false))
      return reinterpret_cast<const uint16_t *>(address);
    engine.check(thread_(),
                 {.address = address,
                  .bytes = bytes,
                  .isAsync = true,
                  .agent = agent,
                  .agentCount = count,
                  .site = thread.site},
                 "multiplies");
    return reinterpret_cast<const uint16_t *>(address);
  }
  Thread &thread_() { return *engine.current; }

  Engine &engine;
  const Thread &thread;
  uint32_t agent, count;
};

static void checkUniform(Engine &engine, const Collective &collective) {
  const auto &first = *static_cast<ProductPost *>(collective.posts[0]);
  for (void *post : collective.posts) {
    const auto &other = *static_cast<ProductPost *>(post);
    if (other.a != first.a || other.b != first.b || other.isAdding != first.isAdding)
      engine.fail("the threads of a warpgroup bring different descriptors to wgmma");
  }
}

static void readRegisters(const Collective &collective, Operands &operands) {
  for (uint32_t t = 0; t < warpgroupThreads; ++t) {
    const uint32_t *words = static_cast<ProductPost *>(collective.posts[t])->registers;
    const uint32_t row = t / 32 * 16 + t % 32 / 4, k = t % 4 * 2;
    for (uint32_t i = 0; i < 4; ++i)
      for (uint32_t half = 0; half < 2; ++half)
        operands.setA(row + i % 2 * 8, k + i / 2 * 8 + half,
                      widen(static_cast<uint16_t>(words[i] >> 16 * half)));
  }
}

static void finishProduct(Engine &engine, Collective &collective) {
  static Operands operands; // one launch at a time
  checkUniform(engine, collective);
  const auto &post = *static_cast<ProductPost *>(collective.posts[0]);
  OperandReader reader(engine, *engine.current);
  const auto readB = [&] {
    return reader.read(post.b, post.n, post.transposes & 2,
                       [&](uint32_t row, uint32_t k, float x) { operands.setB(row, k, x); });
  };
  if (post.registers) {
    readRegisters(collective, operands);
    readB();
  } else {
    const OperandWalk a =
        reader.read(post.a, 64, post.transposes & 1,
                    [&](uint32_t row, uint32_t k, float x) { operands.setA(row, k, x); });
    if (std::string wrong = OperandWalk::between(a, readB()); !wrong.empty())
      engine.fail(concat("wrong descriptor: ", wrong));
  }
  float *accumulators[warpgroupThreads];
  for (uint32_t t = 0; t < warpgroupThreads; ++t)
    accumulators[t] = static_cast<ProductPost *>(collective.posts[t])->accumulators;
  multiply(operands, accumulators, post.n, post.isAdding);
  ++engine.launchCounts.products;
}

static void multiplyTogether(uint32_t site, ProductPost post) {
  Engine &engine = *runningEngine;
  engine.current->site = site;
  if (post.n < 8 || post.n > 256 || post.n % 8 != 0)
    engine.fail(concat("wgmma has no form for n = ", post.n));
  meetWarpgroup(engine, &post, finishProduct);
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;

void moecEmuProduct(uint32_t site, float *accumulators, uint64_t a, uint64_t b, uint32_t n,
                    uint32_t isAdding, uint32_t transposes) {
  multiplyTogether(site, {accumulators, nullptr, a, b, n, isAdding != 0, transposes});
}

void moecEmuProductRegisters(uint32_t site, float *accumulators, const uint32_t *a, uint64_t b,
                             uint32_t n, uint32_t isAdding, uint32_t transposes) {
  multiplyTogether(site, {accumulators, a, 0, b, n, isAdding != 0, transposes & 2});
}

void moecEmuProductFence(uint32_t site) { runningEngine->current->site = site; }

void moecEmuProductCommit(uint32_t site) {
  runningEngine->current->site = site;
  ++runningEngine->current->mmaGroup;
}

void moecEmuProductWait(uint32_t site, uint32_t pending) {
  Engine &engine = *runningEngine;
  Thread &self = *engine.current;
  self.site = site;
  if (self.mmaGroup <= pending)
    return;
  self.mmaDone = std::max(self.mmaDone, self.mmaGroup - pending);
  if (engine.order)
    engine.order->learnAgent(self,
                             firstWarpgroupAgent + self.index / warpgroupThreads % warpgroupAgents,
                             uint32_t(self.mmaDone));
}
