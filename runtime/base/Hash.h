//===- Hash.h - Fingerprints of bytes --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_HASH_H
#define MOEC_RUNTIME_BASE_HASH_H

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace moec::rt {

/// XXH3-128: finds accidents, not attacks. Stored as low, then high, little-endian.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128 &) const = default;
};

Hash128 hash128(std::span<const uint8_t> bytes);
/// Of the parts behind one another.
Hash128 hash128(std::initializer_list<std::span<const uint8_t>> parts);

/// 32 lower-case digits, most significant first, as xxhsum prints it.
std::string formatHash(const Hash128 &hash);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_HASH_H
