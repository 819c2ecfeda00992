//===- Numbers.h - Element types of the reference -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_NUMBERS_H
#define MOEC_TEST_REFERENCE_NUMBERS_H

#include "test/reference/Reference.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace reference {

/// The nearest f32, ties to even: what a conversion gives.
inline float roundToF32(double value) { return static_cast<float>(value); }

/// bf16 is the upper half of an f32.
inline float fromBF16(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

inline uint16_t toBF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return uint16_t(bits >> 16 | 0x40); // stays a NaN when its low bits go
  uint32_t odd = bits >> 16 & 1;
  return uint16_t((bits + 0x7fff + odd) >> 16);
}

/// Sign, 5 bits of exponent (bias 15), 10 of fraction.
inline float fromF16(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float magnitude;
  if (exponent == 31)
    magnitude =
        fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  else if (exponent == 0)
    magnitude = std::ldexp(float(fraction), -24);
  else
    magnitude = std::ldexp(float(1024 + fraction), exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

/// F16 is a storage type only; a layer rounds to f32 or bf16.
inline float roundTo(Type type, double value) {
  float single = roundToF32(value);
  return type == Type::BF16 ? fromBF16(toBF16(single)) : single;
}

/// Element `index` of a tensor.
inline float load(const Tensor &tensor, size_t index) {
  if (tensor.type == Type::F32) {
    float value;
    std::memcpy(&value, static_cast<const char *>(tensor.data) + index * 4, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, static_cast<const char *>(tensor.data) + index * 2, 2);
  return tensor.type == Type::BF16 ? fromBF16(bits) : fromF16(bits);
}

} // namespace reference

#endif // MOEC_TEST_REFERENCE_NUMBERS_H
