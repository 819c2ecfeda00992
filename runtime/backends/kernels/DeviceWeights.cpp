//===- DeviceWeights.cpp - The layer's weights on the device ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/DeviceWeights.h"

#include "runtime/backends/WeightTensor.h"
#include "runtime/module/Names.h"

#include <algorithm>
#include <cstring>

namespace moec::rt {

static uint64_t bytesOf(DType type) { return type == DType::F32 ? 4 : 2; }

uint64_t DeviceWeights::Place::pitch() const {
  return paddedRowBytes(columns, bytesOf(element), padTo);
}

DeviceWeights::Place DeviceWeights::placeOf(WeightRole role) const {
  const Layer &layer = manifest->layer;
  auto matrix = [](WeightRole array, uint64_t rows, uint64_t columns, uint64_t copies,
                   uint64_t copy) {
    Place place = {array, rows, columns, 0, 0, DType::BF16};
    place.offset = copy * rows * place.pitch(); // 20 bits each: far from overflow
    place.expertBytes = copies * rows * place.pitch();
    return place;
  };
  auto vector = [&](WeightRole array, uint64_t count, uint64_t padTo = 16) {
    uint64_t bytes = paddedRowBytes(count, 4, padTo);
    return Place{array, 1, count, 0, bytes, DType::F32, padTo};
  };
  uint64_t hidden = layer.hidden, wide = layer.expert.intermediate;
  uint64_t shared = layer.shared ? layer.shared->mlp.intermediate : 0;
  switch (role) {
  case WeightRole::Router:
    return matrix(role, layer.experts, hidden, 1, 0);
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
    return vector(role, layer.experts);
  case WeightRole::ExpertGate:
    return matrix(role, wide, hidden, 2, 0);
  case WeightRole::ExpertUp:
    return layer.expert.activation.usesGate() ? matrix(WeightRole::ExpertGate, wide, hidden, 2, 1)
                                              : matrix(role, wide, hidden, 1, 0);
  case WeightRole::ExpertDown:
    return matrix(role, hidden, wide, 1, 0);
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
    return vector(role, wide, biasRowBytes);
  case WeightRole::ExpertDownBias:
    return vector(role, hidden, biasRowBytes);
  case WeightRole::SharedGate:
    return matrix(role, shared, hidden, 2, 0);
  case WeightRole::SharedUp:
    return layer.shared->mlp.activation.usesGate()
               ? matrix(WeightRole::SharedGate, shared, hidden, 2, 1)
               : matrix(role, shared, hidden, 1, 0);
  case WeightRole::SharedDown:
    return matrix(role, hidden, shared, 1, 0);
  case WeightRole::SharedScale:
    return matrix(role, 1, hidden, 1, 0);
  }
  return {};
}

Status DeviceWeights::allocate(WeightRole role, const KernelSet &kernels) {
  Place place = placeOf(role);
  if (place.array != role)
    return {}; // with another
  uint64_t headroom = headroomOf(kernels, KernelObject::Weight, static_cast<uint32_t>(role));
  std::vector<Array> &own = arrays[role];
  for (uint32_t rank = 0; rank < manifest->ranks; ++rank) {
    uint64_t experts = isExpertRole(role) ? manifest->placement.slots[rank].size() : 1;
    MOEC_ASSIGN_OR_RETURN(uint64_t bytes, product(experts, place.expertBytes));
    Array &array = own.emplace_back();
    MOEC_ASSIGN_OR_RETURN(array.memory,
                          DeviceAllocation::create(*device, headroom + bytes, MemoryKind::Weights,
                                                   rank, nameOf(role)));
    array.base = array.memory.address() + headroom;
  }
  return {};
}

Result<DeviceWeights> DeviceWeights::create(Device &device, const Manifest &manifest,
                                            const KernelSet &kernels) {
  DeviceWeights weights(device, manifest, kernels.biasRowBytes);
  for (const WeightName &weight : manifest.layer.weights)
    MOEC_RETURN_IF_ERROR(weights.allocate(weight.role, kernels));
  return weights;
}

uint64_t DeviceWeights::address(WeightRole role, uint32_t rank) const {
  auto found = arrays.find(role);
  return found == arrays.end() ? 0 : found->second[rank].base;
}

Status DeviceWeights::loadOne(const WeightEntry &entry, const moec_tensor &tensor) {
  Place place = placeOf(entry.role);
  uint64_t bytes = place.rows * place.pitch();
  std::vector<std::byte> converted;
  const void *source = static_cast<const std::byte *>(tensor.data) + 2 * entry.view.first;
  bool asIs = tensor.dtype == MOEC_BF16 && place.element == DType::BF16 && entry.view.isDense() &&
              place.pitch() == place.columns * bytesOf(place.element);
  if (!asIs) {
    converted.resize(bytes);
    convertRows(tensor, entry.view, 0, place.rows, place.element, converted.data(), place.pitch());
    if (isBias(entry.role) && entry.role != WeightRole::SelectionBias) {
      // It is added to a product of the weights' type.
      std::vector<float> rounded = floatsOf(tensor, entry.view, manifest->layer.weightsType);
      std::memcpy(converted.data(), rounded.data(), rounded.size() * sizeof(float));
    }
    source = converted.data();
  }
  for (uint32_t rank = 0; rank < manifest->ranks; ++rank) {
    uint64_t base = address(place.array, rank) + place.offset;
    if (entry.expert < 0) {
      MOEC_RETURN_IF_ERROR(device->copyIn(base, source, bytes));
      continue;
    }
    const std::vector<uint32_t> &slots = manifest->placement.slots[rank];
    for (uint64_t local = 0; local < slots.size(); ++local)
      if (slots[local] == static_cast<uint32_t>(entry.expert))
        MOEC_RETURN_IF_ERROR(device->copyIn(base + local * place.expertBytes, source, bytes));
  }
  return {};
}

Status DeviceWeights::load(const WeightLookup &lookup) {
  loaded = false;
  MOEC_RETURN_IF_ERROR(
      loadWeights(*manifest, lookup, [&](const WeightEntry &entry, const moec_tensor &tensor) {
        return loadOne(entry, tensor);
      }));
  loaded = true;
  return {};
}

} // namespace moec::rt
