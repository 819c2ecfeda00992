//===- Speedup.cpp - What faster links are worth --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Speedup.h"

#include <algorithm>

namespace moec::study {

ExposedShare exposedShareOf(const StepParts &parts, double rest) {
  double computing = parts.computeSeconds + rest;
  auto shareOf = [&](double seconds) {
    return seconds > 0 ? std::max(0.0, seconds - computing) / seconds : 0;
  };
  return {shareOf(parts.communicationSeconds + computing), shareOf(parts.seconds + rest),
          shareOf(std::max(parts.communicationSeconds, parts.computeSeconds) + rest)};
}

double endToEndFactor(double exposedShare, double speedup) {
  return 1 / ((1 - exposedShare) + exposedShare / speedup);
}

std::optional<double> speedupNeeded(double exposedShare, double factor) {
  double left = 1 / factor - (1 - exposedShare); // what communication may still take
  if (left <= 0)
    return std::nullopt;
  return exposedShare / left;
}

} // namespace moec::study
