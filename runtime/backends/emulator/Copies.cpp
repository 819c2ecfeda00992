//===- Copies.cpp - Asynchronous copies under way --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Copies.h"

#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Barriers.h"

#include <cstring>

namespace moec::rt::emulator {

static char *bytesAt(uint64_t address) { return reinterpret_cast<char *>(address); }

void Copies::issue(Copy copy) {
  ++engine.launchCounts.copies;
  if (!engine.isChecked())
    return finish(copy);
  copy.isLate = engine.chance(2);
  if (copy.kind == CopyKind::Store || copy.kind == CopyKind::Element)
    unsettled.push_back({copy.owner, copy.kind, copy.site, copy.group, copy.runs});
  puts += copy.kind == CopyKind::Put;
  pending.push_back(std::move(copy));
}

void Copies::read(Copy &copy) {
  if (copy.isRead || copy.kind != CopyKind::Store)
    return;
  copy.isRead = true;
  for (const CopyRun &run : copy.runs)
    copy.data.insert(copy.data.end(), bytesAt(run.shared), bytesAt(run.shared) + run.bytes);
}

void Copies::finish(Copy &copy) {
  const char *from = nullptr;
  switch (copy.kind) {
  case CopyKind::Load:
  case CopyKind::Element:
    for (const CopyRun &run : copy.runs)
      if (run.global)
        std::memcpy(bytesAt(run.shared), bytesAt(run.global), run.bytes);
      else
        std::memset(bytesAt(run.shared), 0, run.bytes);
    break;
  case CopyKind::Store:
    if (!engine.isChecked()) {
      for (const CopyRun &run : copy.runs)
        std::memcpy(bytesAt(run.global), bytesAt(run.shared), run.bytes);
    } else {
      read(copy);
      from = copy.data.data();
    }
    break;
  case CopyKind::Put:
    from = copy.data.data();
    break;
  }
  for (const CopyRun &run : copy.runs) {
    if (from) {
      std::memcpy(bytesAt(run.global), from, run.bytes);
      from += run.bytes;
    }
    if (run.global && (copy.kind == CopyKind::Store || copy.kind == CopyKind::Put))
      engine.changed(run.global, run.bytes);
  }
  if (copy.kind == CopyKind::Load)
    completeBytes(engine, *copy.barrier, copy);
}

void Copies::finishAt(size_t index) {
  Copy copy = std::move(pending[index]);
  if (index + 1 < pending.size())
    pending[index] = std::move(pending.back());
  pending.pop_back();
  puts -= copy.kind == CopyKind::Put;
  finish(copy);
}

void Copies::pump(bool isNeeded) {
  if (pending.empty() || (!isNeeded && engine.random() % 64 != 0))
    return;
  const size_t index = engine.random() % pending.size();
  if (!isNeeded && pending[index].isLate)
    return;
  if (pending[index].kind == CopyKind::Store && !pending[index].isRead && engine.chance(2))
    read(pending[index]);
  else
    finishAt(index);
}

void Copies::complete(Thread &thread, CopyKind kind, uint64_t upToGroup, bool readOnly) {
  for (size_t i = 0; i < pending.size();) {
    Copy &copy = pending[i];
    if (copy.kind != kind || copy.owner != &thread || copy.group > upToGroup) {
      ++i;
    } else if (readOnly) {
      read(copy);
      ++i;
    } else {
      finishAt(i);
    }
  }
  if (!readOnly && engine.isChecked())
    settle(thread, kind, upToGroup);
}

void Copies::settle(Thread &thread, CopyKind kind, uint64_t upToGroup) {
  std::erase_if(unsettled, [&](const Unsettled &access) {
    if (access.owner != &thread || access.kind != kind || access.group > upToGroup)
      return false;
    for (const CopyRun &run : access.runs)
      if (kind == CopyKind::Element)
        engine.shadow->settle(thread, run.shared, run.bytes, false);
      else
        engine.shadow->settle(thread, run.global, run.bytes, true);
    return true;
  });
}

const Copies::Unsettled *Copies::unsettledStore(const Thread &thread) const {
  for (const Unsettled &access : unsettled)
    if (access.owner == &thread && access.kind == CopyKind::Store)
      return &access;
  return nullptr;
}

void Copies::settleAll() {
  for (const Unsettled &access : unsettled)
    if (access.kind == CopyKind::Store)
      for (const CopyRun &run : access.runs)
        engine.shadow->settle(*access.owner, run.global, run.bytes, true);
  unsettled.clear();
}

const Copy *Copies::unreadStore(const Thread &thread) const {
  for (const Copy &copy : pending)
    if (copy.owner == &thread && copy.kind == CopyKind::Store && !copy.isRead)
      return &copy;
  return nullptr;
}

// --- Puts ------------------------------------------------------------------------

template <typename Predicate> void Copies::landPutsIf(Predicate isDue) {
  // In the order of their issue, where one covers another.
  for (size_t i = 0; i < pending.size() && puts != 0;)
    if (pending[i].kind == CopyKind::Put && isDue(pending[i]))
      finishAt(i);
    else
      ++i;
}

static bool touches(const Copy &put, uint64_t address, uint64_t bytes) {
  const CopyRun &run = put.runs.front();
  return run.global < address + bytes && address < run.global + run.bytes;
}

bool Copies::isKnown(const Thread &thread, const Copy &put) const {
  return engine.order->knows(thread, Proxy::Generic, put.owner->number, put.moment);
}

void Copies::landPuts(uint64_t address, uint64_t bytes) {
  landPutsIf([&](const Copy &put) { return touches(put, address, bytes); });
}

void Copies::landPutsBefore(const Thread &thread, uint64_t address, uint64_t bytes) {
  landPutsIf([&](const Copy &put) { return touches(put, address, bytes) && isKnown(thread, put); });
}

void Copies::landPutsKnownTo(const Thread &thread) {
  landPutsIf([&](const Copy &put) { return isKnown(thread, put); });
}

} // namespace moec::rt::emulator
