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

Result<TensorSpec> RandomWeights::describe(const std::string &name) {
  auto weight = weights.find(name);
  if (weight == weights.end())
    return invalidError(placeOf(name), ": no tensor ", quote(name));
  bool isBias = weight->second.role == WeightRole::SelectionBias;
  return TensorSpec{name, isBias ? ElementType::F32 : type, weight->second.shape};
}

Result<TensorView> RandomWeights::find(const std::string &name) {
  MOEC_ASSIGN_OR_RETURN(TensorSpec spec, describe(name));
  std::optional<uint64_t> bytes = bytesOf(spec.type, spec.shape);
  if (!bytes)
    return invalidError(placeOf(name), ": tensor ", quote(name), " ", formatShape(spec.shape),
                        " is too large");
  if (buffer.size() < *bytes)
    buffer.resize(*bytes);
  std::span<uint8_t> out(buffer.data(), *bytes);
  data.fillWeight(name, weights.find(name)->second.role, spec.shape, spec.type, threads, out);
  return TensorView{spec.type, std::move(spec.shape), out};
}

} // namespace moec::rt
