//===- SessionRun.h - Some steps of a cpu session ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H
#define MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H

#include "runtime/backends/cpu/CpuSession.h"
#include "test/conformance/LayerData.h"

#include <memory>

namespace moec::test {

/// Tokens of each rank; the sum is what the layer's data hold.
using Shares = std::vector<uint32_t>;
/// As even as it goes, the larger shares first.
Shares evenShares(uint32_t tokens, uint32_t ranks);

Manifest manifestOf(const Layer &layer, const Placement &placement);

/// The caller's side of one step: memory for each rank's part.
struct StepMemory {
  StepMemory(const LayerData &data, const Shares &shares);
  std::vector<moec_rank_io> io;
  LayerOutput result;
};

/// A lookup into the data.
rt::WeightLookup lookupIn(const LayerData &data);

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H
