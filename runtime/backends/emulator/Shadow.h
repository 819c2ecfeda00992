//===- Shadow.h - Who touched which bytes last ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds accesses that nothing orders, accesses of the async proxy to what the generic
// proxy wrote without a fence between, and reads of what nobody wrote. Each 8 bytes of
// memory have four slots for the last accesses; a fifth displaces one that is known to
// the newcomer, or any.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_SHADOW_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_SHADOW_H

#include "runtime/backends/emulator/Memory.h"
#include "runtime/backends/emulator/Order.h"

#include <optional>

namespace moec::rt::emulator {

/// One access to contiguous bytes.
struct Access {
  uint64_t address = 0, bytes = 0;
  bool isWrite = false;
  bool isAtomic = false; ///< two of these never race
  bool isAsync = false;  ///< async proxy
  /// Nobody knows of it until settle(): it completes when its thread waits.
  bool isPending = false;
  /// Completes with an agent's count instead of a thread's moment.
  std::optional<uint32_t> agent = {};
  uint32_t agentCount = 0;
  uint32_t site = 0;
};

struct Conflict {
  enum class Kind : uint8_t {
    Race,      ///< nothing orders the two
    InFlight,  ///< the other one is still under way
    NoFence,   ///< ordered, but without a fence to the async proxy
    Unwritten, ///< nobody wrote what is read
  };
  Kind kind = Kind::Race;
  uint64_t address = 0;
  bool otherIsWrite = false, otherIsAsync = false, otherIsAgent = false;
  uint32_t otherThread = 0, otherSite = 0;
};

class Shadow {
public:
  Shadow(const Memory &memory, Order &order) : memory(memory), order(order) {}

  /// Holds an access against what is there, and records it. `thread` issues it.
  std::optional<Conflict> access(const Thread &thread, const Access &access);
  /// The pending accesses of `thread` in this range are complete, known like its own.
  void settle(const Thread &thread, uint64_t address, uint64_t bytes, bool stayAsync);
  /// Nobody wrote [address, address + bytes), and nobody touched it.
  void forget(uint64_t address, uint64_t bytes);

private:
  const Range &rangeOf(uint64_t address) const {
    return memory.isShared(address) ? memory.shared() : memory.device();
  }
  std::optional<Conflict> checkWritten(const Access &access) const;
  std::optional<Conflict> checkSlot(const Thread &thread, const Access &access, uint64_t slot,
                                    bool isShared) const;
  void record(const Thread &thread, const Access &access, uint64_t slot, uint64_t *slots,
              uint16_t *sites, bool isShared);
  bool isKnown(const Thread &thread, uint64_t slot) const;

  const Memory &memory;
  Order &order;
  uint32_t victim = 0;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_SHADOW_H
