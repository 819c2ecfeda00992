//===- RandomWeights.h - Weights from a seed -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_RANDOMWEIGHTS_H
#define MOEC_RUNTIME_DATA_RANDOMWEIGHTS_H

#include "runtime/data/RandomData.h"
#include "runtime/data/WeightSource.h"

#include <map>

namespace moec::rt {

/// A weight that can be made.
struct RandomWeight {
  WeightRole role = WeightRole::Router;
  Shape shape;
};

/// Makes each tensor when it is asked for, into one buffer. A selection bias is
/// F32, all else has `type` (F32 or BF16).
class RandomWeights : public WeightSource {
public:
  RandomWeights(uint64_t seed, RandomData data, ElementType type, uint32_t threads)
      : seed(seed), data(std::move(data)), type(type), threads(threads) {}

  void add(const std::string &name, RandomWeight weight) { weights[name] = std::move(weight); }

  bool contains(std::string_view name) const override { return weights.contains(name); }
  Result<TensorView> find(const std::string &name) override;
  Result<TensorSpec> describe(const std::string &name) override;
  std::string placeOf(std::string_view name) const override;

private:
  uint64_t seed;
  RandomData data;
  ElementType type;
  uint32_t threads;
  std::map<std::string, RandomWeight, std::less<>> weights;
  std::vector<uint8_t> buffer;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_RANDOMWEIGHTS_H
