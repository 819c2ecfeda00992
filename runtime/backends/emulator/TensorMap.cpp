//===- TensorMap.cpp - The emulator's tensor map ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/TensorMap.h"

#include "runtime/backends/kernels/Device.h"

namespace moec::rt::emulator {

static Status checkDimension(const TensorMapRequest &request, uint32_t d, uint64_t elementBytes) {
  if (request.dims[d] == 0 || request.dims[d] > uint64_t{1} << 32)
    return invalidError("tensor map: dimension ", d, " is ", request.dims[d], ", wanted 1 .. 2^32");
  if (request.box[d] == 0 || request.box[d] > 256)
    return invalidError("tensor map: box ", d, " is ", request.box[d], ", wanted 1 .. 256");
  if (d > 0 && (request.strides[d] % 16 != 0 || request.strides[d] >= uint64_t{1} << 40))
    return invalidError("tensor map: stride ", d, " is ", request.strides[d],
                        " bytes, wanted a multiple of 16 below 2^40");
  return {};
}

Result<TensorMap> encodeTensorMap(const TensorMapRequest &request) {
  const uint64_t elementBytes = request.element == DType::F32 ? 4 : 2;
  if (request.rank < 1 || request.rank > 5)
    return invalidError("tensor map: rank is ", request.rank, ", wanted 1 .. 5");
  if (request.base % 16 != 0)
    return invalidError("tensor map: address ", request.base, " is no multiple of 16");
  for (uint32_t d = 0; d < request.rank; ++d)
    MOEC_RETURN_IF_ERROR(checkDimension(request, d, elementBytes));
  const uint64_t inner = request.box[0] * elementBytes;
  if (inner % 16 != 0)
    return invalidError("tensor map: the inner box has ", inner, " bytes, wanted a multiple of 16");
  if (request.swizzle != 0 && request.swizzle != 32 && request.swizzle != 64 &&
      request.swizzle != 128)
    return invalidError("tensor map: swizzle is ", request.swizzle, ", wanted 0, 32, 64 or 128");
  if (request.swizzle != 0 && inner > request.swizzle)
    return invalidError("tensor map: the inner box has ", inner,
                        " bytes, more than the swizzle of ", request.swizzle);
  TensorMap map;
  map.magic = tensorMapMagic;
  map.rank = static_cast<uint8_t>(request.rank);
  map.elementBytes = static_cast<uint8_t>(elementBytes);
  map.swizzle = static_cast<uint8_t>(request.swizzle);
  map.base = request.base;
  for (uint32_t d = 0; d < request.rank; ++d) {
    map.dims[d] = request.dims[d];
    map.box[d] = static_cast<uint16_t>(request.box[d]);
    if (d > 0)
      map.strides[d - 1] = request.strides[d];
  }
  return map;
}

uint32_t boxBytes(const TensorMap &map) {
  uint32_t bytes = map.elementBytes;
  for (uint32_t d = 0; d < map.rank; ++d)
    bytes *= map.box[d];
  return bytes;
}

} // namespace moec::rt::emulator
