//===- Convert.cpp - Between element types --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Convert.h"

#include <cstring>

namespace moec::rt {

float f32FromF16(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000 | (fraction << 13));
  if (exponent > 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  float magnitude = static_cast<float>(fraction) * 0x1p-24f; // subnormal
  return sign ? -magnitude : magnitude;
}

/// out[i] = convert(element i of `bytes`).
template <typename Stored, typename Value, typename Convert>
static std::vector<Value> convertAll(std::span<const uint8_t> bytes, Convert convert) {
  std::vector<Value> values(bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored element;
    std::memcpy(&element, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(element);
  }
  return values;
}

Result<std::vector<float>> toF32(const TensorView &tensor) {
  if (tensor.type == ElementType::F32)
    return convertAll<float, float>(tensor.bytes, [](float value) { return value; });
  if (tensor.type == ElementType::BF16)
    return convertAll<uint16_t, float>(tensor.bytes, f32FromBf16);
  if (tensor.type == ElementType::F16)
    return convertAll<uint16_t, float>(tensor.bytes, f32FromF16);
  return unsupportedError("wanted F32, BF16 or F16, found ", nameOf(tensor.type));
}

Result<std::vector<int64_t>> toI64(const TensorView &tensor) {
  auto widen = [](auto value) { return static_cast<int64_t>(value); };
  if (tensor.type == ElementType::I64)
    return convertAll<int64_t, int64_t>(tensor.bytes, widen);
  if (tensor.type == ElementType::I32)
    return convertAll<int32_t, int64_t>(tensor.bytes, widen);
  return unsupportedError("wanted I64 or I32, found ", nameOf(tensor.type));
}

} // namespace moec::rt
