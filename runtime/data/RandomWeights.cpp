//===- RandomWeights.cpp - Weights from a seed ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/RandomWeights.h"

namespace moec::rt {

std::string RandomWeights::placeOf(std::string_view) const {
  return concat("random weights of seed ", seed);
}

Result<TensorView> RandomWeights::find(const std::string &name) {
  const RandomWeight *weight = describe(name);
  if (!weight)
    return invalidError(placeOf(name), ": no tensor ", quote(name));
  ElementType stored = typeOf(weight->role);
  std::optional<uint64_t> bytes = bytesOf(stored, weight->shape);
  if (!bytes)
    return invalidError(placeOf(name), ": tensor ", quote(name), " ", formatShape(weight->shape),
                        " is too large");
  if (buffer.size() < *bytes)
    buffer.resize(*bytes);
  std::span<uint8_t> out(buffer.data(), *bytes);
  data.fillWeight(name, weight->role, weight->shape, stored, threads, out);
  return TensorView{stored, weight->shape, out};
}

} // namespace moec::rt
