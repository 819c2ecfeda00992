//===- Float.h - bf16 and f16 as numbers ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_FLOAT_H
#define MOEC_RUNTIME_BACKENDS_FLOAT_H

#include <bit>
#include <cstdint>

namespace moec::rt {

inline float fromBF16(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

/// The nearest, ties to even; a NaN stays one.
inline uint16_t toBF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bool isNan = (bits & 0x7fffffff) > 0x7f800000;
  uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  return static_cast<uint16_t>((isNan ? bits | 0x400000 : rounded) >> 16);
}

inline float fromF16(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) // infinity, NaN
    return std::bit_cast<float>(sign | 0x7f800000 | magnitude << 13);
  // As an f32 with the same fields the value is 2^112 too small, subnormals included.
  float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(scaled));
}

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_FLOAT_H
