//===- LayerData.h - Weights, tokens and the truth of a layer ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Made from a seed; the expected result comes from the independent reference.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_LAYERDATA_H
#define MOEC_TEST_CONFORMANCE_LAYERDATA_H

#include "moec/runtime.h"
#include "runtime/module/Layer.h"
#include "test/reference/Compare.h"

#include <map>
#include <string>
#include <vector>

namespace moec::test {

/// What a run of some tokens gave, in the order of the tokens.
struct LayerOutput {
  std::vector<float> output, weights;
  std::vector<int64_t> indices;
  bool operator==(const LayerOutput &) const = default;
};

/// Tokens of each rank; the sum is what the layer's data hold.
using Shares = std::vector<uint32_t>;
/// Contiguous blocks whose sizes differ by at most one, the larger first.
Shares evenShares(uint32_t tokens, uint32_t ranks);

class LayerData {
public:
  LayerData(const Layer &layer, uint32_t tokens, uint64_t seed);

  const Layer &layer() const { return description; }
  uint32_t tokens() const { return tokenCount; }
  /// [tokens, hidden], f32.
  std::vector<float> &input() { return rows; }
  const std::vector<float> &input() const { return rows; }

  /// The tensor of that name, f32; false if the layer has none.
  bool find(const std::string &name, moec_tensor &tensor) const;
  /// To change weights before a run: [rows, columns] of a role (and expert).
  std::vector<float> &weight(WeightRole role, uint32_t expert = 0);

  /// Empty if `actual` is what the reference computes, else what is wrong.
  std::string compare(const LayerOutput &actual) const;

private:
  struct Weight {
    std::string name;
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  using Key = std::pair<WeightRole, uint32_t>;
  void addWeight(WeightRole role, uint32_t expert, std::vector<int64_t> shape, uint64_t seed);

  Layer description;
  uint32_t tokenCount;
  std::vector<float> rows;
  std::map<Key, Weight> weights;
};

/// The caller's side of one step: each rank's part of the tokens, and memory for what
/// comes out.
struct StepMemory {
  StepMemory(const LayerData &data, const Shares &shares);
  std::vector<moec_rank_io> io;
  LayerOutput result;
};

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_LAYERDATA_H
