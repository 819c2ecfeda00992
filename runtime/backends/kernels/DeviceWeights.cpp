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

uint64_t DeviceWeights::Place::pitch() const { return paddedRowBytes(columns, bytesOf(element)); }

static bool isPerExpert(WeightRole role) {
  return role == WeightRole::ExpertGate || role == WeightRole::ExpertUp ||
         role == WeightRole::ExpertDown;
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
  auto vector = [&](WeightRole array, uint64_t count) {
    uint64_t bytes = paddedRowBytes(count, 4);
    return Place{array, 1, count, 0, bytes, DType::F32};
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
    return matrix(WeightRole::ExpertGate, wide, hidden, 2, 1);
  case WeightRole::ExpertDown:
    return matrix(role, hidden, wide, 1, 0);
  case WeightRole::SharedGate:
    return matrix(role, shared, hidden, 2, 0);
  case WeightRole::SharedUp:
    return matrix(WeightRole::SharedGate, shared, hidden, 2, 1);
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
    uint64_t experts = isPerExpert(role) ? manifest->placement.slots[rank].size() : 1;
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
  DeviceWeights weights(device, manifest);
  for (const WeightName &weight : manifest.layer.weights)
    MOEC_RETURN_IF_ERROR(weights.allocate(weight.role, kernels));
  return weights;
}

uint64_t DeviceWeights::address(WeightRole role, uint32_t rank) const {
  auto found = arrays.find(role);
  return found == arrays.end() ? 0 : found->second[rank].base;
}

/// Rows of `place` with zeros up to the pitch.
static std::vector<std::byte> paddedRows(const moec_tensor &tensor, uint64_t rows, uint64_t columns,
                                         uint64_t pitch, DType element) {
  std::vector<std::byte> padded(rows * pitch);
  for (uint64_t row = 0; row < rows; ++row)
    convertElements(tensor, row * columns, columns, element, padded.data() + row * pitch);
  return padded;
}

Status DeviceWeights::loadOne(const WeightEntry &entry, const moec_tensor &tensor) {
  MOEC_RETURN_IF_ERROR(checkTensor(entry, tensor));
  Place place = placeOf(entry.role);
  uint64_t bytes = place.rows * place.pitch();
  std::vector<std::byte> converted;
  const void *source = tensor.data;
  bool asIs = tensor.dtype == MOEC_BF16 && place.element == DType::BF16 &&
              place.pitch() == place.columns * bytesOf(place.element);
  if (!asIs) {
    converted = paddedRows(tensor, place.rows, place.columns, place.pitch(), place.element);
    if (entry.role == WeightRole::RouterBias) { // it is added to a product of that type
      std::vector<float> rounded = floatsOf(tensor, place.columns, manifest->layer.weightsType);
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
  for (const WeightEntry &entry : weightTable(*manifest)) {
    moec_tensor tensor{};
    MOEC_RETURN_IF_ERROR(lookup(entry.name, tensor));
    MOEC_RETURN_IF_ERROR(loadOne(entry, tensor));
  }
  loaded = true;
  return {};
}

} // namespace moec::rt
