//===- RouteCounts.cpp - What a step moved, from what it chose -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/RouteCounts.h"

namespace moec::rt {

using plan::OpKind;
using plan::Plan;

// The checks of a plan promise one of each.
uint32_t routeBuffer(const Plan &plan) {
  for (const plan::Op &op : plan.ops)
    if (op.kind == OpKind::Compute && op.task == plan::TaskKind::Route)
      return op.writes[0].buffer;
  return 0;
}

uint32_t bufferOf(const Plan &plan, plan::BufferSpace space) {
  for (uint32_t i = 0; i < plan.buffers.size(); ++i)
    if (plan.buffers[i].space == space)
      return i;
  return 0;
}

namespace {

/// Bytes that the plan's puts move for each token and each row.
struct PutBytes {
  uint64_t perToken = 0; ///< from a source to a destination
  uint64_t perRow = 0;   ///< back
};

} // namespace

static PutBytes putBytes(const Plan &plan) {
  PutBytes bytes;
  for (const plan::Op &op : plan.ops) {
    if (op.kind != OpKind::Put)
      continue;
    uint64_t record = plan.buffers[op.reads[0].buffer].bytesPerRecord;
    bool isRow = op.reads[0].items.kind == plan::ItemSetKind::Y;
    (isRow ? bytes.perRow : bytes.perToken) += record;
  }
  return bytes;
}

Status countRoute(const Manifest &manifest, const Plan &plan, uint32_t rank,
                  std::span<const uint32_t> route, uint64_t tokens, StepReport &report) {
  uint32_t ranks = plan.ranks, topK = plan.topK, experts = manifest.layer.experts;
  PutBytes bytes = putBytes(plan);
  std::vector<uint64_t> lastToken(ranks, UINT64_MAX);
  for (uint64_t token = 0; token < tokens; ++token) {
    const uint32_t *entry = route.data() + token * 3 * topK;
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t expert = entry[slot], home = entry[topK + slot] >> 16;
      if (expert >= experts || home >= ranks)
        return internalError("rank ", rank, ", token ", token, ": wanted an expert below ", experts,
                             " on a rank below ", ranks, ", found ", expert, " on ", home);
      ++report.expertTokens[expert];
      report.combineBytes[uint64_t(home) * ranks + rank] += bytes.perRow;
      if (std::exchange(lastToken[home], token) != token)
        report.dispatchBytes[uint64_t(rank) * ranks + home] += bytes.perToken;
    }
  }
  return {};
}

} // namespace moec::rt
