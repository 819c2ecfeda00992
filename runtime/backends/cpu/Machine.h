//===- Machine.h - All virtual GPUs of a session ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ranks share (plan, kernels, cores, packed weights) and what each of
// them has (heap, program, what it knows of the step).
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_MACHINE_H
#define MOEC_RUNTIME_BACKENDS_CPU_MACHINE_H

#include "runtime/backends/Backend.h"
#include "runtime/backends/cpu/Heap.h"
#include "runtime/backends/cpu/ItemSets.h"
#include "runtime/backends/cpu/Products.h"
#include "runtime/backends/cpu/Program.h"
#include "runtime/backends/cpu/Weights.h"
#include "runtime/module/Homes.h"

namespace moec::rt::cpu {

/// Rows that one product works on at most; more are cut into batches, so that the
/// memory needed does not grow with the tokens.
inline constexpr uint32_t batchRows = 2048;

/// Memory of the tasks, used by one task at a time between two pauses.
struct Scratch {
  Reservation rows, gated; ///< batchRows rows: inputs, and what lies between two products
  std::vector<float> logits;
  std::vector<std::byte *> outputs;
};

/// One rank's part of a step, as the caller gave it.
using RankIo = moec_rank_io;

struct Rank {
  Rank(const plan::Plan &plan, uint32_t number)
      : number(number), program(plan, number), sets(number, plan.ranks, plan.lanes(), plan.stages) {
  }

  uint32_t number;
  Program program;
  ItemSets sets;
  /// Base of every rank's heap, this one's included: the peer pointer table.
  std::vector<std::byte *> peers;
  uint64_t step = 0;
  RankIo io{};
  /// The plan's input and output buffers, where they are the caller's own memory.
  std::byte *input = nullptr, *output = nullptr;
};

class Machine {
public:
  /// `plan` has passed its checks and fits `manifest`.
  Machine(const Manifest &manifest, const plan::Plan &plan, uint32_t threads);

  /// (Re)makes the heaps, for steps with up to `maxTokens` on a rank.
  Status reserve(uint32_t maxTokens);
  /// As if every flag had been signalled in `step` and awaited.
  void setFlags(uint64_t step);

  const Layer &layer() const { return manifest.layer; }
  /// Bytes from one row to the next in the form that the kernels read.
  size_t rowStride(uint32_t depth) const {
    return kernels->rowElements(depth) * sizeOf(kernels->rowType());
  }
  FlagWord &flag(uint32_t onRank, const Rank &seenBy, uint32_t flag, uint64_t cell) const {
    return reinterpret_cast<FlagWord *>(seenBy.peers[onRank] + layout.flags[flag])[cell];
  }

  const Manifest manifest;
  const plan::Plan plan;
  std::unique_ptr<KernelSet> kernels;
  ThreadPool pool;
  Weights weights;
  Products products;
  AllHomes homes;
  HeapLayout layout;
  std::vector<Reservation> heaps;
  std::vector<Rank> ranks;
  Scratch scratch;
  StepReport report;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_MACHINE_H
