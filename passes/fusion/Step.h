//===- Step.h - The parts of one step, by what they are for -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels exist for one form of plan, the one that -comm-schedule makes. Here it
// is recognised: each buffer, flag and op gets its part by what the ops do with
// it, not by its name. Knows no MLIR.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STEP_H
#define MOEC_PASSES_FUSION_STEP_H

#include "runtime/module/Layer.h"
#include "runtime/plan/Plan.h"

#include <optional>

namespace moec::fusion {

/// Numbers of the plan's buffers.
struct StepBuffers {
  uint32_t tokens = 0;   ///< x: this rank's token rows
  uint32_t routes = 0;   ///< choices and weights of each token
  uint32_t packed = 0;   ///< records for each destination, before they travel
  uint32_t received = 0; ///< rows of each source, as its puts left them
  uint32_t records = 0;  ///< records of each source
  uint32_t rows = 0;     ///< experts' rows before they travel; kernels do not need it
  uint32_t returned = 0; ///< experts' rows at their token's slot
  std::optional<uint32_t> shared;
  uint32_t result = 0;
};

/// Numbers of the plan's ops.
struct StepOps {
  uint32_t route = 0, pack = 0, putRows = 0, putRecords = 0, signalRows = 0, waitRows = 0;
  uint32_t experts = 0, putReturned = 0, signalReturned = 0, waitReturned = 0, slotSum = 0;
  std::optional<uint32_t> shared;
};

/// All that a kernel may know of the step it is part of.
struct Step {
  Layer layer;
  uint32_t ranks = 1;
  uint32_t depth = 1;     ///< copies of each symmetric region; step n uses n mod depth
  uint32_t maxTokens = 0; ///< of a rank; 0: the session says
  StepBuffers buffers;
  StepOps ops;
  uint32_t rowsFlag = 0;     ///< rows and records have arrived, with their number
  uint32_t returnedFlag = 0; ///< experts' rows have come back

  /// Bytes of a row on the device, where rows are padded to 16 bytes.
  uint64_t tokenPitch() const;    ///< a token's row, hidden elements of bf16
  uint64_t returnedPitch() const; ///< an expert's row in the combine type
  uint64_t resultPitch() const;   ///< a row of the result, f32
  /// u32 words of a record of a dispatched token (runtime/plan/Plan.h).
  uint32_t recordWords() const { return 2 + 2 * layer.router.topK; }
};

/// Fills the plan's part of `step`. Returns why there are no kernels for the plan,
/// empty if there are.
std::string findParts(const plan::Plan &plan, Step &step);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STEP_H
