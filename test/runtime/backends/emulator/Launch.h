//===- Launch.h - Functions as kernels --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engine runs whatever calls it: here functions of the tests stand for kernels, so
// that every call is tested without a compiler. A body uses the number of its source
// line as site, and reports name it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BACKENDS_EMULATOR_LAUNCH_H
#define MOEC_TEST_RUNTIME_BACKENDS_EMULATOR_LAUNCH_H

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"

#include <functional>
#include <string>

namespace moec::test {

struct Launch {
  uint32_t threads = 32;
  uint32_t ctasPerRank = 1;
  uint32_t ranks = 1;
  uint64_t sharedBytes = 64 << 10;
  uint64_t seed = 1;
  rt::emulator::Trace *trace = nullptr;
};

/// Site n is "op n" at line n of test.moe.
constexpr uint32_t siteCount = 2000;

class Machine {
public:
  Machine();
  /// Runs `body(thread in the CTA)` in every thread; the message, empty when all is well.
  std::string run(const Launch &launch, std::function<void(uint32_t)> body);
  /// The first failure of seeds 1 to `seeds`.
  std::string runSeeds(Launch launch, uint32_t seeds, const std::function<void(uint32_t)> &body);

  uint64_t allocate(uint64_t bytes, bool isWritten = true,
                    rt::MemoryKind kind = rt::MemoryKind::Local, uint32_t rank = 0);

  rt::emulator::Memory memory;
  rt::emulator::Engine engine;
};

/// Within a body: the CTA's shared memory, its rank and number.
inline uint64_t shared(uint32_t offset = 0) { return moecEmuShared(offset); }
inline uint32_t rankOf() {
  return moecEmuRegister(static_cast<uint32_t>(rt::emulator::Register::CtaZ));
}
inline uint32_t ctaOf() {
  return moecEmuRegister(static_cast<uint32_t>(rt::emulator::Register::CtaX));
}
/// Plain accesses of 32 bits.
inline uint32_t load32(uint32_t site, uint64_t address) {
  moecEmuLoad(site, address, 4);
  return *reinterpret_cast<uint32_t *>(address);
}
inline void store32(uint32_t site, uint64_t address, uint32_t value) {
  moecEmuStore(site, address, &value, 4);
}
constexpr uint32_t allLanes = 0xffffffff;

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BACKENDS_EMULATOR_LAUNCH_H
