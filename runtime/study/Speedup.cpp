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
  ExposedShare share;
  share.serial = shareOf(parts.communicationSeconds + computing);
  share.scheduled = shareOf(parts.seconds + rest);
  // Kernels may spread transfers that get in each other's way when all begin at once.
  share.ideal = std::min(
      share.scheduled, shareOf(std::max(parts.communicationSeconds, parts.computeSeconds) + rest));
  return share;
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
