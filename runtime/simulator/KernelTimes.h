//===- KernelTimes.h - How long a rank computes -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_KERNELTIMES_H
#define MOEC_RUNTIME_SIMULATOR_KERNELTIMES_H

#include "runtime/plan/Plan.h"

#include <cstdint>

namespace moec::simulator {

/// One computing task of a plan, and what it works on.
struct KernelWork {
  plan::TaskKind task = plan::TaskKind::Route;
  uint32_t rank = 0;
  uint32_t tasks = 1;      ///< of the same op on the rank, this one among them
  double itemsRead = 0;    ///< of its first operand: tokens; of Experts tokens received
  double itemsWritten = 0; ///< of Experts the (token, slot) rows computed
  double bytesRead = 0;    ///< all operands; weights are not among them
  double bytesWritten = 0;
};

/// A table of kernel times, measured or modelled.
class KernelTimes {
public:
  virtual ~KernelTimes() = default;
  /// Seconds, not negative. May be called from any thread.
  virtual double seconds(const KernelWork &work) const = 0;
};

/// For schedules alone: computing takes no time.
class NoKernelTimes : public KernelTimes {
public:
  double seconds(const KernelWork &) const override { return 0; }
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_KERNELTIMES_H
