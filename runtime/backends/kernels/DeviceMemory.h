//===- DeviceMemory.h - Where the objects of the kernels lie ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers, flags and workspaces of all ranks for one capacity. What peers write to
// lies in one allocation a rank, the symmetric heap, at the same offsets everywhere:
// flags first, then the symmetric buffers. Everything else is on its own.
//
// Rows of hidden elements are padded to multiples of 16 bytes, so a device buffer
// may be larger than the plan's; records and choices are as the plan has them.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEMEMORY_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEMEMORY_H

#include "runtime/backends/Backend.h"
#include "runtime/backends/kernels/Device.h"
#include "runtime/backends/kernels/Extents.h"

#include <vector>

namespace moec::rt {

/// Frees what it holds; move-only.
class DeviceAllocation {
public:
  DeviceAllocation() = default;
  DeviceAllocation(DeviceAllocation &&other) noexcept { *this = std::move(other); }
  DeviceAllocation &operator=(DeviceAllocation &&other) noexcept {
    std::swap(device, other.device);
    std::swap(base, other.base);
    return *this;
  }
  ~DeviceAllocation() {
    if (device)
      device->free(base);
  }

  static Result<DeviceAllocation> create(Device &device, uint64_t bytes, MemoryKind kind,
                                         uint32_t owner, const std::string &name);

  uint64_t address() const { return base; }

private:
  Device *device = nullptr;
  uint64_t base = 0;
};

/// Bytes from one record of each plan buffer to the next, on the device.
std::vector<uint64_t> devicePitches(const plan::Plan &plan);

/// Bytes that tensor maps of an object reach below its address.
uint64_t headroomOf(const KernelSet &kernels, KernelObject object, uint32_t index);

/// Symmetric buffers and flags: bytes from the base of a heap.
struct SymmetricLayout {
  std::vector<uint64_t> flags;   ///< to cell 0
  std::vector<uint64_t> buffers; ///< to region 0; 0 for others
  uint64_t bytes = 0;
};

class DeviceMemory {
public:
  /// Memory for `maxTokens` a rank; all of it is zero.
  static Result<DeviceMemory> create(Device &device, const ModuleParts &parts, uint32_t maxTokens);

  uint32_t maxTokens() const { return capacity; }
  const SymmetricLayout &layout() const { return symmetric; }
  uint64_t heap(uint32_t rank) const { return ranks[rank].heap.address(); }
  /// Address of the base addresses of all heaps; the ranks share it.
  uint64_t peers() const { return peerTable.address(); }
  uint64_t state(uint32_t rank) const { return ranks[rank].state.address(); }
  uint64_t buffer(uint32_t rank, uint32_t number) const { return ranks[rank].buffers[number]; }
  uint64_t workspace(uint32_t rank, uint32_t number) const {
    return ranks[rank].workspaces[number];
  }
  uint64_t chosenExperts(uint32_t rank) const { return ranks[rank].chosenExperts.address(); }
  uint64_t chosenWeights(uint32_t rank) const { return ranks[rank].chosenWeights.address(); }

private:
  struct Rank {
    DeviceAllocation heap, state, chosenExperts, chosenWeights;
    std::vector<uint64_t> buffers, workspaces;
    std::vector<DeviceAllocation> held; ///< of the two lists
  };

  Status createRank(Device &device, const ModuleParts &parts, uint32_t rank);
  Status createBuffers(Device &device, const ModuleParts &parts, uint32_t rank);
  Status createWorkspaces(Device &device, const ModuleParts &parts, uint32_t rank);

  uint32_t capacity = 0;
  SymmetricLayout symmetric;
  std::vector<Rank> ranks;
  DeviceAllocation peerTable;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEMEMORY_H
