//===- Harness.cpp - Runs a kernel in the emulator -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/emulator/Harness.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace moec::test {

static void must(const rt::Status &status) {
  if (status.ok())
    return;
  std::fprintf(stderr, "harness: %s\n", status.message().c_str());
  std::exit(1);
}

Harness::Harness() : engine(memory) { must(memory.open()); }

std::string Harness::compile(std::string_view ir) {
  auto compiled = emulator::HostKernels::compile(ir);
  if (!compiled.ok())
    return compiled.status().message();
  kernels = *std::move(compiled);
  return "";
}

uint64_t Harness::allocate(uint64_t bytes, bool isWritten, rt::MemoryKind kind, uint32_t rank,
                           const std::string &name) {
  auto address = memory.allocate(bytes, kind, rank, name, isWritten);
  must(address.status());
  return *address;
}

rt::emulator::TensorMap Harness::encode(const rt::TensorMapRequest &request) const {
  auto map = rt::emulator::encodeTensorMap(request);
  must(map.status());
  return *map;
}

std::string Harness::run(std::string_view kernel, const RunOptions &options,
                         const std::vector<Block> &blocks) {
  if (!kernels || !kernels->find(kernel))
    return "no kernel of this name was compiled";
  size_t pitch = 0;
  for (const Block &block : blocks)
    pitch = std::max(pitch, (block.content.size() + 127) / 128 * 128);
  std::vector<char> table(std::max<size_t>(pitch * blocks.size(), 128));
  for (size_t rank = 0; rank < blocks.size(); ++rank)
    std::copy(blocks[rank].content.begin(), blocks[rank].content.end(),
              table.begin() + static_cast<ptrdiff_t>(rank * pitch));
  kernels->setDynamicShared(kernel, options.sharedBytes);
  rt::emulator::Grid grid;
  grid.ctasPerRank = options.ctasPerRank;
  grid.ranks = static_cast<uint32_t>(blocks.size());
  grid.table = put(table, rt::MemoryKind::Table, 0, "arguments");
  grid.seed = options.seed;
  grid.trace = options.trace;
  rt::Status status = engine.run(*kernels->find(kernel), grid);
  memory.free(grid.table);
  return status.message();
}

uint16_t toBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float fromBf16(uint16_t bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &word, 4);
  return value;
}

} // namespace moec::test
