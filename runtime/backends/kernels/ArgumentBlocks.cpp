//===- ArgumentBlocks.cpp - What kernels are called with -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/ArgumentBlocks.h"

#include "runtime/module/Homes.h"

#include <algorithm>
#include <cstring>

namespace moec::rt {

static std::vector<uint32_t> tableOf(const Homes &homes) {
  std::vector<uint32_t> table(homes.size() + 1);
  for (size_t expert = 0; expert < homes.size(); ++expert) {
    table[expert + 1] = table[expert] + static_cast<uint32_t>(homes[expert].size());
    for (const Home &home : homes[expert])
      table.push_back(home.rank << 16 | home.local);
  }
  return table;
}

PlacementTables placementTables(const Manifest &manifest) {
  AllHomes homes(manifest.placement, manifest.layer.experts);
  if (homes.areShared())
    return {tableOf(homes.of(0)), 0};
  std::vector<std::vector<uint32_t>> tables;
  size_t longest = 0;
  for (uint32_t source = 0; source < manifest.ranks; ++source) {
    tables.push_back(tableOf(homes.of(source)));
    longest = std::max(longest, tables.back().size());
  }
  PlacementTables all{{}, longest * sizeof(uint32_t)};
  for (std::vector<uint32_t> &table : tables) {
    table.resize(longest);
    all.words.insert(all.words.end(), table.begin(), table.end());
  }
  return all;
}

namespace {

/// Fills the block of one rank.
class BlockWriter {
public:
  BlockWriter(Device &device, const ModuleParts &parts, const ArgumentObjects &objects,
              uint32_t rank)
      : device(device), objects(objects), rank(rank),
        counts(extentCounts(objects.memory.maxTokens(), parts.plan.ranks, parts.plan.topK,
                            parts.manifest.placement.slots[rank].size())) {}

  Status write(const KernelArg &arg, std::byte *block) const;

private:
  uint64_t valueOf(const KernelArg &arg) const;
  Status encode(const KernelArg &arg, void *target) const;

  Device &device;
  const ArgumentObjects &objects;
  uint32_t rank;
  ExtentCounts counts;
};

} // namespace

uint64_t BlockWriter::valueOf(const KernelArg &arg) const {
  const DeviceMemory &memory = objects.memory;
  switch (arg.object) {
  case KernelObject::Buffer:
    return memory.buffer(rank, arg.index);
  case KernelObject::Flag:
    return memory.heap(rank) + memory.layout().flags[arg.index];
  case KernelObject::Peers:
    return memory.peers();
  case KernelObject::BufferOffset:
    return memory.layout().buffers[arg.index];
  case KernelObject::FlagOffset:
    return memory.layout().flags[arg.index];
  case KernelObject::Weight:
    return objects.weights.address(static_cast<WeightRole>(arg.index), rank);
  case KernelObject::Workspace:
    return memory.workspace(rank, arg.index);
  case KernelObject::State:
    return memory.state(rank);
  case KernelObject::Placement:
    return objects.placement + rank * objects.placementStride;
  case KernelObject::ChosenExperts:
    return memory.chosenExperts(rank);
  case KernelObject::ChosenWeights:
    return memory.chosenWeights(rank);
  }
  return 0;
}

Status BlockWriter::encode(const KernelArg &arg, void *target) const {
  constexpr uint64_t most = 1ull << 32; // of a dimension
  TensorMapRequest request;
  request.base = valueOf(arg) + static_cast<uint64_t>(arg.map.baseOffset);
  request.element = arg.map.element;
  request.rank = arg.map.rank;
  request.strides = arg.map.strides;
  request.box = arg.map.box;
  request.swizzle = arg.map.swizzle;
  for (uint32_t i = 0; i < arg.map.rank; ++i) {
    MOEC_ASSIGN_OR_RETURN(uint64_t size, evaluate(arg.map.dims[i], counts));
    if (size > most)
      return invalidError("dim ", i, ": wanted at most ", most, " elements, found ", size);
    request.dims[i] = std::max<uint64_t>(size, 1); // of a rank without experts, say
  }
  return device.encodeTensorMap(request, target);
}

Status BlockWriter::write(const KernelArg &arg, std::byte *block) const {
  if (arg.kind == KernelArgKind::View)
    return encode(arg, block + arg.offset).within("argument ", quote(arg.name), " of rank ", rank);
  uint64_t value = valueOf(arg);
  std::memcpy(block + arg.offset, &value, sizeof(value));
  return {};
}

Result<DeviceAllocation> makeArgumentTable(Device &device, const ModuleParts &parts,
                                           const Kernel &kernel, const ArgumentObjects &objects) {
  uint64_t bytes = uint64_t(parts.plan.ranks) * kernel.argBytes;
  // Encoders want the alignment of the map itself.
  struct alignas(128) Line {
    std::byte bytes[128];
  };
  std::vector<Line> lines(bytes / sizeof(Line));
  for (uint32_t rank = 0; rank < parts.plan.ranks; ++rank) {
    BlockWriter writer(device, parts, objects, rank);
    std::byte *block = lines[rank * uint64_t(kernel.argBytes) / sizeof(Line)].bytes;
    for (const KernelArg &arg : kernel.args)
      MOEC_RETURN_IF_ERROR(writer.write(arg, block).within("kernel ", quote(kernel.name)));
  }
  MOEC_ASSIGN_OR_RETURN(
      DeviceAllocation table,
      DeviceAllocation::create(device, bytes, MemoryKind::Table, 0, kernel.name + " arguments"));
  MOEC_RETURN_IF_ERROR(device.copyIn(table.address(), lines.data(), bytes));
  return table;
}

} // namespace moec::rt
