//===- Harness.h - Runs a kernel in the emulator ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For tests of kernels: compile the text or bytecode of a module, put arrays into
// device memory, launch, read back.
//
//   Harness harness;
//   ASSERT_EQ(harness.compile(text), "");
//   uint64_t x = harness.put(values);              // of rank 0
//   uint64_t y = harness.allocate(bytes);
//   Block block;                                   // what the kernel's parameter leads to
//   block.map(harness.encode({.base = x, ...}), 0).word(y, 128);
//   ASSERT_EQ(harness.run("up", {.ctasPerRank = 2, .seed = 1}, {block}), "");
//   std::vector<uint16_t> result = harness.get<uint16_t>(y, count);
//
// Every function that can fail gives the message, empty when all is well.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_EMULATOR_HARNESS_H
#define MOEC_TEST_EMULATOR_HARNESS_H

#include "codegen/emulator/HostKernels.h"
#include "runtime/backends/emulator/Engine.h"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moec::test {

/// The argument block of one rank.
class Block {
public:
  Block &word(uint64_t value, size_t offset) { return bytes(&value, 8, offset); }
  Block &map(const rt::emulator::TensorMap &map, size_t offset) {
    return bytes(&map, sizeof map, offset);
  }
  Block &bytes(const void *from, size_t count, size_t offset) {
    if (content.size() < offset + count)
      content.resize(offset + count);
    std::memcpy(content.data() + offset, from, count);
    return *this;
  }
  std::vector<char> content;
};

struct RunOptions {
  uint32_t ctasPerRank = 1;
  uint64_t sharedBytes = 0; ///< dynamic
  uint64_t seed = 0;        ///< see Grid
  rt::emulator::Trace *trace = nullptr;
};

class Harness {
public:
  Harness();

  std::string compile(std::string_view ir);

  /// Zeroed device memory. Reading what no kernel wrote is reported in runs with a seed,
  /// unless `isWritten`.
  uint64_t allocate(uint64_t bytes, bool isWritten = false,
                    rt::MemoryKind kind = rt::MemoryKind::Local, uint32_t rank = 0,
                    const std::string &name = "memory");
  template <typename T>
  uint64_t put(const std::vector<T> &values, rt::MemoryKind kind = rt::MemoryKind::Local,
               uint32_t rank = 0, const std::string &name = "input") {
    uint64_t address = allocate(values.size() * sizeof(T), true, kind, rank, name);
    std::memcpy(reinterpret_cast<void *>(address), values.data(), values.size() * sizeof(T));
    return address;
  }
  template <typename T> std::vector<T> get(uint64_t address, size_t count) const {
    std::vector<T> values(count);
    std::memcpy(values.data(), reinterpret_cast<const void *>(address), count * sizeof(T));
    return values;
  }
  /// A map that the encoder refuses ends the test.
  rt::emulator::TensorMap encode(const rt::TensorMapRequest &request) const;

  /// One block a rank; as many ranks as blocks.
  std::string run(std::string_view kernel, const RunOptions &options,
                  const std::vector<Block> &blocks);
  const rt::emulator::LaunchCounts &counts() const { return engine.counts(); }
  rt::emulator::Memory &deviceMemory() { return memory; }

private:
  rt::emulator::Memory memory;
  rt::emulator::Engine engine;
  std::unique_ptr<emulator::HostKernels> kernels;
};

/// bf16 bits, rounded to nearest even, and back.
uint16_t toBf16(float value);
float fromBf16(uint16_t bits);

} // namespace moec::test

#endif // MOEC_TEST_EMULATOR_HARNESS_H
