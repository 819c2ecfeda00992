//===- Engine.cpp - Runs a grid of CUDA threads on one host thread ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Engine.h"

#include "runtime/backends/emulator/calls/Barriers.h"
#include "runtime/backends/emulator/calls/Warps.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace moec::rt::emulator {

Engine *runningEngine = nullptr;

/// Enough for code that was not optimized and spills every accumulator it sees.
static constexpr size_t stackBytes = 512 << 10;
/// What a GPU has; a launch splits them evenly, in steps of 8.
static constexpr uint32_t registersOfSm = 65536;

/// Shared windows and `runningEngine` are of the process.
static std::mutex &launchMutex() {
  static std::mutex mutex;
  return mutex;
}

// --- Building --------------------------------------------------------------------

static void threadBody(Fiber &fiber) {
  auto &thread = static_cast<Thread &>(fiber);
  Engine &engine = *runningEngine;
  engine.current = &thread;
  engine.code->entry(engine.table());
  thread.site = noSite;
  leaveKernel(engine);
}

void Engine::buildCta(uint32_t number) {
  Cta &cta = ctas[number];
  const uint32_t threads = code->threads, warps = (threads + warpThreads - 1) / warpThreads;
  cta.number = number;
  cta.x = number % grid.ctasPerRank;
  cta.rank = number / grid.ctasPerRank;
  cta.shared = memory.window(number);
  cta.live = threads;
  cta.threads = std::make_unique<Thread[]>(warps * warpThreads);
  cta.warps.resize(warps);
  cta.warpgroups.resize((threads + warpgroupThreads - 1) / warpgroupThreads);
  cta.mbarrierAt.assign(windowBytes / 8, 0);
  for (uint32_t w = 0; w < warps; ++w) {
    Warp &warp = cta.warps[w];
    warp.number = number * warps + w;
    warp.lanes = &cta.threads[w * warpThreads];
    warp.leader = isChecked() ? static_cast<uint32_t>(random() % warpThreads) : 0;
    warp.registers = registersOfSm / threads / 8 * 8;
    if (order)
      order->begin(warp);
  }
  for (uint32_t i = 0; i < warps * warpThreads; ++i) {
    Thread &thread = cta.threads[i];
    thread.cta = &cta;
    thread.warp = &cta.warps[i / warpThreads];
    thread.index = i;
    thread.number = number * warps * warpThreads + i;
    thread.lane = i % warpThreads;
    if (i >= threads) {
      thread.waitKind = WaitKind::Ended;
      continue;
    }
    thread.warp->live |= 1u << thread.lane;
    if (order)
      order->begin(thread);
    const size_t stack = size_t{number} * threads + i;
    prepareFiber(thread, stacks.bottom(stack), stacks.bytes(stack), threadBody);
    makeReady(thread);
  }
  // 0x7f7f is a NaN of bf16 with its sign clear, and large in every integer type.
  std::memset(reinterpret_cast<void *>(cta.shared), 0x7f, windowStart + code->sharedBytes);
  if (shadow)
    shadow->forget(cta.shared, windowStart + code->sharedBytes);
}

void Engine::build(const KernelCode &kernel) {
  const uint32_t count = grid.ctasPerRank * grid.ranks;
  code = &kernel;
  trace = grid.trace;
  state = grid.seed * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
  state += state == 0; // the generator would stay there
  ready = starved = {};
  pollers.clear();
  polledWords.clear();
  syncWords.clear();
  copies.clear();
  failure.clear();
  launchCounts = {};
  now = idleRounds = 0;
  order.reset();
  shadow.reset();
  if (grid.seed != 0) {
    const uint32_t warps = (kernel.threads + warpThreads - 1) / warpThreads;
    order.emplace(count, warps, lastMoment);
    shadow.emplace(memory, *order);
  }
  live = uint64_t{count} * kernel.threads;
  ctas.clear();
  ctas.resize(count);
  for (uint32_t number = 0; number < count; ++number)
    buildCta(number);
}

// --- Running ---------------------------------------------------------------------

Status Engine::run(const KernelCode &kernel, const Grid &request) {
  std::lock_guard lock(launchMutex());
  grid = request;
  const uint64_t count = uint64_t{grid.ctasPerRank} * grid.ranks;
  if (kernel.sharedBytes > maxSharedBytes)
    return invalidError("kernel '", kernel.name, "' wants ", kernel.sharedBytes,
                        " bytes of shared memory, a CTA has ", maxSharedBytes);
  if (kernel.threads == 0 || kernel.threads > 1024)
    return invalidError("kernel '", kernel.name, "' has ", kernel.threads,
                        " threads, wanted 1 .. 1024");
  if (grid.seed != 0 && count * kernel.threads > 0xffff)
    return unsupportedError("emulator: ", count, " CTAs of ", kernel.threads,
                            " threads are too many for a checked launch");
  MOEC_RETURN_IF_ERROR(memory.reserveWindows(static_cast<uint32_t>(count)));
  if (!stacks.reserve(count * kernel.threads, stackBytes))
    return unsupportedError("emulator: no address space for ", count * kernel.threads, " threads");
  build(kernel);
  runningEngine = this;
  if (Thread *first = next()) {
    current = first;
    ++launchCounts.switches;
    switchFiber(host, *first);
  }
  finishGrid();
  runningEngine = nullptr;
  current = nullptr;
  return failure.empty() ? Status() : internalError(failure);
}

/// What is still under way lands; the next launch comes after all of it.
void Engine::finishGrid() {
  for (const Copy &copy : copies.all())
    if (failure.empty() && copy.kind != CopyKind::Store && copy.kind != CopyKind::Put)
      failure = concat(where(*copy.owner, copy.site),
                       ": the kernel ends while this copy into shared memory is under way");
  if (failure.empty()) {
    while (!copies.empty())
      copies.pump(true);
    copies.settleAll();
  }
  copies.clear();
  for (const Cta &cta : ctas)
    for (const Warp &warp : cta.warps)
      lastMoment = std::max(lastMoment, warp.order.moment);
}

// --- Accesses --------------------------------------------------------------------

Cta &Engine::ctaOfWindow(uint64_t address) {
  return ctas[(address - memory.shared().address()) / windowBytes];
}

static std::string partyText(const Conflict &conflict) {
  return conflict.otherIsWrite ? (conflict.otherIsAsync ? "an asynchronous write" : "the write")
                               : (conflict.otherIsAsync ? "an asynchronous read" : "the read");
}

void Engine::failWith(const Conflict &conflict, const Thread &thread, const Access &access,
                      const char *deed) {
  const std::string place = memory.describe(conflict.address);
  if (conflict.kind == Conflict::Kind::Unwritten)
    failAt(thread, access.site, concat(deed, " what nobody wrote: ", place));
  std::string other = partyText(conflict);
  const uint32_t perCta = static_cast<uint32_t>(thread.cta->warps.size()) * warpThreads;
  if (conflict.otherIsAgent) {
    other += concat(" by ", where(thread, conflict.otherSite));
  } else if (conflict.otherThread / perCta < ctas.size()) {
    const Thread &party =
        ctas[conflict.otherThread / perCta].threads[conflict.otherThread % perCta];
    other += concat(" by ", where(party, conflict.otherSite));
  }
  switch (conflict.kind) {
  case Conflict::Kind::Race:
    failAt(thread, access.site, concat("race: ", deed, " ", place, ", unordered with ", other));
  case Conflict::Kind::InFlight:
    failAt(thread, access.site,
           concat("race: ", deed, " ", place, " without having waited for ", other));
  case Conflict::Kind::NoFence:
    failAt(thread, access.site,
           concat("missing fence.proxy.async: ", deed, " ", place, " after ", other));
  case Conflict::Kind::Unwritten:
    break;
  }
  std::abort();
}

bool Engine::hasExpired() const {
  return std::any_of(grid.statuses.begin(), grid.statuses.end(), [](uint64_t address) {
    return address != 0 && *reinterpret_cast<const uint32_t *>(address) != 0;
  });
}

static bool isOnStack(const Thread &thread, uint64_t address) {
  return address - reinterpret_cast<uint64_t>(thread.stackBottom) < stackBytes;
}

void Engine::check(Thread &thread, const Access &access, const char *deed) {
  if (memory.isShared(access.address)) {
    const uint64_t offset = access.address - thread.cta->shared;
    if (offset < windowStart || offset + access.bytes > windowStart + code->sharedBytes)
      failAt(thread, access.site,
             concat("out of bounds: ", deed, " ", access.bytes, " bytes at ",
                    memory.describe(access.address), ", the CTA has ", code->sharedBytes));
    if (access.isWrite && shadow)
      thread.cta->tiles.forget(thread.cta->shared, access.address, access.bytes);
  } else {
    const Allocation *allocation = memory.find(access.address, access.bytes);
    if (!allocation && isOnStack(thread, access.address))
      return; // the thread's own memory, through a generic pointer
    if (!allocation)
      failAt(thread, access.site,
             concat("out of bounds: ", deed, " ", access.bytes, " bytes at ",
                    memory.describe(access.address)));
    if (access.isWrite &&
        (allocation->kind == MemoryKind::Weights || allocation->kind == MemoryKind::Table))
      failAt(thread, access.site, concat("writes ", memory.describe(access.address)));
    if (allocation->kind == MemoryKind::Weights || allocation->kind == MemoryKind::Table)
      return; // nobody writes them
    if (copies.hasPuts() && access.address != 0)
      copies.landPutsBefore(thread, access.address, access.bytes);
  }
  if (!shadow)
    return;
  auto conflict = shadow->access(thread, access);
  if (conflict && (memory.isShared(access.address) || !hasExpired()))
    failWith(*conflict, thread, access, deed);
}

Mbarrier &Engine::mbarrier(uint64_t address) {
  Cta &cta = *current->cta;
  const uint64_t offset = address - cta.shared;
  if (offset >= windowBytes || offset % 8 != 0 || offset < windowStart ||
      offset + 8 > windowStart + code->sharedBytes)
    fail(concat("no mbarrier can lie at ", memory.describe(address)));
  const uint32_t index = cta.mbarrierAt[offset / 8];
  if (index == 0 || !cta.mbarriers[index - 1].isValid)
    fail(concat("no mbarrier was initialized at shared byte ", offset - windowStart));
  if (!holdsMark(address))
    fail(concat("the mbarrier at shared byte ", offset - windowStart, " was overwritten"));
  return cta.mbarriers[index - 1];
}

} // namespace moec::rt::emulator
