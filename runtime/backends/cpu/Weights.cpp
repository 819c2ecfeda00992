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

/// A row of the weight is a column of the product.
void Weights::pack(const moec_tensor &tensor, const WeightView &view, Half half,
                   const std::byte *panels) {
  DType type = kernels.weightsType();
  bool asIs = view.isDense() && tensor.dtype == (type == DType::F32 ? MOEC_F32 : MOEC_BF16);
  const std::byte *stored = static_cast<const std::byte *>(tensor.data) + view.first * sizeOf(type);
  uint32_t rows = static_cast<uint32_t>(view.rows), depth = static_cast<uint32_t>(view.columns);
  uint32_t width = half == Half::Whole ? kernels.panelColumns() : kernels.gatedColumns();
  uint32_t at = half == Half::Up ? width : 0;
  pool.parallelFor((rows + width - 1) / width, [&](uint32_t panel) {
    uint32_t first = panel * width, count = std::min(width, rows - first);
    std::byte *target = const_cast<std::byte *>(panels) + panel * kernels.panelBytes(depth);
    if (asIs)
      return kernels.packPanel(stored, depth, first, count, at, target);
    std::vector<std::byte> converted(size_t(count) * depth * sizeOf(type));
    convertRows(tensor, view, first, count, type, converted.data(), depth * sizeOf(type));
    kernels.packPanel(converted.data(), depth, 0, count, at, target);
  });
}

void Weights::packBias(const moec_tensor &tensor, const WeightView &view, Half half,
                       std::vector<float> &bias) const {
  std::vector<float> values = floatsOf(tensor, view, layer.weightsType);
  uint32_t width = half == Half::Whole ? kernels.panelColumns() : kernels.gatedColumns();
  size_t panels = (values.size() + width - 1) / width, at = half == Half::Up ? width : 0;
  bias.resize(panels * kernels.panelColumns());
  for (size_t i = 0; i < values.size(); ++i)
    bias[i / width * kernels.panelColumns() + at + i % width] = values[i];
}

void Weights::loadOne(const WeightEntry &entry, const moec_tensor &tensor) {
  const WeightView &view = entry.view;
  MlpWeights *expert = entry.expert < 0 ? nullptr : &experts[entry.expert];
  switch (entry.role) {
  case WeightRole::Router:
    return pack(tensor, view, Half::Whole, routerPanels);
  case WeightRole::RouterBias:
    routerBiases = floatsOf(tensor, view, layer.weightsType);
    return;
  case WeightRole::SelectionBias:
    selectionBiases = floatsOf(tensor, view, DType::F32);
    return;
  case WeightRole::ExpertGate:
    return pack(tensor, view, Half::Gate, expert->gateUp);
  case WeightRole::ExpertUp:
    return pack(tensor, view, Half::Up, expert->gateUp);
  case WeightRole::ExpertDown:
    return pack(tensor, view, Half::Whole, expert->down);
  case WeightRole::ExpertGateBias:
    return packBias(tensor, view, Half::Gate, expert->gateUpBias);
  case WeightRole::ExpertUpBias:
    return packBias(tensor, view, Half::Up, expert->gateUpBias);
  case WeightRole::ExpertDownBias:
    return packBias(tensor, view, Half::Whole, expert->downBias);
  case WeightRole::SharedGate:
    return pack(tensor, view, Half::Gate, sharedMlp.gateUp);
  case WeightRole::SharedUp:
    return pack(tensor, view, Half::Up, sharedMlp.gateUp);
  case WeightRole::SharedDown:
    return pack(tensor, view, Half::Whole, sharedMlp.down);
  case WeightRole::SharedScale:
    sharedScales = floatsOf(tensor, view, layer.weightsType);
    return;
  }
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
    bytes += entry.role == WeightRole::ExpertUp ? mlpBytes(layer.expert.intermediate) : 0;
  memory = Reservation(); // not both at once
  MOEC_ASSIGN_OR_RETURN(memory, Reservation::create(bytes, true, "weights"));

  std::byte *next = memory.data();
  routerPanels = next;
  next += routerBytes;
  experts.assign(layer.experts, MlpWeights());
  for (const WeightEntry &entry : table)
    if (entry.role == WeightRole::ExpertUp)
      experts[entry.expert] = place(layer.expert.intermediate, next);
  if (layer.shared)
    sharedMlp = place(layer.shared->mlp.intermediate, next);
  MOEC_RETURN_IF_ERROR(
      loadWeights(manifest, lookup, [&](const WeightEntry &entry, const moec_tensor &tensor) {
        loadOne(entry, tensor);
        return Status();
      }));
  loaded = true;
  return Status();
}

} // namespace moec::rt::cpu
