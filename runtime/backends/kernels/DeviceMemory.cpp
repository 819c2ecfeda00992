//===- DeviceMemory.cpp - Where the objects of the kernels lie -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/DeviceMemory.h"

#include "runtime/plan/Expand.h"

#include <algorithm>

namespace moec::rt {

using plan::Buffer;
using plan::BufferSpace;
using plan::OpKind;
using plan::Plan;
using plan::TaskKind;

/// Alignment of every object: enough for tensor maps, and objects share no line.
static constexpr uint64_t objectAlignment = 1024;

Result<DeviceAllocation> DeviceAllocation::create(Device &device, uint64_t bytes, MemoryKind kind,
                                                  uint32_t owner, const std::string &name) {
  // No object is empty: its address is an argument all the same.
  auto base = device.allocate(std::max<uint64_t>(bytes, 16), kind, owner, name);
  if (!base)
    return base.status();
  DeviceAllocation allocation;
  allocation.device = &device;
  allocation.base = *base;
  return allocation;
}

// --- Sizes -------------------------------------------------------------------

/// Which buffers hold records or choices: what is written by `route` and `pack`, and
/// wherever that is put. The others hold rows of hidden elements.
static std::vector<bool> holdsRecords(const Plan &plan) {
  std::vector<bool> records(plan.buffers.size());
  for (const plan::Op &op : plan.ops) {
    if (op.kind == OpKind::Compute && (op.task == TaskKind::Route || op.task == TaskKind::Pack))
      records[op.writes[0].buffer] = true;
    if (op.kind == OpKind::Put && records[op.reads[0].buffer])
      records[op.writes[0].buffer] = true;
  }
  return records;
}

std::vector<uint64_t> devicePitches(const Plan &plan) {
  std::vector<bool> records = holdsRecords(plan);
  std::vector<uint64_t> pitches;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    uint64_t bytes = plan.buffers[i].bytesPerRecord;
    pitches.push_back(records[i] ? bytes : paddedRowBytes(bytes, 1));
  }
  return pitches;
}

/// All regions of a buffer, one behind the other.
static Result<uint64_t> bufferBytes(const Buffer &buffer, uint64_t pitch, uint32_t maxTokens) {
  MOEC_ASSIGN_OR_RETURN(uint64_t region,
                        product(uint64_t(maxTokens) * buffer.recordsPerToken, pitch));
  return product(region, plan::cellCount(buffer.extents));
}

uint64_t headroomOf(const KernelSet &kernels, KernelObject object, uint32_t index) {
  int64_t lowest = 0;
  for (const Kernel &kernel : kernels.kernels)
    for (const KernelArg &arg : kernel.args)
      if (arg.kind == KernelArgKind::View && arg.object == object && arg.index == index)
        lowest = std::min(lowest, arg.map.baseOffset);
  return roundUp(static_cast<uint64_t>(-lowest), objectAlignment);
}

static Result<SymmetricLayout> layOut(const ModuleParts &parts, uint32_t maxTokens) {
  SymmetricLayout layout;
  uint64_t end = 0;
  for (const plan::Flag &flag : parts.plan.flags) {
    layout.flags.push_back(end);
    end = roundUp(end + plan::cellCount(flag.extents) * sizeof(uint64_t), objectAlignment);
  }
  std::vector<uint64_t> pitches = devicePitches(parts.plan);
  for (uint32_t i = 0; i < parts.plan.buffers.size(); ++i) {
    const Buffer &buffer = parts.plan.buffers[i];
    layout.buffers.push_back(0);
    if (buffer.space != BufferSpace::Symmetric)
      continue;
    auto bytes = bufferBytes(buffer, pitches[i], maxTokens);
    if (!bytes)
      return bytes.status().within("buffer ", quote(buffer.name));
    MOEC_ASSIGN_OR_RETURN(layout.buffers.back(),
                          sum(end, headroomOf(parts.kernels, KernelObject::Buffer, i)));
    MOEC_ASSIGN_OR_RETURN(end, sum(layout.buffers.back(), *bytes));
    end = roundUp(end, objectAlignment);
  }
  layout.bytes = end;
  return layout;
}

// --- Allocations -------------------------------------------------------------

/// `bytes` behind the headroom that tensor maps of the object want.
static Result<uint64_t> allocateBelow(Device &device, uint64_t headroom, uint64_t bytes,
                                      uint32_t rank, const std::string &name,
                                      std::vector<DeviceAllocation> &held) {
  MOEC_ASSIGN_OR_RETURN(uint64_t whole, sum(headroom, bytes));
  MOEC_ASSIGN_OR_RETURN(DeviceAllocation allocation,
                        DeviceAllocation::create(device, whole, MemoryKind::Local, rank, name));
  held.push_back(std::move(allocation));
  return held.back().address() + headroom;
}

Status DeviceMemory::createBuffers(Device &device, const ModuleParts &parts, uint32_t rank) {
  std::vector<uint64_t> pitches = devicePitches(parts.plan);
  for (uint32_t i = 0; i < parts.plan.buffers.size(); ++i) {
    const Buffer &buffer = parts.plan.buffers[i];
    if (buffer.space == BufferSpace::Symmetric) {
      ranks[rank].buffers.push_back(heap(rank) + symmetric.buffers[i]);
      continue;
    }
    auto bytes = bufferBytes(buffer, pitches[i], capacity);
    if (!bytes)
      return bytes.status().within("buffer ", quote(buffer.name));
    MOEC_ASSIGN_OR_RETURN(uint64_t address,
                          allocateBelow(device, headroomOf(parts.kernels, KernelObject::Buffer, i),
                                        *bytes, rank, buffer.name, ranks[rank].held));
    ranks[rank].buffers.push_back(address);
  }
  return {};
}

Status DeviceMemory::createWorkspaces(Device &device, const ModuleParts &parts, uint32_t rank) {
  ExtentCounts counts = extentCounts(capacity, parts.plan.ranks, parts.plan.topK,
                                     parts.manifest.placement.slots[rank].size());
  for (uint32_t i = 0; i < parts.kernels.workspaces.size(); ++i) {
    const Workspace &workspace = parts.kernels.workspaces[i];
    auto bytes = evaluate(workspace.bytes, counts);
    if (!bytes)
      return bytes.status().within("workspace ", quote(workspace.name));
    MOEC_ASSIGN_OR_RETURN(uint64_t address,
                          allocateBelow(device,
                                        headroomOf(parts.kernels, KernelObject::Workspace, i),
                                        *bytes, rank, workspace.name, ranks[rank].held));
    ranks[rank].workspaces.push_back(address);
  }
  return {};
}

Status DeviceMemory::createRank(Device &device, const ModuleParts &parts, uint32_t rank) {
  Rank &own = ranks[rank];
  uint64_t choices = uint64_t(capacity) * parts.plan.topK;
  auto local = [&](uint64_t bytes, const char *name) {
    return DeviceAllocation::create(device, bytes, MemoryKind::Local, rank, name);
  };
  MOEC_ASSIGN_OR_RETURN(own.heap, DeviceAllocation::create(device, symmetric.bytes,
                                                           MemoryKind::Symmetric, rank, "heap"));
  MOEC_ASSIGN_OR_RETURN(own.state, local(sizeof(RankState), "state"));
  MOEC_ASSIGN_OR_RETURN(own.chosenExperts, local(choices * sizeof(int64_t), "chosen experts"));
  MOEC_ASSIGN_OR_RETURN(own.chosenWeights, local(choices * sizeof(float), "chosen weights"));
  MOEC_RETURN_IF_ERROR(createBuffers(device, parts, rank));
  return createWorkspaces(device, parts, rank);
}

Result<DeviceMemory> DeviceMemory::create(Device &device, const ModuleParts &parts,
                                          uint32_t maxTokens) {
  DeviceMemory memory;
  memory.capacity = maxTokens;
  MOEC_ASSIGN_OR_RETURN(memory.symmetric, layOut(parts, maxTokens));
  memory.ranks.resize(parts.plan.ranks);
  std::vector<uint64_t> heaps;
  for (uint32_t rank = 0; rank < parts.plan.ranks; ++rank) {
    MOEC_RETURN_IF_ERROR(memory.createRank(device, parts, rank));
    heaps.push_back(memory.heap(rank));
  }
  uint64_t bytes = heaps.size() * sizeof(uint64_t);
  MOEC_ASSIGN_OR_RETURN(memory.peerTable,
                        DeviceAllocation::create(device, bytes, MemoryKind::Table, 0, "peers"));
  MOEC_RETURN_IF_ERROR(device.copyIn(memory.peers(), heaps.data(), bytes));
  return memory;
}

} // namespace moec::rt
