//===- Rows.cpp - Products on rows that lie anywhere -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Rows.h"

#include "runtime/backends/Float.h"

#include <algorithm>

namespace moec::rt::cpu {

void convertTokens(const RankIo &io, uint32_t hidden, DType type, std::byte *target,
                   ThreadPool &pool) {
  pool.parallelFor(static_cast<uint32_t>(io.tokens), [&](uint32_t token) {
    size_t first = size_t(token) * hidden;
    const float *floats = static_cast<const float *>(io.input) + first;
    const uint16_t *halves = static_cast<const uint16_t *>(io.input) + first;
    if (type == DType::F32) {
      float *row = reinterpret_cast<float *>(target) + first;
      for (uint32_t i = 0; i < hidden; ++i)
        row[i] = io.input_dtype == MOEC_F32 ? floats[i] : fromBF16(halves[i]);
    } else {
      uint16_t *row = reinterpret_cast<uint16_t *>(target) + first;
      for (uint32_t i = 0; i < hidden; ++i)
        row[i] = io.input_dtype == MOEC_F32 ? toBF16(floats[i]) : halves[i];
    }
  });
}

RowsView gatherRows(Machine &machine, std::span<const std::byte *const> rows, uint32_t depth) {
  const KernelSet &kernels = *machine.kernels;
  size_t stride = machine.rowStride(depth);
  std::byte *target = machine.scratch.rows.data();
  machine.pool.parallelFor(static_cast<uint32_t>(rows.size()), [&](uint32_t row) {
    kernels.fillRow(rows[row], machine.layer().tokensType, depth, target + row * stride);
  });
  return {target, stride, static_cast<uint32_t>(rows.size())};
}

void multiplyRows(Machine &machine, std::span<const std::byte *const> rows, uint32_t depth,
                  const std::byte *panels, StoreRows out) {
  for (size_t first = 0; first < rows.size(); first += batchRows) {
    std::span<const std::byte *const> batch =
        rows.subspan(first, std::min<size_t>(batchRows, rows.size() - first));
    Segment segment{panels, 0, static_cast<uint32_t>(batch.size())};
    machine.products.multiply({&segment, 1}, gatherRows(machine, batch, depth), depth, out);
    out.rows += batch.size();
  }
}

void runMlps(Machine &machine, const GatedMlp &mlp, std::span<const MlpRows> groups,
             std::span<const std::byte *const> rows, const StoreRows &out) {
  const Layer &layer = machine.layer();
  RowsView x = gatherRows(machine, rows, layer.hidden);
  size_t stride = machine.rowStride(mlp.intermediate);
  std::byte *gated = machine.scratch.gated.data();

  std::vector<Segment> gateUp, down;
  uint32_t first = 0;
  for (const MlpRows &group : groups) {
    const MlpWeights &weights = *group.weights;
    auto biasOf = [](const std::vector<float> &bias) {
      return bias.empty() ? nullptr : bias.data();
    };
    gateUp.push_back({weights.gateUp, first, group.rows, biasOf(weights.gateUpBias)});
    down.push_back({weights.down, first, group.rows, biasOf(weights.downBias)});
    first += group.rows;
  }
  ActivationCode activation(mlp.activation);
  machine.products.multiplyGated(gateUp, x, layer.hidden,
                                 {gated, stride, mlp.intermediate, layer.tokensType, &activation});
  machine.products.multiply(down, {gated, stride, x.count}, mlp.intermediate, out);
}

} // namespace moec::rt::cpu
