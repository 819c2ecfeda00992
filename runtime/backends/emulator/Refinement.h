//===- Refinement.h - Did the kernels do what the plan says? ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds the trace of one step against the plan: every record that a put of the plan
// moves is written once, by the rank and into the place that the plan names; every
// flag cell is released once, with the epoch and count of the plan, after the puts it
// covers and by someone who knows of them; every wait has seen its flag. Nothing else
// is written into symmetric memory.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_REFINEMENT_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_REFINEMENT_H

#include "runtime/backends/emulator/Trace.h"
#include "runtime/base/Status.h"
#include "runtime/plan/Plan.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moec::rt::emulator {

/// What one step looked like on the device.
struct StepFacts {
  uint32_t epoch = 1;
  uint32_t maxTokens = 0;
  std::vector<uint64_t> heaps; ///< symmetric heap of each rank
  /// From there to region 0 of each buffer and cell 0 of each flag of the plan; none: no
  /// kernel knows the object.
  std::vector<std::optional<uint64_t>> bufferOffsets, flagOffsets;
  std::vector<uint64_t> pitches; ///< bytes from record to record, by buffer
  std::vector<uint32_t> tokens;  ///< of each rank
  /// Of each rank and token, topK words {rank << 16 | local expert}.
  std::vector<std::vector<uint32_t>> owners;
};

/// The first deviation, if there is one.
Status checkRefinement(const plan::Plan &plan, const StepFacts &facts, const Trace &trace);

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_REFINEMENT_H
