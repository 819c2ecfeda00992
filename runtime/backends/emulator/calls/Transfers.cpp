//===- Transfers.cpp - TMA, bulk copies and cp.async -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Barriers.h"

#include <algorithm>

namespace moec::rt::emulator {

static const TensorMap &mapAt(Engine &engine, uint64_t address) {
  if (address % 64 != 0)
    engine.fail("a tensor map must be aligned to 64 bytes");
  if (!engine.memory.find(address, sizeof(TensorMap)))
    engine.fail(concat("there is no tensor map at ", engine.memory.describe(address)));
  const auto &map = *reinterpret_cast<const TensorMap *>(address);
  if (map.magic != tensorMapMagic)
    engine.fail(concat("no tensor map lies at ", engine.memory.describe(address)));
  return map;
}

/// Runs of a box in shared order; where the pattern swizzles they are 16 bytes long.
static std::vector<CopyRun> boxRuns(const TensorMap &map, uint64_t shared,
                                    const std::array<int32_t, 5> &at, bool withOutside) {
  std::vector<CopyRun> runs;
  if (map.swizzle != 0)
    runs.reserve(boxBytes(map) / 16);
  forEachRun(map, at, [&](uint64_t offset, uint64_t global, uint64_t bytes, bool isInside) {
    if (!isInside && !withOutside)
      return;
    while (bytes != 0) {
      const uint64_t piece =
          map.swizzle == 0 ? bytes : std::min(bytes, 16 - (shared + offset) % 16);
      runs.push_back({swizzled(shared, offset, map.swizzle), isInside ? global : 0, piece});
      offset += piece;
      global += piece;
      bytes -= piece;
    }
  });
  return runs;
}

/// The global side of a box, contiguous pieces at a time.
static void checkGlobalBox(Engine &engine, const TensorMap &map, const std::array<int32_t, 5> &at,
                           Access access, const char *deed) {
  forEachRun(map, at, [&](uint64_t, uint64_t global, uint64_t bytes, bool isInside) {
    access.address = global;
    access.bytes = bytes;
    if (isInside)
      engine.check(*engine.current, access, deed);
  });
}

static void checkAlignment(Engine &engine, uint64_t address, uint64_t unit, const char *what) {
  if (address % unit != 0)
    engine.fail(
        concat(what, " is ", engine.memory.describe(address), ", wanted a multiple of ", unit));
}

static Access sharedTarget(const Thread &thread, const Mbarrier &barrier, uint64_t address,
                           uint64_t bytes) {
  return {.address = address,
          .bytes = bytes,
          .isWrite = true,
          .isAsync = true,
          .agent = agentOf(barrier),
          .agentCount = uint32_t(barrier.phase + 1),
          .site = thread.site};
}

static uint32_t bulkAgentOf(const Thread &thread) {
  return firstBulkAgent + thread.index % bulkAgents;
}

static Access sharedSource(const Thread &thread, uint64_t address, uint64_t bytes) {
  return {.address = address,
          .bytes = bytes,
          .isAsync = true,
          .agent = bulkAgentOf(thread),
          .agentCount = uint32_t(thread.bulkGroup + 1),
          .site = thread.site};
}

/// Whoever copies into symmetric memory puts.
static void tracePut(Engine &engine, uint64_t address, uint64_t bytes) {
  if (!engine.trace)
    return;
  const Allocation *allocation = engine.memory.find(address, bytes);
  if (allocation && allocation->kind == MemoryKind::Symmetric)
    engine.trace->put(*engine.current, allocation->owner, address, bytes);
}

static void issueLoad(Engine &engine, Mbarrier &barrier, std::vector<CopyRun> runs,
                      uint64_t bytes) {
  ++barrier.copiesInFlight;
  Copy copy;
  copy.kind = CopyKind::Load;
  copy.owner = engine.current;
  copy.site = engine.current->site;
  copy.bytes = bytes;
  copy.barrier = &barrier;
  copy.runs = std::move(runs);
  engine.copies.issue(std::move(copy));
}

static void issueStore(Engine &engine, std::vector<CopyRun> runs, uint64_t bytes) {
  Thread &self = *engine.current;
  ++self.openBulk;
  Copy copy;
  copy.kind = CopyKind::Store;
  copy.owner = &self;
  copy.site = self.site;
  copy.group = self.bulkGroup;
  copy.bytes = bytes;
  copy.runs = std::move(runs);
  engine.copies.issue(std::move(copy));
}

static Engine &at(uint32_t site) {
  runningEngine->current->site = site;
  return *runningEngine;
}

static void checkRank(Engine &engine, const TensorMap &map, uint32_t rank) {
  if (map.rank != rank)
    engine.fail(concat("the tensor map has ", uint32_t{map.rank}, " dimensions, the op ", rank));
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;
using moec::rt::concat;

void moecEmuTensorLoad(uint32_t site, uint64_t shared, uint64_t mapAddress, uint64_t barrierAddress,
                       uint32_t rank, int32_t c0, int32_t c1, int32_t c2, int32_t c3, int32_t c4) {
  Engine &engine = at(site);
  const TensorMap &map = mapAt(engine, mapAddress);
  checkRank(engine, map, rank);
  checkAlignment(engine, shared, 128, "the target of a tensor copy");
  Mbarrier &barrier = engine.mbarrier(barrierAddress);
  const std::array<int32_t, 5> coordinates{c0, c1, c2, c3, c4};
  const uint64_t bytes = boxBytes(map);
  engine.check(*engine.current, sharedTarget(*engine.current, barrier, shared, bytes),
               "copies into");
  checkGlobalBox(engine, map, coordinates, {.isAsync = true, .site = site}, "copies from");
  Cta &cta = *engine.current->cta;
  if (engine.isChecked())
    cta.tiles.add(cta.shared, {shared, bytes, uint32_t{map.box[0]} * map.elementBytes, map.swizzle,
                               barrier.index, barrier.phase});
  issueLoad(engine, barrier, boxRuns(map, shared, coordinates, true), bytes);
}

void moecEmuTensorStore(uint32_t site, uint64_t mapAddress, uint64_t shared, uint32_t rank,
                        int32_t c0, int32_t c1, int32_t c2, int32_t c3, int32_t c4) {
  Engine &engine = at(site);
  const TensorMap &map = mapAt(engine, mapAddress);
  checkRank(engine, map, rank);
  checkAlignment(engine, shared, 128, "the source of a tensor copy");
  const std::array<int32_t, 5> coordinates{c0, c1, c2, c3, c4};
  const uint64_t bytes = boxBytes(map);
  std::vector<CopyRun> runs = boxRuns(map, shared, coordinates, false);
  // What lies outside of the tensor is not read: it may hold anything.
  if (engine.isChecked())
    for (const CopyRun &run : runs)
      engine.check(*engine.current, sharedSource(*engine.current, run.shared, run.bytes),
                   "copies from");
  else
    engine.check(*engine.current, sharedSource(*engine.current, shared, bytes), "copies from");
  checkGlobalBox(engine, map, coordinates,
                 {.isWrite = true, .isAsync = true, .isPending = true, .site = site},
                 "copies into");
  if (engine.trace)
    forEachRun(map, coordinates, [&](uint64_t, uint64_t global, uint64_t size, bool isInside) {
      if (isInside)
        tracePut(engine, global, size);
    });
  issueStore(engine, std::move(runs), bytes);
}

void moecEmuBulkLoad(uint32_t site, uint64_t shared, uint64_t global, uint64_t barrierAddress,
                     uint32_t bytes) {
  Engine &engine = at(site);
  checkAlignment(engine, shared, 16, "the target of a bulk copy");
  checkAlignment(engine, global, 16, "the source of a bulk copy");
  if (bytes % 16 != 0)
    engine.fail(concat("a bulk copy of ", bytes, " bytes, wanted a multiple of 16"));
  Mbarrier &barrier = engine.mbarrier(barrierAddress);
  engine.check(*engine.current, sharedTarget(*engine.current, barrier, shared, bytes),
               "copies into");
  engine.check(*engine.current, {.address = global, .bytes = bytes, .isAsync = true, .site = site},
               "copies from");
  issueLoad(engine, barrier, {{shared, global, bytes}}, bytes);
}

void moecEmuBulkStore(uint32_t site, uint64_t global, uint64_t shared, uint32_t bytes) {
  Engine &engine = at(site);
  checkAlignment(engine, shared, 16, "the source of a bulk copy");
  checkAlignment(engine, global, 16, "the target of a bulk copy");
  if (bytes % 16 != 0)
    engine.fail(concat("a bulk copy of ", bytes, " bytes, wanted a multiple of 16"));
  engine.check(*engine.current, sharedSource(*engine.current, shared, bytes), "copies from");
  engine.check(*engine.current,
               {.address = global,
                .bytes = bytes,
                .isWrite = true,
                .isAsync = true,
                .isPending = true,
                .site = site},
               "copies into");
  tracePut(engine, global, bytes);
  issueStore(engine, {{shared, global, bytes}}, bytes);
}

void moecEmuBulkCommit(uint32_t site) {
  Engine &engine = at(site);
  ++engine.current->bulkGroup;
  engine.current->openBulk = 0;
}

void moecEmuBulkWait(uint32_t site, uint32_t pending, uint32_t readOnly) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  if (self.bulkGroup <= pending)
    return;
  const uint64_t done = self.bulkGroup - pending;
  engine.copies.complete(self, CopyKind::Store, done - 1, readOnly != 0);
  self.bulkRead = std::max(self.bulkRead, done);
  if (!readOnly)
    self.bulkDone = std::max(self.bulkDone, done);
  if (engine.order)
    engine.order->learnAgent(self, bulkAgentOf(self), uint32_t(self.bulkRead));
}

void moecEmuCopyElement(uint32_t site, uint64_t shared, uint64_t global, uint32_t size,
                        uint32_t sourceBytes) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  checkAlignment(engine, shared, size, "the target of cp.async");
  checkAlignment(engine, global, size, "the source of cp.async");
  sourceBytes = std::min(sourceBytes, size);
  engine.check(self,
               {.address = shared, .bytes = size, .isWrite = true, .isPending = true, .site = site},
               "copies into");
  if (sourceBytes != 0)
    engine.check(self, {.address = global, .bytes = sourceBytes, .site = site}, "copies from");
  Copy copy;
  copy.kind = CopyKind::Element;
  copy.owner = &self;
  copy.site = site;
  copy.group = self.copyGroup;
  if (sourceBytes != 0)
    copy.runs.push_back({shared, global, sourceBytes});
  if (sourceBytes != size)
    copy.runs.push_back({shared + sourceBytes, 0, size - sourceBytes});
  engine.copies.issue(std::move(copy));
}

void moecEmuCopyCommit(uint32_t site) { ++at(site).current->copyGroup; }

void moecEmuCopyWait(uint32_t site, uint32_t pending) {
  Engine &engine = at(site);
  Thread &self = *engine.current;
  if (self.copyGroup > pending)
    engine.copies.complete(self, CopyKind::Element, self.copyGroup - pending - 1, false);
}

void moecEmuCheckMap(uint32_t site, uint64_t map) { mapAt(at(site), map); }
