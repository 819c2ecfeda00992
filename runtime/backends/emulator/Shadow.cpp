//===- Shadow.cpp - Who touched which bytes last ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Shadow.h"

#include "runtime/backends/emulator/Grid.h"

#include <algorithm>

namespace moec::rt::emulator {

// A slot: moment (or count of an agent) in 32 bits, thread (or agent) in 16, which of
// the 8 bytes, what kind. All zero: free.
static constexpr uint64_t writeBit = uint64_t{1} << 56, atomicBit = uint64_t{1} << 57,
                          asyncBit = uint64_t{1} << 58, pendingBit = uint64_t{1} << 59,
                          agentBit = uint64_t{1} << 60;

static uint32_t slotMoment(uint64_t slot) { return static_cast<uint32_t>(slot); }
static uint32_t slotParty(uint64_t slot) { return slot >> 32 & 0xffff; }
static uint32_t slotMask(uint64_t slot) { return slot >> 48 & 0xff; }

static uint64_t makeSlot(const Thread &thread, const Access &access) {
  uint64_t slot = (access.isWrite ? writeBit : 0) | (access.isAtomic ? atomicBit : 0) |
                  (access.isAsync ? asyncBit : 0) | (access.isPending ? pendingBit : 0);
  if (access.agent)
    return slot | agentBit | uint64_t{*access.agent} << 32 | access.agentCount;
  return slot | uint64_t{thread.number} << 32 | Order::moment(thread);
}

bool Shadow::isKnown(const Thread &thread, uint64_t slot) const {
  if (slot & pendingBit)
    return false;
  if (slot & agentBit)
    return order.knowsAgent(thread, slotParty(slot), slotMoment(slot));
  return order.knows(thread, Proxy::Generic, slotParty(slot), slotMoment(slot));
}

std::optional<Conflict> Shadow::checkSlot(const Thread &thread, const Access &access, uint64_t slot,
                                          bool isShared) const {
  const bool otherIsWrite = slot & writeBit;
  if (!otherIsWrite && !access.isWrite)
    return {};
  if ((slot & atomicBit) && access.isAtomic)
    return {};
  Conflict conflict;
  conflict.otherIsWrite = otherIsWrite;
  conflict.otherIsAsync = slot & asyncBit;
  conflict.otherIsAgent = slot & agentBit;
  conflict.otherThread = slotParty(slot);
  if (slot & pendingBit) {
    conflict.kind = Conflict::Kind::InFlight;
    return conflict;
  }
  if (!isKnown(thread, slot)) {
    conflict.kind = slot & agentBit ? Conflict::Kind::InFlight : Conflict::Kind::Race;
    return conflict;
  }
  // The async proxy sees what the generic one wrote only behind a fence, and what the
  // async proxy of another CTA wrote likewise.
  if (!access.isAsync || !otherIsWrite || (slot & agentBit))
    return {};
  const uint32_t firstOfCta = thread.number - thread.index;
  const bool fromOwnCta = slotParty(slot) >= firstOfCta &&
                          slotParty(slot) < firstOfCta + thread.cta->warps.size() * warpThreads;
  if ((slot & asyncBit) && fromOwnCta)
    return {};
  const Proxy proxy = isShared ? Proxy::AsyncShared : Proxy::AsyncGlobal;
  if (order.knows(thread, proxy, slotParty(slot), slotMoment(slot)))
    return {};
  conflict.kind = Conflict::Kind::NoFence;
  return conflict;
}

void Shadow::record(const Thread &thread, const Access &access, uint64_t slot, uint64_t *slots,
                    uint16_t *sites, bool isShared) {
  const auto site = static_cast<uint16_t>(std::min<uint32_t>(access.site, 0xffff));
  int free = -1, known = -1;
  for (int i = 0; i < 4; ++i) {
    const uint64_t old = slots[i];
    if (old == 0) {
      free = free < 0 ? i : free;
      continue;
    }
    // The same party again, doing at least as much to the same bytes.
    const bool isSameParty = (old & agentBit) == (slot & agentBit) &&
                             slotParty(old) == slotParty(slot) && !(old & pendingBit);
    const bool covers = (slotMask(old) & ~slotMask(slot)) == 0 &&
                        (access.isWrite || !(old & writeBit)) &&
                        (old & (atomicBit | asyncBit)) == (slot & (atomicBit | asyncBit));
    if (isSameParty && covers) {
      slots[i] = slot;
      sites[i] = site;
      return;
    }
    // A write that follows everything it covers speaks for it.
    if (access.isWrite && !access.isAtomic && (slotMask(old) & ~slotMask(slot)) == 0 &&
        isKnown(thread, old)) {
      slots[i] = 0;
      free = free < 0 ? i : free;
      continue;
    }
    if (known < 0 && !(old & writeBit) && isKnown(thread, old))
      known = i;
  }
  const int at = free >= 0 ? free : known >= 0 ? known : static_cast<int>(victim++ % 4);
  slots[at] = slot;
  sites[at] = site;
}

std::optional<Conflict> Shadow::checkWritten(const Access &access) const {
  const Range &range = rangeOf(access.address);
  for (uint64_t at = access.address; at < access.address + access.bytes;) {
    const uint8_t bits = *range.written(at & ~uint64_t{7});
    const uint64_t end = std::min((at & ~uint64_t{7}) + 8, access.address + access.bytes);
    if (bits != 0xff)
      for (uint64_t byte = at; byte < end; ++byte)
        if (!(bits >> byte % 8 & 1)) {
          Conflict conflict;
          conflict.kind = Conflict::Kind::Unwritten;
          conflict.address = byte;
          return conflict;
        }
    at = end;
  }
  return {};
}

std::optional<Conflict> Shadow::access(const Thread &thread, const Access &access) {
  const Range &range = rangeOf(access.address);
  const bool isShared = memory.isShared(access.address);
  const uint64_t base = makeSlot(thread, access);
  const uint64_t end = access.address + access.bytes;
  for (uint64_t granule = access.address & ~uint64_t{7}; granule < end; granule += 8) {
    uint32_t mask = 0xff;
    if (granule < access.address)
      mask &= 0xffu << (access.address - granule);
    if (granule + 8 > end)
      mask &= 0xffu >> (granule + 8 - end);
    uint64_t *slots = range.slots(granule);
    for (int i = 0; i < 4; ++i)
      if (slotMask(slots[i]) & mask)
        if (auto conflict = checkSlot(thread, access, slots[i], isShared)) {
          conflict->address = std::max(granule, access.address);
          conflict->otherSite = range.sites(granule)[i];
          return conflict;
        }
    record(thread, access, base | uint64_t{mask} << 48, slots, range.sites(granule), isShared);
  }
  // Last: that a copy is still in flight says more than that nothing has arrived.
  if (access.isWrite)
    memory.markWritten(access.address, access.bytes);
  else if (!access.isAtomic)
    return checkWritten(access);
  return {};
}

void Shadow::settle(const Thread &thread, uint64_t address, uint64_t bytes, bool stayAsync) {
  const Range &range = rangeOf(address);
  for (uint64_t granule = address & ~uint64_t{7}; granule < address + bytes; granule += 8) {
    uint64_t *slots = range.slots(granule);
    for (int i = 0; i < 4; ++i)
      if ((slots[i] & pendingBit) && slotParty(slots[i]) == thread.number) {
        slots[i] = (slots[i] & ~(pendingBit | uint64_t{0xffffffff})) | Order::moment(thread);
        if (!stayAsync)
          slots[i] &= ~asyncBit;
      }
  }
}

void Shadow::forget(uint64_t address, uint64_t bytes) {
  rangeOf(address).forget(address & ~uint64_t{7}, (address + bytes + 7) & ~uint64_t{7});
}

} // namespace moec::rt::emulator
