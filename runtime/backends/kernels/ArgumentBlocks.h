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
  uint64_t placement = 0; ///< address of the tables of owners
  /// Bytes from a rank's table to the next one's; 0: one for all.
  uint64_t placementStride = 0;
};

/// The blocks of one kernel for all ranks, in device memory.
Result<DeviceAllocation> makeArgumentTable(Device &device, const ModuleParts &parts,
                                           const Kernel &kernel, const ArgumentObjects &objects);

/// Owners of experts as kernels look them up, for each source or once for all:
/// u32 first[experts + 1], then u32 owner[]: rank << 16 | local, of each expert those that
/// take turns (runtime/module/Homes.h).
struct PlacementTables {
  std::vector<uint32_t> words; ///< equally long tables, one after the other
  uint64_t stride = 0;         ///< bytes from one to the next; 0: there is one
};
PlacementTables placementTables(const Manifest &manifest);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_ARGUMENTBLOCKS_H
