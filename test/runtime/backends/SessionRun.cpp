//===- SessionRun.cpp - Some steps of a cpu session ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/SessionRun.h"

namespace moec::test {

Shares evenShares(uint32_t tokens, uint32_t ranks) {
  Shares shares;
  for (uint32_t rank = 0; rank < ranks; ++rank)
    shares.push_back(tokens / ranks + (rank < tokens % ranks));
  return shares;
}

Manifest manifestOf(const Layer &layer, const Placement &placement) {
  Manifest manifest;
  manifest.target = "cpu";
  manifest.ranks = static_cast<uint32_t>(placement.slots.size());
  manifest.layer = layer;
  manifest.placement = placement;
  return manifest;
}

StepMemory::StepMemory(const LayerData &data, const Shares &shares) {
  size_t hidden = data.layer().hidden, topK = data.layer().router.topK, tokens = data.tokens();
  result.output.assign(tokens * hidden, -1.f);
  result.weights.assign(tokens * topK, -1.f);
  result.indices.assign(tokens * topK, -1);
  size_t first = 0;
  for (uint32_t share : shares) {
    io.push_back({data.input().data() + first * hidden, MOEC_F32, share,
                  result.output.data() + first * hidden, result.indices.data() + first * topK,
                  result.weights.data() + first * topK});
    first += share;
  }
}

rt::WeightLookup lookupIn(const LayerData &data) {
  return [&data](const std::string &name, moec_tensor &tensor) {
    return data.find(name, tensor) ? rt::Status() : rt::invalidError("no weight ", rt::quote(name));
  };
}

} // namespace moec::test
