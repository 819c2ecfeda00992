//===- TokenResults.cpp - Results from what came back ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/TokenResults.h"

#include <algorithm>

namespace moec::rt::cpu {

TokenResults::TokenResults(TaskContext &context, size_t firstRead)
    : context(context), layer(context.machine.layer()), out(context.view(context.writes(0)[0])) {
  if (layer.shared)
    shared = context.view(context.reads(firstRead++)[0]);
  if (layer.residual)
    x = context.view(context.reads(firstRead)[0]);
}

void TokenResults::endToken() {
  uint32_t token = static_cast<uint32_t>(ends.size());
  Item item{context.rank.number, token};
  ends.push_back(rows.size());
  if (layer.shared)
    sharedRows.push_back(context.read(shared, token, Content::Shared, item));
  if (layer.residual)
    ownRows.push_back(context.read(x, token, Content::Token, item));
  results.push_back(reinterpret_cast<float *>(context.write(out, token, Content::Result, item)));
  context.pause();
}

void TokenResults::writeOne(uint32_t token) const {
  const Machine &machine = context.machine;
  float *sum = results[token];
  std::fill_n(sum, layer.hidden, 0.f);
  for (size_t row = token ? ends[token - 1] : 0; row < ends[token]; ++row)
    machine.kernels->addRow(sum, rows[row], layer.combineType, layer.hidden);
  if (layer.shared)
    machine.kernels->addRow(sum, sharedRows[token], DType::F32, layer.hidden);
  if (layer.residual)
    machine.kernels->addRow(sum, ownRows[token], layer.tokensType, layer.hidden);
}

void TokenResults::write() {
  context.machine.pool.parallelFor(static_cast<uint32_t>(results.size()),
                                   [&](uint32_t token) { writeOne(token); });
}

} // namespace moec::rt::cpu
