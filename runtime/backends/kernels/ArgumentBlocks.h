//===- ArgumentBlocks.h - What kernels are called with ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_ARGUMENTBLOCKS_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_ARGUMENTBLOCKS_H

#include "runtime/backends/kernels/DeviceMemory.h"
#include "runtime/backends/kernels/DeviceWeights.h"

namespace moec::rt {

/// All that arguments refer to.
struct ArgumentObjects {
  const DeviceMemory &memory;
  const DeviceWeights &weights;
  uint64_t placement = 0; ///< address of the table of owners
};

/// The blocks of one kernel for all ranks, in device memory.
Result<DeviceAllocation> makeArgumentTable(Device &device, const ModuleParts &parts,
                                           const Kernel &kernel, const ArgumentObjects &objects);

/// u32 first[experts + 1], then u32 owner[]: rank << 16 | local, by rank.
std::vector<uint32_t> placementTable(const Manifest &manifest);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_ARGUMENTBLOCKS_H
