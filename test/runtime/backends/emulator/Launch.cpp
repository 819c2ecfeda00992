//===- Launch.cpp - Functions as kernels -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/emulator/Launch.h"

#include <cstdio>
#include <cstdlib>

namespace moec::test {

static std::function<void(uint32_t)> *currentBody = nullptr;

static void enterBody(uint64_t) {
  (*currentBody)(moecEmuRegister(static_cast<uint32_t>(rt::emulator::Register::ThreadX)));
}

static const rt::emulator::SiteTable &sites() {
  static const rt::emulator::SiteTable table = [] {
    rt::emulator::SiteTable all(siteCount);
    for (uint32_t line = 1; line < siteCount; ++line)
      all[line] = {"op", "test", "test.moe", line};
    return all;
  }();
  return table;
}

Machine::Machine() : engine(memory) {
  if (rt::Status status = memory.open(); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    std::exit(1);
  }
}

std::string Machine::run(const Launch &launch, std::function<void(uint32_t)> body) {
  currentBody = &body;
  rt::emulator::KernelCode code;
  code.name = "test";
  code.entry = enterBody;
  code.threads = launch.threads;
  code.sharedBytes = launch.sharedBytes;
  code.sites = &sites();
  rt::emulator::Grid grid;
  grid.ctasPerRank = launch.ctasPerRank;
  grid.ranks = launch.ranks;
  grid.seed = launch.seed;
  grid.trace = launch.trace;
  return engine.run(code, grid).message();
}

std::string Machine::runSeeds(Launch launch, uint32_t seeds,
                              const std::function<void(uint32_t)> &body) {
  for (launch.seed = 1; launch.seed <= seeds; ++launch.seed)
    if (std::string failure = run(launch, body); !failure.empty())
      return failure;
  return "";
}

uint64_t Machine::allocate(uint64_t bytes, bool isWritten, rt::MemoryKind kind, uint32_t rank) {
  auto address = memory.allocate(bytes, kind, rank, "memory", isWritten);
  if (!address.ok()) {
    std::fprintf(stderr, "%s\n", address.status().message().c_str());
    std::exit(1);
  }
  return *address;
}

} // namespace moec::test
