//===- Machine.cpp - All virtual GPUs of a session -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Machine.h"

#include <algorithm>

namespace moec::rt::cpu {

Machine::Machine(const Manifest &givenManifest, const plan::Plan &givenPlan, uint32_t threads)
    : manifest(givenManifest), plan(givenPlan),
      kernels(makeKernelSet(layer().tokensType, layer().weightsType)), pool(threads),
      weights(manifest, *kernels, pool), products(*kernels, pool),
      homes(manifest.placement, layer().experts) {
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    ranks.emplace_back(plan, rank);
  }
  for (const plan::Op &op : plan.ops)
    report.phaseNames.push_back(op.name);
  report.phaseSeconds.resize(plan.ops.size());
  report.dispatchBytes.resize(size_t(plan.ranks) * plan.ranks);
  report.combineBytes.resize(size_t(plan.ranks) * plan.ranks);
  report.expertTokens.resize(layer().experts);
}

Status Machine::reserve(uint32_t maxTokens) {
  if (!scratch.rows.data()) {
    uint32_t widest = layer().expert.intermediate;
    if (layer().shared)
      widest = std::max(widest, layer().shared->mlp.intermediate);
    MOEC_ASSIGN_OR_RETURN(scratch.rows, Reservation::create(batchRows * rowStride(layer().hidden),
                                                            true, "rows of a product"));
    MOEC_ASSIGN_OR_RETURN(scratch.gated, Reservation::create(batchRows * rowStride(widest), true,
                                                             "rows of a product"));
  }
  MOEC_ASSIGN_OR_RETURN(HeapLayout newLayout, layOutHeap(plan, maxTokens));
  std::vector<Reservation> newHeaps;
  std::vector<std::byte *> peers;
  for (uint32_t rank = 0; rank < plan.ranks; ++rank) {
    MOEC_ASSIGN_OR_RETURN(Reservation heap,
                          Reservation::create(newLayout.bytes, false, "the ranks' buffers"));
    peers.push_back(heap.data());
    newHeaps.push_back(std::move(heap));
  }
  layout = std::move(newLayout);
  heaps = std::move(newHeaps);
  for (Rank &rank : ranks)
    rank.peers = peers;
  return Status();
}

void Machine::setFlags(uint64_t step) {
  uint64_t word = packFlag(static_cast<uint32_t>(step), 0);
  for (const Rank &rank : ranks)
    for (uint32_t flag = 0; flag < plan.flags.size(); ++flag)
      for (uint64_t cell = 0, count = plan::cellCount(plan.flags[flag].extents); cell < count;
           ++cell)
        this->flag(rank.number, rank, flag, cell).store(word, std::memory_order_relaxed);
}

} // namespace moec::rt::cpu
