//===- Tensor.cpp - Element types and dense tensors -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Tensor.h"

#include "runtime/base/Text.h"

#include <iterator>

namespace moec::rt {

namespace {
struct TypeEntry {
  std::string_view name;
  uint32_t bits;
};
} // namespace

/// In the order of the enum.
static constexpr TypeEntry entries[] = {
    {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8},    {"U8", 8},
    {"I8", 8},          {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"U16", 16},    {"I16", 16},    {"F16", 16},    {"BF16", 16},
    {"U32", 32},        {"I32", 32},    {"F32", 32},    {"U64", 64},    {"I64", 64},
    {"F64", 64},        {"C64", 64},
};
static_assert(std::size(entries) == static_cast<size_t>(ElementType::C64) + 1);

std::string_view nameOf(ElementType type) { return entries[static_cast<size_t>(type)].name; }

uint32_t bitsOf(ElementType type) { return entries[static_cast<size_t>(type)].bits; }

std::optional<ElementType> elementTypeOf(std::string_view name) {
  for (size_t i = 0; i < std::size(entries); ++i)
    if (entries[i].name == name)
      return static_cast<ElementType>(i);
  return std::nullopt;
}

std::string formatShape(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    appendText(text, i ? ", " : "");
    appendText(text, shape[i]);
  }
  return text + "]";
}

std::optional<uint64_t> bytesOf(ElementType type, const Shape &shape) {
  uint64_t bits = bitsOf(type);
  for (uint64_t size : shape)
    if (size == 0)
      return 0; // whatever the other sizes
  for (uint64_t size : shape)
    if (__builtin_mul_overflow(bits, size, &bits))
      return std::nullopt;
  if (bits % 8)
    return std::nullopt;
  return bits / 8;
}

uint64_t elementsOf(const Shape &shape) {
  uint64_t count = 1;
  for (uint64_t size : shape)
    count *= size;
  return count;
}

} // namespace moec::rt
