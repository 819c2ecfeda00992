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

void convertElements(const moec_tensor &tensor, size_t first, size_t count, DType type,
                     std::byte *target) {
  if (type == DType::F32)
    for (size_t i = 0; i < count; ++i)
      reinterpret_cast<float *>(target)[i] = valueAt(tensor, first + i);
  else
    for (size_t i = 0; i < count; ++i)
      reinterpret_cast<uint16_t *>(target)[i] = toBF16(valueAt(tensor, first + i));
}

std::vector<float> floatsOf(const moec_tensor &tensor, size_t count, DType roundTo) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    float value = valueAt(tensor, i);
    values[i] = roundTo == DType::BF16 ? fromBF16(toBF16(value)) : value;
  }
  return values;
}

} // namespace moec::rt
