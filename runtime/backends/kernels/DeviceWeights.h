//===- DeviceWeights.h - The layer's weights on the device ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In the layouts of runtime/module/Kernels.h, one array a role and rank. Memory is
// taken once and written anew by each load, so that addresses never change.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEWEIGHTS_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEWEIGHTS_H

#include "runtime/backends/WeightTable.h"
#include "runtime/backends/kernels/DeviceMemory.h"

#include <map>

namespace moec::rt {

class DeviceWeights {
public:
  /// `manifest` and `device` outlive this.
  static Result<DeviceWeights> create(Device &device, const Manifest &manifest,
                                      const KernelSet &kernels);

  /// After a failure the former weights are gone.
  Status load(const WeightLookup &lookup);
  bool isLoaded() const { return loaded; }
  /// 0 where the layer has no such weight.
  uint64_t address(WeightRole role, uint32_t rank) const;

private:
  /// Where a stored matrix goes within the array of its role.
  struct Place {
    WeightRole array = WeightRole::Router; ///< up lies with gate
    uint64_t rows = 1, columns = 1;
    uint64_t offset = 0; ///< bytes within an expert
    uint64_t expertBytes = 0;
    DType element = DType::BF16;
    uint64_t padTo = 16; ///< bytes
    uint64_t pitch() const;
  };
  struct Array {
    DeviceAllocation memory;
    uint64_t base = 0;
  };

  DeviceWeights(Device &device, const Manifest &manifest, uint32_t biasRowBytes)
      : device(&device), manifest(&manifest), biasRowBytes(biasRowBytes) {}
  Place placeOf(WeightRole role) const;
  Status allocate(WeightRole role, const KernelSet &kernels);
  Status loadOne(const WeightEntry &entry, const moec_tensor &tensor);

  Device *device;
  const Manifest *manifest;
  uint32_t biasRowBytes;
  bool loaded = false;
  /// By the role that an array is named after, one entry a rank.
  std::map<WeightRole, std::vector<Array>> arrays;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_DEVICEWEIGHTS_H
