//===- FlatBuffer.h - Decoding FlatBuffers that nobody vouches for -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verifier of the library proves that every access stays inside of the
// buffer; nothing more. Counts, text lengths and enumerators are checked here,
// while the buffer is turned into plain structs. Tables may be shared inside of
// the buffer, so a small file could decode to a large value: the caps on tables,
// counts and lengths bound it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_FLATBUFFER_H
#define MOEC_RUNTIME_BASE_FLATBUFFER_H

#include "runtime/base/Where.h"

#include <algorithm>
#include <flatbuffers/flatbuffers.h>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace moec::rt {

/// The root of a buffer, or why it cannot be read. `bytes` are aligned to 8.
template <typename Root>
Result<const Root *> verifiedRoot(std::span<const uint8_t> bytes, const char *identifier,
                                  uint32_t maxTables = 1 << 16) {
  constexpr uint32_t maxDepth = 16;
  if (bytes.size() >= 8 && !flatbuffers::BufferHasIdentifier(bytes.data(), identifier))
    return invalidError("wanted the identifier ", quote(identifier), ", found ",
                        quote({reinterpret_cast<const char *>(bytes.data()) + 4, 4}));
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), maxDepth, maxTables);
  if (!verifier.VerifyBuffer<Root>(identifier))
    return invalidError("not a well-formed FlatBuffer of at most ", maxTables, " tables");
  return flatbuffers::GetRoot<Root>(bytes.data());
}

/// A number that names no enumerator comes from a newer moec: unsupported.
template <typename Wire, typename Enum>
Status decodeEnum(Wire value, const Where &where, Enum &out) {
  static_assert(std::is_same_v<std::underlying_type_t<Wire>, std::underlying_type_t<Enum>>);
  if (value < Wire::MIN || value > Wire::MAX)
    return where.unsupported("wanted an enumerator from ", static_cast<uint64_t>(Wire::MIN), " to ",
                             static_cast<uint64_t>(Wire::MAX), ", found ",
                             static_cast<uint64_t>(value));
  out = static_cast<Enum>(value);
  return {};
}

/// An absent text is empty.
inline Status decodeText(const flatbuffers::String *text, const Where &where, size_t maxBytes,
                         std::string &out) {
  if (!text)
    return {};
  if (text->size() > maxBytes)
    return where.invalid("wanted at most ", maxBytes, " bytes, found ", text->size());
  out = text->str();
  return {};
}

inline Status decodeCount(uint64_t count, const Where &where, uint64_t maxCount) {
  if (count > maxCount)
    return where.invalid("wanted at most ", maxCount, " elements, found ", count);
  return {};
}

/// `decode(element, i, out)` for each element; an absent vector is empty.
template <typename Element, typename T, typename Decode>
Status decodeVector(const flatbuffers::Vector<Element> *vector, const Where &where,
                    uint64_t maxCount, std::vector<T> &out, const Decode &decode) {
  if (!vector)
    return {};
  MOEC_RETURN_IF_ERROR(decodeCount(vector->size(), where, maxCount));
  if constexpr (std::is_pointer_v<Element>) { // of structs: the verifier forgets their alignment
    constexpr size_t alignment = alignof(std::remove_pointer_t<Element>);
    if (vector->size() && reinterpret_cast<uintptr_t>(vector->Data()) % alignment != 0)
      return where.invalid("wanted elements at multiples of ", alignment, " bytes");
  }
  out.resize(vector->size());
  for (flatbuffers::uoffset_t i = 0; i < vector->size(); ++i)
    MOEC_RETURN_IF_ERROR(decode(vector->Get(i), i, out[i]));
  return {};
}

inline Status decodeNumbers(const flatbuffers::Vector<uint32_t> *vector, const Where &where,
                            uint64_t maxCount, std::vector<uint32_t> &out) {
  return decodeVector(vector, where, maxCount, out, [](uint32_t value, uint32_t, uint32_t &to) {
    to = value;
    return Status();
  });
}

/// Features are names of what a reader must know of. Unsupported where one is not among
/// `known`.
inline Status
decodeFeatures(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>> *features,
               const Where &where, std::initializer_list<std::string_view> known = {}) {
  for (uint32_t i = 0; features && i < features->size(); ++i) {
    std::string_view name = features->Get(i)->string_view();
    if (std::find(known.begin(), known.end(), name) == known.end())
      return where.unsupported("needs ", quote(name),
                               ", which this moec does not know; a newer one made it");
  }
  return {};
}

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_FLATBUFFER_H
