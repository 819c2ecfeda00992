//===- Speedup.h - What faster links are worth ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Amdahl's law for communication: of a step, the share f waits for links; links that
// are s times as fast make the step 1 / ((1 - f) + f / s) times as fast.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_STUDY_SPEEDUP_H
#define MOEC_RUNTIME_STUDY_SPEEDUP_H

#include "runtime/study/Step.h"

#include <optional>

namespace moec::study {

/// The share of a step in which nothing is computed because data is on its way.
struct ExposedShare {
  double serial = 0;    ///< dispatch, experts, combine one after the other
  double scheduled = 0; ///< as the plan overlaps them
  double ideal = 0;     ///< everything hidden that computing can hide
};
/// `rest`: seconds of the step that are neither, on every machine the same (attention).
ExposedShare exposedShareOf(const StepParts &parts, double rest = 0);

/// 1 / ((1 - f) + f / s). Infinite f / s is not asked for: s > 0, 0 <= f <= 1.
double endToEndFactor(double exposedShare, double speedup);

/// The speedup of communication that makes the step `factor` times as fast; none where
/// no speedup does, for f <= 1 - 1 / factor.
std::optional<double> speedupNeeded(double exposedShare, double factor);

} // namespace moec::study

#endif // MOEC_RUNTIME_STUDY_SPEEDUP_H
