//===- Convert.h - Between element types -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_CONVERT_H
#define MOEC_RUNTIME_DATA_CONVERT_H

#include "runtime/base/Status.h"
#include "runtime/data/Tensor.h"

#include <bit>
#include <vector>

namespace moec::rt {

/// To the nearest, ties to even; a NaN stays one.
inline uint16_t bf16FromF32(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
inline float f32FromBf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}
float f32FromF16(uint16_t bits);

/// The values of an F32, BF16 or F16 tensor. Other types: Unsupported.
Result<std::vector<float>> toF32(const TensorView &tensor);
/// The values of an I64 or I32 tensor. Other types: Unsupported.
Result<std::vector<int64_t>> toI64(const TensorView &tensor);

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_CONVERT_H
