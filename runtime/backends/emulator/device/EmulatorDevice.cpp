//===- EmulatorDevice.cpp - The emulator as a device -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/device/EmulatorDevice.h"

#include "runtime/backends/kernels/DeviceMemory.h"
#include "runtime/backends/kernels/RouteCounts.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

namespace moec::rt::emulator {

EmulatorDevice::EmulatorDevice(plan::Plan given, const DeviceOptions &options)
    : plan(std::move(given)), options(options), engine(memory) {
  facts.heaps.resize(plan.ranks);
  facts.tokens.resize(plan.ranks);
  facts.owners.resize(plan.ranks);
  facts.bufferOffsets.resize(plan.buffers.size());
  facts.flagOffsets.resize(plan.flags.size());
  facts.pitches = devicePitches(plan);
  states.resize(plan.ranks);
  routes.resize(plan.ranks);
}

/// Compiles, or takes what the last session of the process compiled: one after the other
/// they mostly run the same module.
static Result<std::shared_ptr<const moec::emulator::HostKernels>> compile(std::string_view ir) {
  struct Last {
    std::mutex mutex;
    std::string ir;
    std::shared_ptr<const moec::emulator::HostKernels> code;
  };
  static Last &last = *new Last; // LLVM is taken down in no order that a destructor could count on
  std::lock_guard lock(last.mutex);
  if (!last.code || last.ir != ir) {
    MOEC_ASSIGN_OR_RETURN(last.code, moec::emulator::HostKernels::compile(ir));
    last.ir = ir;
  }
  return last.code;
}

Status EmulatorDevice::load(const KernelSet &set) {
  MOEC_RETURN_IF_ERROR(memory.open());
  kernels = &set;
  if (set.ir.empty())
    return unsupportedError("emulator: the module has no IR of its kernels");
  MOEC_ASSIGN_OR_RETURN(code, compile(std::string_view(
                                  reinterpret_cast<const char *>(set.ir.data()), set.ir.size())));
  for (const Kernel &kernel : set.kernels) {
    const KernelCode *found = code->find(kernel.name);
    if (!found)
      return invalidError("emulator: the IR has no kernel ", quote(kernel.name));
    if (found->threads != kernel.threads)
      return invalidError("emulator: kernel ", quote(kernel.name), ": wanted ", kernel.threads,
                          " threads, found ", found->threads);
    entries.push_back(*found);
    entries.back().sharedBytes += kernel.sharedBytes;
  }
  return {};
}

Result<uint32_t> EmulatorDevice::residentCtas(uint32_t) { return options.ctasPerRank * plan.ranks; }

// --- Memory ----------------------------------------------------------------------

Result<uint64_t> EmulatorDevice::allocate(uint64_t bytes, MemoryKind kind, uint32_t owner,
                                          const std::string &name) {
  // What kernels may count on being zero. Rows and records they must write first.
  bool isWritten = kind == MemoryKind::Weights || kind == MemoryKind::Table || name == "state";
  for (const Workspace &workspace : kernels->workspaces)
    isWritten = isWritten || (kind == MemoryKind::Local && name == workspace.name);
  MOEC_ASSIGN_OR_RETURN(uint64_t address, memory.allocate(bytes, kind, owner, name, isWritten));
  if (kind == MemoryKind::Symmetric && owner < facts.heaps.size())
    facts.heaps[owner] = address;
  return address;
}

void EmulatorDevice::free(uint64_t address) { memory.free(address); }

Status EmulatorDevice::copyIn(uint64_t to, const void *from, uint64_t bytes) {
  if (bytes == 0)
    return {};
  if (!memory.find(to, bytes))
    return internalError("emulator: copies to ", memory.describe(to));
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  memory.markWritten(to, bytes);
  return {};
}

Status EmulatorDevice::copyOut(void *to, uint64_t from, uint64_t bytes) {
  if (bytes == 0)
    return {};
  if (!memory.find(from, bytes))
    return internalError("emulator: copies from ", memory.describe(from));
  std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return {};
}

Status EmulatorDevice::encodeTensorMap(const TensorMapRequest &request, void *map) {
  MOEC_ASSIGN_OR_RETURN(TensorMap encoded, emulator::encodeTensorMap(request));
  std::memcpy(map, &encoded, sizeof encoded);
  return {};
}

// --- Steps -----------------------------------------------------------------------

/// What peers put in an earlier step is not there for this one.
void EmulatorDevice::beginStep() {
  isWithinStep = true;
  trace.events.clear();
  running.clear();
  ++steps;
  for (const Allocation &allocation : memory.all())
    if (allocation.isLive && allocation.kind == MemoryKind::Symmetric && options.seed != 0)
      memory.markUnwritten(allocation.base, allocation.bytes);
}

/// Where the objects of the plan lie, from what the kernel is called with.
void EmulatorDevice::learnObjects(const Kernel &kernel, const LaunchRequest &request) {
  const uint32_t route = routeBuffer(plan);
  for (uint32_t rank = 0; rank < request.ranks && rank < plan.ranks; ++rank)
    for (const KernelArg &arg : kernel.args) {
      if (arg.kind == KernelArgKind::View)
        continue;
      uint64_t value = 0;
      std::memcpy(&value,
                  reinterpret_cast<const char *>(request.table) + rank * uint64_t{kernel.argBytes} +
                      arg.offset,
                  sizeof value);
      switch (arg.object) {
      case KernelObject::Buffer:
        if (plan.buffers[arg.index].space == plan::BufferSpace::Symmetric)
          facts.bufferOffsets[arg.index] = value - facts.heaps[rank];
        if (arg.index == route)
          routes[rank] = value;
        break;
      case KernelObject::Flag:
        facts.flagOffsets[arg.index] = value - facts.heaps[rank];
        break;
      case KernelObject::BufferOffset:
        facts.bufferOffsets[arg.index] = value;
        break;
      case KernelObject::FlagOffset:
        facts.flagOffsets[arg.index] = value;
        break;
      case KernelObject::State:
        states[rank] = value;
        break;
      case KernelObject::Peers:
      case KernelObject::Weight:
      case KernelObject::Workspace:
      case KernelObject::Placement:
      case KernelObject::ChosenExperts:
      case KernelObject::ChosenWeights:
        break;
      }
    }
}

Status EmulatorDevice::launch(const LaunchRequest &request) {
  if (!failure.ok())
    return {}; // synchronize tells
  if (!isWithinStep)
    beginStep();
  const Kernel &kernel = kernels->kernels[request.kernel];
  Grid grid;
  grid.ctasPerRank = request.ctasPerRank;
  grid.ranks = request.ranks;
  grid.table = request.table;
  grid.seed = options.seed == 0 ? 0 : options.seed + 0x10001 * (steps - 1);
  grid.trace = options.refines ? &trace : nullptr;
  if (options.refines || options.seed != 0)
    learnObjects(kernel, request);
  for (uint64_t state : states)
    grid.statuses.push_back(state == 0 ? 0 : state + offsetof(RankState, statusCode));
  const auto start = std::chrono::steady_clock::now();
  failure = engine.run(entries[request.kernel], grid);
  running.push_back(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return {};
}

Status EmulatorDevice::checkStep() {
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    if (states[rank] == 0 || routes[rank] == 0)
      return internalError("emulator: no kernel has the state and the route of rank ", rank);
    RankState state;
    std::memcpy(&state, reinterpret_cast<const void *>(states[rank]), sizeof state);
    if (state.statusCode != 0)
      return {};              // a wait expired: the session reports that
    facts.epoch = state.step; // counted up at the end
    facts.maxTokens = state.maxTokens;
    facts.tokens[rank] = state.tokens;
    const auto *route = reinterpret_cast<const uint32_t *>(routes[rank]);
    std::vector<uint32_t> &owners = facts.owners[rank];
    owners.clear();
    for (uint64_t token = 0; token < state.tokens; ++token)
      for (uint32_t slot = 0; slot < plan.topK; ++slot)
        owners.push_back(route[token * 3 * plan.topK + plan.topK + slot]);
  }
  return checkRefinement(plan, facts, trace);
}

Status EmulatorDevice::synchronize() {
  Status status = std::exchange(failure, Status());
  const bool wasWithinStep = std::exchange(isWithinStep, false);
  seconds = running;
  MOEC_RETURN_IF_ERROR(status);
  return options.refines && wasWithinStep ? checkStep() : Status();
}

} // namespace moec::rt::emulator
