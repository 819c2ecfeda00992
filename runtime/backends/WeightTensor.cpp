//===- WeightTensor.cpp - A caller's weight, checked and converted ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/WeightTensor.h"

#include "runtime/backends/Float.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace moec::rt {
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

/// A vector may be stored as one row: [n] or [1, n].
bool hasShape(const moec_tensor &tensor, const std::vector<int64_t> &wanted) {
  auto equals = [&](std::span<const int64_t> shape) {
    return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end());
  };
  std::span<const int64_t> found(tensor.shape, std::min<uint32_t>(tensor.dims, MOEC_MAX_DIMS));
  bool isOneRow = found.size() == 2 && found[0] == 1 && wanted.size() == 1;
  return equals(found) || (isOneRow && equals(found.subspan(1)));
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

static void storeElement(float value, DType type, std::byte *target) {
  if (type == DType::F32) {
    std::memcpy(target, &value, sizeof(value));
    return;
  }
  uint16_t half = toBF16(value);
  std::memcpy(target, &half, sizeof(half));
}

void convertRows(const moec_tensor &tensor, const WeightView &view, uint64_t first, uint64_t count,
                 DType type, std::byte *target, uint64_t pitch) {
  uint64_t size = type == DType::F32 ? 4 : 2;
  auto convert = [&](uint64_t row, uint64_t column) {
    uint64_t at = view.first + (first + row) * view.rowStep + column * view.columnStep;
    storeElement(valueAt(tensor, at), type, target + row * pitch + column * size);
  };
  // In the order of the tensor: neighbours are of one row there, or of one column.
  if (view.columnStep <= view.rowStep)
    for (uint64_t row = 0; row < count; ++row)
      for (uint64_t column = 0; column < view.columns; ++column)
        convert(row, column);
  else
    for (uint64_t column = 0; column < view.columns; ++column)
      for (uint64_t row = 0; row < count; ++row)
        convert(row, column);
}

std::vector<float> floatsOf(const moec_tensor &tensor, const WeightView &view, DType roundTo) {
  std::vector<float> values(view.rows * view.columns);
  convertRows(tensor, view, 0, view.rows, DType::F32, reinterpret_cast<std::byte *>(values.data()),
              view.columns * sizeof(float));
  if (roundTo == DType::BF16)
    for (float &value : values)
      value = fromBF16(toBF16(value));
  return values;
}

Status loadWeights(const Manifest &manifest, const WeightLookup &lookup,
                   const std::function<Status(const WeightEntry &, const moec_tensor &)> &load) {
  moec_tensor tensor{};
  const WeightEntry *last = nullptr;
  std::vector<WeightEntry> table = weightTable(manifest);
  for (const WeightEntry &entry : table) {
    if (!last || last->name != entry.name) {
      tensor = {};
      MOEC_RETURN_IF_ERROR(lookup(entry.name, tensor));
    }
    last = &entry;
    MOEC_RETURN_IF_ERROR(checkTensor(entry, tensor));
    MOEC_RETURN_IF_ERROR(load(entry, tensor));
  }
  return {};
}

} // namespace moec::rt
