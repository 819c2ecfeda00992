//===- Tensor.h - Element types and dense tensors --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All element types of the safetensors format have a name and a size here; the
// runtime computes with few of them, and says so where it cannot.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_TENSOR_H
#define MOEC_RUNTIME_DATA_TENSOR_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moec::rt {

enum class ElementType : uint8_t {
  F4,
  F6_E2M3,
  F6_E3M2,
  BOOL,
  U8,
  I8,
  F8_E4M3,
  F8_E5M2,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  U16,
  I16,
  F16,
  BF16,
  U32,
  I32,
  F32,
  U64,
  I64,
  F64,
  C64,
};

/// As safetensors spells it: "BF16".
std::string_view nameOf(ElementType type);
std::optional<ElementType> elementTypeOf(std::string_view name);
uint32_t bitsOf(ElementType type);

using Shape = std::vector<uint64_t>;

/// "[2, 3]".
std::string formatShape(const Shape &shape);
/// Bytes of a dense tensor; nothing where that overflows or ends within a byte.
std::optional<uint64_t> bytesOf(ElementType type, const Shape &shape);
/// Product of the sizes. Only for shapes whose bytesOf() is known to fit.
uint64_t elementsOf(const Shape &shape);

/// What is known of a tensor without its values.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::F32;
  Shape shape;
};

/// A dense row-major tensor in someone else's memory, which need not be aligned.
struct TensorView {
  ElementType type = ElementType::F32;
  Shape shape;
  std::span<const uint8_t> bytes;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_TENSOR_H
