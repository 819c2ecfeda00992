//===- Hash.cpp - Fingerprints of bytes ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Hash.h"

#include "runtime/base/Text.h"

#define XXH_INLINE_ALL // no dependency on libxxhash.so
#include <xxhash.h>

namespace moec::rt {

Hash128 hash128(std::span<const uint8_t> bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Hash128 hash128(std::initializer_list<std::span<const uint8_t>> parts) {
  XXH3_state_t state; // 576 bytes, aligned to 64 by its declaration
  XXH3_128bits_reset(&state);
  for (std::span<const uint8_t> part : parts)
    XXH3_128bits_update(&state, part.data(), part.size());
  XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.low64, hash.high64};
}

std::string formatHash(const Hash128 &hash) { return formatHex(hash.high) + formatHex(hash.low); }

} // namespace moec::rt
