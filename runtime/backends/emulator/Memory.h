//===- Memory.h - Device memory and shared windows --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory is one range of host addresses, shared memory one window a CTA below
// 4 GB (kernels compute 32-bit addresses of it). Beside both lie, at a fixed distance,
// which bytes were written and who touched them last; these pages exist only where a
// checked launch has been.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_MEMORY_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_MEMORY_H

#include "runtime/backends/kernels/Device.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace moec::rt::emulator {

/// A range of addresses with its shadow.
class Range {
public:
  Range() = default;
  ~Range();
  Range(const Range &) = delete;
  Range &operator=(const Range &) = delete;

  /// At `wanted` or nowhere; 0: anywhere.
  bool reserve(uint64_t wanted, uint64_t bytes);
  bool contains(uint64_t address) const { return address - base < size; }
  uint64_t address() const { return base; }
  uint64_t bytes() const { return size; }

  /// Four slots for every 8 bytes (Shadow.h).
  uint64_t *slots(uint64_t address) const { return shadow + (address - base) / 8 * 4; }
  /// The site of each slot.
  uint16_t *sites(uint64_t address) const { return slotSites + (address - base) / 8 * 4; }
  /// One bit a byte.
  uint8_t *written(uint64_t address) const { return bits + (address - base) / 8; }
  /// Of [begin, end), both multiples of 8: forgets what the shadow holds.
  void forget(uint64_t begin, uint64_t end) const;

private:
  uint64_t base = 0, size = 0;
  uint64_t *shadow = nullptr;
  uint16_t *slotSites = nullptr;
  uint8_t *bits = nullptr;
};

struct Allocation {
  uint64_t base = 0, bytes = 0;
  MemoryKind kind = MemoryKind::Local;
  uint32_t owner = 0;
  std::string name;
  bool isLive = false;

  bool holds(uint64_t address, uint64_t size) const {
    const uint64_t offset = address - base;
    return isLive && offset <= bytes && size <= bytes - offset;
  }
};

inline constexpr uint64_t windowBytes = 256 << 10;
/// The system keeps the first kilobyte of a CTA's shared memory.
inline constexpr uint64_t windowStart = 1024;
inline constexpr uint64_t maxSharedBytes = 227 << 10;

class Memory {
public:
  /// Address space only; pages come when they are touched.
  Status open();

  /// Zeroed, aligned to 1024 bytes, a guard behind it. Zero counts as written when
  /// `isWritten`; else reading it before writing is reported.
  Result<uint64_t> allocate(uint64_t bytes, MemoryKind kind, uint32_t owner,
                            const std::string &name, bool isWritten);
  void free(uint64_t address);
  /// The allocation that holds all of it, or null.
  const Allocation *find(uint64_t address, uint64_t bytes) const {
    if (found && found->holds(address, bytes))
      return found; // mostly the same as before
    return look(address, bytes);
  }
  /// "12 bytes behind buffer 'recv' of rank 1", for reports.
  std::string describe(uint64_t address) const;
  void markWritten(uint64_t address, uint64_t bytes) const;
  /// From a multiple of 8 on.
  void markUnwritten(uint64_t address, uint64_t bytes) const;
  const std::deque<Allocation> &all() const { return allocations; }

  /// Windows 0 .. count-1 exist from now on.
  Status reserveWindows(uint32_t count);
  uint64_t window(uint32_t index) const { return windows.address() + index * windowBytes; }

  const Range &device() const { return arena; }
  const Range &shared() const { return windows; }
  bool isShared(uint64_t address) const { return windows.contains(address); }
  bool isDevice(uint64_t address) const { return arena.contains(address); }

private:
  const Allocation *look(uint64_t address, uint64_t bytes) const;

  Range arena, windows;
  mutable const Allocation *found = nullptr; ///< the last one
  uint64_t used = 0;
  std::deque<Allocation> allocations;
  std::vector<uint32_t> pages;                     ///< 1 + number of the allocation, by 1024 bytes
  std::vector<std::pair<uint64_t, uint64_t>> gaps; ///< freed: address, bytes
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_MEMORY_H
