//===- Weights.cpp - The layer's weights, packed ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Weights.h"

#include "runtime/backends/cpu/Float.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace moec::rt::cpu {
namespace {

std::string shapeText(const int64_t *shape, size_t dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims; ++i)
    text += concat(i ? ", " : "", shape[i]);
  return text + "]";
}

template <typename Element> Element loadUnaligned(const void *data, size_t index) {
  Element element;
  std::memcpy(&element, static_cast<const std::byte *>(data) + index * sizeof(Element),
              sizeof(Element));
  return element;
}

float valueAt(const moec_tensor &tensor, size_t index) {
  if (tensor.dtype == MOEC_F32)
    return loadUnaligned<float>(tensor.data, index);
  uint16_t bits = loadUnaligned<uint16_t>(tensor.data, index);
  return tensor.dtype == MOEC_BF16 ? fromBF16(bits) : fromF16(bits);
}

/// Elements `first` .. + `count` of `tensor` as `type`.
void convert(const moec_tensor &tensor, size_t first, size_t count, DType type, std::byte *target) {
  if (type == DType::F32)
    for (size_t i = 0; i < count; ++i)
      reinterpret_cast<float *>(target)[i] = valueAt(tensor, first + i);
  else
    for (size_t i = 0; i < count; ++i)
      reinterpret_cast<uint16_t *>(target)[i] = toBF16(valueAt(tensor, first + i));
}

/// A vector may be stored as one row: [n] or [1, n].
bool hasShape(const moec_tensor &tensor, const std::vector<int64_t> &wanted) {
  auto equals = [&](std::span<const int64_t> shape) {
    return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end());
  };
  std::span<const int64_t> found(tensor.shape, std::min<uint32_t>(tensor.dims, MOEC_MAX_DIMS));
  bool isOneRow = found.size() == 2 && found[0] == 1 && wanted.size() == 1;
  return equals(found) || (isOneRow && equals(found.subspan(1)));
}

Status checkTensor(const WeightEntry &entry, const moec_tensor &tensor) {
  if (tensor.dtype != MOEC_F32 && tensor.dtype != MOEC_BF16 && tensor.dtype != MOEC_F16)
    return invalidError("weight ", quote(entry.name), ": wanted f32, bf16 or f16, found ",
                        typeName(tensor.dtype));
  if (tensor.dims > MOEC_MAX_DIMS || !hasShape(tensor, entry.shape))
    return invalidError("weight ", quote(entry.name), ": wanted shape ",
                        shapeText(entry.shape.data(), entry.shape.size()), ", found ",
                        shapeText(tensor.shape, std::min<uint32_t>(tensor.dims, MOEC_MAX_DIMS)));
  if (!tensor.data)
    return invalidError("weight ", quote(entry.name), ": wanted data, found a null pointer");
  return Status();
}

std::vector<float> vectorOf(const moec_tensor &tensor, size_t count, DType roundTo) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    float value = valueAt(tensor, i);
    values[i] = roundTo == DType::BF16 ? fromBF16(toBF16(value)) : value;
  }
  return values;
}

} // namespace

const char *typeName(moec_dtype type) {
  switch (type) {
  case MOEC_F32:
    return "f32";
  case MOEC_BF16:
    return "bf16";
  case MOEC_F16:
    return "f16";
  case MOEC_I64:
    return "i64";
  }
  return "an unknown type";
}

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
    convert(tensor, size_t(first) * depth, size_t(count) * depth, type, converted.data());
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
    routerBiases = vectorOf(tensor, layer.experts, layer.weightsType);
    break;
  case WeightRole::SelectionBias:
    selectionBiases = vectorOf(tensor, layer.experts, DType::F32);
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
    sharedScales = vectorOf(tensor, layer.hidden, layer.weightsType);
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
