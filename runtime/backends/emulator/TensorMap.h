//===- TensorMap.h - The emulator's tensor map ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands for CUtensorMap, whose 128 bytes only the driver understands.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_TENSORMAP_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_TENSORMAP_H

#include "runtime/base/Status.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace moec::rt {
struct TensorMapRequest;
}

namespace moec::rt::emulator {

inline constexpr uint32_t tensorMapMagic = 0x50414d54; // "TMAP"

/// Innermost dimension first. 128 bytes, as the driver's.
struct TensorMap {
  uint32_t magic = 0;
  uint8_t rank = 0, elementBytes = 0, swizzle = 0; ///< swizzle in bytes: 0, 32, 64, 128
  uint8_t reserved = 0;
  uint64_t base = 0;
  std::array<uint64_t, 5> dims{};
  std::array<uint64_t, 4> strides{}; ///< bytes, without the innermost
  std::array<uint16_t, 5> box{};
  uint16_t padding[15] = {};
};
static_assert(sizeof(TensorMap) == 128);

/// Where byte `offset` of a box lies in a buffer at `shared`. The pattern is one of
/// addresses, not of offsets: buffers that are not aligned to it come out shifted.
inline uint64_t swizzled(uint64_t shared, uint64_t offset, uint32_t swizzle) {
  uint64_t address = shared + offset;
  switch (swizzle) {
  case 32:
    return address ^ (address >> 7 & 1) << 4;
  case 64:
    return address ^ (address >> 7 & 3) << 4;
  case 128:
    return address ^ (address >> 7 & 7) << 4;
  default:
    return address;
  }
}

/// The checks that cuTensorMapEncodeTiled makes, as far as its documents tell.
Result<TensorMap> encodeTensorMap(const TensorMapRequest &request);

uint32_t boxBytes(const TensorMap &map);

/// Calls `body(offset in the box, global address, bytes, isInside)` for every innermost
/// run of the box at `coordinates`; runs that a border cuts come in pieces. Where it is
/// outside there is no address.
template <typename Body>
void forEachRun(const TensorMap &map, const std::array<int32_t, 5> &coordinates, Body body) {
  std::array<uint32_t, 5> extent{1, 1, 1, 1, 1}, at{};
  for (uint32_t d = 0; d < map.rank; ++d)
    extent[d] = map.box[d];
  const int64_t first = coordinates[0], width = extent[0], dim = static_cast<int64_t>(map.dims[0]);
  const int64_t low = std::min(std::max<int64_t>(0, -first), width);
  const int64_t high = std::max(low, std::min<int64_t>(width, dim - first));
  uint64_t offset = 0;
  const uint64_t element = map.elementBytes;
  for (at[4] = 0; at[4] < extent[4]; ++at[4])
    for (at[3] = 0; at[3] < extent[3]; ++at[3])
      for (at[2] = 0; at[2] < extent[2]; ++at[2])
        for (at[1] = 0; at[1] < extent[1]; ++at[1], offset += width * element) {
          bool inside = true;
          uint64_t address = map.base;
          for (uint32_t d = 1; d < map.rank; ++d) {
            int64_t x = int64_t{coordinates[d]} + at[d];
            inside = inside && x >= 0 && x < static_cast<int64_t>(map.dims[d]);
            address += static_cast<uint64_t>(x) * map.strides[d - 1];
          }
          if (!inside || low >= high) {
            body(offset, uint64_t{0}, static_cast<uint64_t>(width) * element, false);
            continue;
          }
          if (low > 0)
            body(offset, uint64_t{0}, low * element, false);
          body(offset + low * element, address + (first + low) * element, (high - low) * element,
               true);
          if (high < width)
            body(offset + high * element, uint64_t{0}, (width - high) * element, false);
        }
}

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_TENSORMAP_H
