//===- Weights.cpp - The layer's weights, packed ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Weights.h"

#include "runtime/backends/WeightTensor.h"

#include <algorithm>

namespace moec::rt::cpu {
Weights::Weights(const Manifest &manifest, const KernelSet &kernels, ThreadPool &pool)
    : manifest(manifest), layer(manifest.layer), kernels(kernels), pool(pool) {}

/// A stored row is a column of the product.
void Weights::pack(const moec_tensor &tensor, Half half, const std::byte *panels) {
  DType type = kernels.weightsType();
  bool asIs = tensor.dtype == (type == DType::F32 ? MOEC_F32 : MOEC_BF16);
  uint32_t rows = static_cast<uint32_t>(tensor.shape[0]);
  uint32_t depth = static_cast<uint32_t>(tensor.shape[1]);
  uint32_t width = half == Half::Whole ? kernels.panelColumns() : kernels.gatedColumns();
  uint32_t at = half == Half::Up ? width : 0;
  pool.parallelFor((rows + width - 1) / width, [&](uint32_t panel) {
    uint32_t first = panel * width, count = std::min(width, rows - first);
    std::byte *target = const_cast<std::byte *>(panels) + panel * kernels.panelBytes(depth);
    if (asIs)
      return kernels.packPanel(static_cast<const std::byte *>(tensor.data), depth, first, count, at,
                               target);
    std::vector<std::byte> converted(size_t(count) * depth * sizeOf(type));
    convertElements(tensor, size_t(first) * depth, size_t(count) * depth, type, converted.data());
    kernels.packPanel(converted.data(), depth, 0, count, at, target);
  });
}

Status Weights::loadOne(const WeightEntry &entry, const moec_tensor &tensor) {
  MOEC_RETURN_IF_ERROR(checkTensor(entry, tensor));
  switch (entry.role) {
  case WeightRole::Router:
    pack(tensor, Half::Whole, routerPanels);
    break;
  case WeightRole::RouterBias:
    routerBiases = floatsOf(tensor, layer.experts, layer.weightsType);
    break;
  case WeightRole::SelectionBias:
    selectionBiases = floatsOf(tensor, layer.experts, DType::F32);
    break;
  case WeightRole::ExpertGate:
    pack(tensor, Half::Gate, experts[entry.expert].gateUp);
    break;
  case WeightRole::ExpertUp:
    pack(tensor, Half::Up, experts[entry.expert].gateUp);
    break;
  case WeightRole::ExpertDown:
    pack(tensor, Half::Whole, experts[entry.expert].down);
    break;
  case WeightRole::SharedGate:
    pack(tensor, Half::Gate, sharedMlp.gateUp);
    break;
  case WeightRole::SharedUp:
    pack(tensor, Half::Up, sharedMlp.gateUp);
    break;
  case WeightRole::SharedDown:
    pack(tensor, Half::Whole, sharedMlp.down);
    break;
  case WeightRole::SharedScale:
    sharedScales = floatsOf(tensor, layer.hidden, layer.weightsType);
    break;
  }
  return Status();
}

size_t Weights::mlpBytes(uint32_t intermediate) const {
  return kernels.gatedPanelsOf(intermediate) * kernels.panelBytes(layer.hidden) +
         kernels.panelsOf(layer.hidden) * kernels.panelBytes(intermediate);
}

MlpWeights Weights::place(uint32_t intermediate, std::byte *&next) const {
  MlpWeights mlp;
  mlp.gateUp = next;
  mlp.down = next + kernels.gatedPanelsOf(intermediate) * kernels.panelBytes(layer.hidden);
  next += mlpBytes(intermediate);
  return mlp;
}

Status Weights::load(const WeightLookup &lookup) {
  loaded = false;
  std::vector<WeightEntry> table = weightTable(manifest);
  size_t routerBytes = kernels.panelsOf(layer.experts) * kernels.panelBytes(layer.hidden);
  size_t bytes = routerBytes + (layer.shared ? mlpBytes(layer.shared->mlp.intermediate) : 0);
  for (const WeightEntry &entry : table)
    bytes += entry.role == WeightRole::ExpertGate ? mlpBytes(layer.expert.intermediate) : 0;
  memory = Reservation(); // not both at once
  MOEC_ASSIGN_OR_RETURN(memory, Reservation::create(bytes, true, "weights"));

  std::byte *next = memory.data();
  routerPanels = next;
  next += routerBytes;
  experts.assign(layer.experts, MlpWeights());
  for (const WeightEntry &entry : table)
    if (entry.role == WeightRole::ExpertGate)
      experts[entry.expert] = place(layer.expert.intermediate, next);
  if (layer.shared)
    sharedMlp = place(layer.shared->mlp.intermediate, next);
  for (const WeightEntry &entry : table) {
    moec_tensor tensor{};
    MOEC_RETURN_IF_ERROR(lookup(entry.name, tensor));
    MOEC_RETURN_IF_ERROR(loadOne(entry, tensor));
  }
  loaded = true;
  return Status();
}

} // namespace moec::rt::cpu
