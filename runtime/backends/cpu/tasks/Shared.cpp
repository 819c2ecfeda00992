//===- Shared.cpp - The expert that every token visits ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/tasks/Rows.h"
#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <cmath>

namespace moec::rt::cpu {

/// sigmoid(ws . x), the sum in the order of the depth.
static float gateOf(const std::byte *row, DType type, const std::vector<float> &scale) {
  float sum = 0;
  for (size_t k = 0; k < scale.size(); ++k)
    sum += scale[k] * (type == DType::BF16 ? fromBF16(reinterpret_cast<const uint16_t *>(row)[k])
                                           : reinterpret_cast<const float *>(row)[k]);
  return 1 / (1 + std::exp(-sum));
}

Status runShared(TaskContext &context) {
  Machine &machine = context.machine;
  const Layer &layer = machine.layer();
  RegionView x = context.view(context.reads(0)[0]), out = context.view(context.writes(0)[0]);
  uint32_t tokens = context.rank.sets.tokens();
  std::vector<const std::byte *> inputs;
  std::vector<std::byte *> outputs;
  for (uint32_t token = 0; token < tokens; ++token) {
    Item item{context.rank.number, token};
    inputs.push_back(context.read(x, token, Content::Token, item));
    outputs.push_back(context.write(out, token, Content::Shared, item));
    context.pause();
  }
  for (uint32_t first = 0; first < tokens; first += batchRows) {
    uint32_t count = std::min(batchRows, tokens - first);
    MlpRows group{&machine.weights.shared(), count};
    runMlps(machine, layer.shared->mlp, {&group, 1}, std::span(inputs).subspan(first, count),
            {outputs.data() + first, DType::F32, layer.hidden});
  }
  if (!layer.shared->gate)
    return Status();
  machine.pool.parallelFor(tokens, [&](uint32_t token) {
    float gate = gateOf(inputs[token], layer.tokensType, machine.weights.sharedScale());
    float *row = reinterpret_cast<float *>(outputs[token]);
    for (uint32_t i = 0; i < layer.hidden; ++i)
      row[i] *= gate;
  });
  return Status();
}

} // namespace moec::rt::cpu
