//===- Phase.h - The two exchanges of a step --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_PHASE_H
#define MOEC_RUNTIME_FORMATS_PHASE_H

#include "runtime/plan/Plan.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace moec::formats {

/// Most formats know collectives, not steps: what is exported is one exchange.
enum class Phase : uint8_t {
  Step,     ///< all of it
  Dispatch, ///< what no expert's output is needed for
  Combine,  ///< what comes after the experts
};

const char *nameOf(Phase phase); ///< "step", "dispatch", "combine"
std::optional<Phase> phaseFromName(std::string_view name);

/// By op of the plan: whether it belongs to the phase. Whatever runs the experts
/// belongs to Step alone. An order between two ops of a phase never leads through
/// an op outside of it.
std::vector<bool> opsOf(const plan::Plan &plan, Phase phase);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_PHASE_H
