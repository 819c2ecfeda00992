//===- Memory.cpp - Device memory and shared windows -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace moec::rt::emulator {

static constexpr uint64_t arenaBytes = uint64_t{64} << 30;
static constexpr uint64_t allocationUnit = 1024;
static constexpr uint64_t maxWindows = 2048;

// --- Range -----------------------------------------------------------------------

static void *reserveAt(uint64_t wanted, uint64_t bytes) {
  const int fixed = wanted ? MAP_FIXED_NOREPLACE : 0;
  void *memory = mmap(reinterpret_cast<void *>(wanted), bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

bool Range::reserve(uint64_t wanted, uint64_t bytes) {
  void *memory = reserveAt(wanted, bytes);
  if (!memory)
    return false;
  if (wanted && reinterpret_cast<uint64_t>(memory) != wanted) {
    munmap(memory, bytes); // a kernel that does not know MAP_FIXED_NOREPLACE
    return false;
  }
  base = reinterpret_cast<uint64_t>(memory);
  size = bytes;
  shadow = static_cast<uint64_t *>(reserveAt(0, bytes * 4));
  slotSites = static_cast<uint16_t *>(reserveAt(0, bytes));
  bits = static_cast<uint8_t *>(reserveAt(0, bytes / 8));
  return shadow && slotSites && bits;
}

Range::~Range() {
  if (base)
    munmap(reinterpret_cast<void *>(base), size);
  if (shadow)
    munmap(shadow, size * 4);
  if (slotSites)
    munmap(slotSites, size);
  if (bits)
    munmap(bits, size / 8);
}

void Range::forget(uint64_t begin, uint64_t end) const {
  std::memset(slots(begin), 0, (end - begin) * 4);
  std::memset(written(begin), 0, (end - begin) / 8);
}

// --- Memory ----------------------------------------------------------------------

Status Memory::open() {
  if (!arena.reserve(0, arenaBytes))
    return unsupportedError("emulator: the system gives no ", arenaBytes >> 30,
                            " GiB of address space");
  return {};
}

Result<uint64_t> Memory::allocate(uint64_t bytes, MemoryKind kind, uint32_t owner,
                                  const std::string &name, bool isWritten) {
  // One unit more than needed is the guard.
  const uint64_t units = (bytes + allocationUnit - 1) / allocationUnit + 1;
  const uint64_t span = units * allocationUnit;
  uint64_t base = 0;
  for (auto &gap : gaps)
    if (gap.second >= span) {
      base = gap.first;
      gap.first += span;
      gap.second -= span;
      break;
    }
  if (!base) {
    if (span > arena.bytes() - used)
      return unsupportedError("emulator: no room for ", bytes, " bytes of '", name, "'");
    base = arena.address() + used;
    used += span;
    pages.resize(used / allocationUnit, 0);
  }
  const uint64_t first = (base - arena.address()) / allocationUnit;
  allocations.push_back({base, bytes, kind, owner, name, true});
  std::fill_n(pages.begin() + static_cast<ptrdiff_t>(first), units,
              static_cast<uint32_t>(allocations.size()));
  if (isWritten)
    markWritten(base, bytes);
  return base;
}

void Memory::free(uint64_t address) {
  if (!arena.contains(address))
    return;
  uint32_t number = pages[(address - arena.address()) / allocationUnit];
  if (number == 0 || !allocations[number - 1].isLive || allocations[number - 1].base != address)
    return;
  Allocation &allocation = allocations[number - 1];
  allocation.isLive = false;
  const uint64_t units = (allocation.bytes + allocationUnit - 1) / allocationUnit + 1;
  const uint64_t span = units * allocationUnit;
  // Zero again, and the shadow with it.
  std::memset(reinterpret_cast<void *>(address), 0, span);
  arena.forget(address, address + span);
  gaps.push_back({address, span});
}

const Allocation *Memory::look(uint64_t address, uint64_t bytes) const {
  if (address - arena.address() >= used)
    return nullptr;
  uint32_t number = pages[(address - arena.address()) / allocationUnit];
  if (number == 0)
    return nullptr;
  const Allocation &allocation = allocations[number - 1];
  return allocation.holds(address, bytes) ? found = &allocation : nullptr;
}

static const char *kindName(MemoryKind kind) {
  switch (kind) {
  case MemoryKind::Symmetric:
    return "symmetric heap";
  case MemoryKind::Local:
    return "local memory";
  case MemoryKind::Weights:
    return "weights";
  case MemoryKind::Table:
    return "table";
  }
  return "";
}

std::string Memory::describe(uint64_t address) const {
  if (windows.contains(address))
    return concat("byte ",
                  static_cast<int64_t>((address - windows.address()) % windowBytes - windowStart),
                  " of shared memory");
  if (address - arena.address() >= used)
    return "no device memory";
  uint32_t number = pages[(address - arena.address()) / allocationUnit];
  if (number == 0)
    return "no device memory";
  const Allocation &allocation = allocations[number - 1];
  const uint64_t offset = address - allocation.base;
  std::string place = concat(kindName(allocation.kind), " '", allocation.name, "' of rank ",
                             allocation.owner, ", byte ", offset, " of ", allocation.bytes);
  return allocation.isLive ? place : place + " (freed)";
}

void Memory::markWritten(uint64_t address, uint64_t bytes) const {
  const Range &range = windows.contains(address) ? windows : arena;
  uint8_t *bits = range.written(address & ~uint64_t{7});
  uint64_t at = address;
  const uint64_t end = address + bytes;
  for (; at < end && at % 8 != 0; ++at)
    *bits |= uint8_t(1u << at % 8);
  bits = range.written(at);
  if (at < end) {
    std::memset(bits, 0xff, (end - at) / 8);
    bits += (end - at) / 8;
    if (end % 8 != 0)
      *bits |= uint8_t((1u << end % 8) - 1);
  }
}

void Memory::markUnwritten(uint64_t address, uint64_t bytes) const {
  std::memset(arena.written(address), 0, (bytes + 7) / 8);
}

Status Memory::reserveWindows(uint32_t count) {
  if (count > maxWindows)
    return unsupportedError("emulator: ", count, " CTAs at once, at most ", maxWindows);
  if (windows.bytes() != 0)
    return {};
  // Any place below 4 GB will do; something of the process may lie in some.
  for (uint64_t wanted = 0x10000000; wanted + maxWindows * windowBytes <= uint64_t{1} << 32;
       wanted += 0x10000000)
    if (windows.reserve(wanted, maxWindows * windowBytes))
      return {};
  return unsupportedError("emulator: no room for shared memory below 4 GB");
}

} // namespace moec::rt::emulator
