//===- Registers.cpp - Special registers, the clock, numbers ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Warps.h"

#include <cmath>
#include <cstring>

using namespace moec::rt::emulator;

uint32_t moecEmuRegister(uint32_t which) {
  const Engine &engine = *runningEngine;
  const Thread &self = *engine.current;
  switch (static_cast<Register>(which)) {
  case Register::ThreadX:
    return self.index;
  case Register::ThreadsX:
    return engine.code->threads;
  case Register::CtaX:
    return self.cta->x;
  case Register::CtaZ:
    return self.cta->rank;
  case Register::CtasX:
    return engine.ctasPerRank();
  case Register::CtasZ:
    return engine.ranks();
  case Register::ThreadY:
  case Register::ThreadZ:
  case Register::CtaY:
    return 0;
  case Register::ThreadsY:
  case Register::ThreadsZ:
  case Register::CtasY:
    return 1;
  case Register::Lane:
    return self.lane;
  case Register::Warp:
    return self.index / warpThreads;
  case Register::Warps:
    return uint32_t(self.cta->warps.size());
  case Register::Sm:
    return self.cta->number;
  case Register::Sms:
    return engine.ctasPerRank() * engine.ranks();
  case Register::LaneMaskEq:
    return 1u << self.lane;
  case Register::LaneMaskLt:
    return (1u << self.lane) - 1;
  case Register::LaneMaskLe:
    return (2u << self.lane) - 1;
  case Register::LaneMaskGe:
    return ~((1u << self.lane) - 1);
  case Register::LaneMaskGt:
    return ~((2u << self.lane) - 1);
  case Register::DynamicShared:
    return uint32_t(engine.sharedBytes());
  }
  return 0;
}

uint64_t moecEmuShared(uint32_t offset) {
  return runningEngine->current->cta->shared + windowStart + offset;
}

uint64_t moecEmuClock(uint32_t site) {
  runningEngine->current->site = site;
  return runningEngine->clock();
}

void moecEmuSleep(uint32_t site, uint32_t) {
  runningEngine->current->site = site;
  runningEngine->yield();
}

void moecEmuTrap(uint32_t site) {
  runningEngine->current->site = site;
  runningEngine->fail("the kernel traps");
}

void moecEmuExit(uint32_t site) {
  runningEngine->current->site = site;
  leaveKernel(*runningEngine);
}

/// To nearest, ties to even; a NaN becomes the canonical one.
static uint32_t narrow(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value))
    return 0x7fff;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

uint32_t moecEmuPackBf16(float high, float low) { return narrow(low) | narrow(high) << 16; }

float moecEmuReciprocal(float x) { return 1.0f / x; }
