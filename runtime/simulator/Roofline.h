//===- Roofline.h - Kernel times from operations and bytes ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Until a machine's kernels have been timed: a task takes as long as its matrix
// products or its traffic with the GPU's memory, whichever is longer, and a launch.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_ROOFLINE_H
#define MOEC_RUNTIME_SIMULATOR_ROOFLINE_H

#include "runtime/base/Status.h"
#include "runtime/module/Layer.h"
#include "runtime/simulator/KernelTimes.h"
#include "runtime/topology/Machine.h"

namespace moec::simulator {

/// What one GPU reaches.
struct GpuRates {
  double operationsPerSecond = 0; ///< matrix products, a multiplication and an addition are two
  double bytesPerSecond = 0;      ///< of its memory
  double launchSeconds = 0;       ///< a kernel takes at least so long
};

/// Of what is sold. test/bench/results/gpu-h200.jsonl: OLMoE's experts with 8192 tokens
/// do 597 TFLOP/s of 989; with 128 tokens they read weights at 0.84 of a copy's rate; a
/// sum over next to nothing takes 6 us.
inline constexpr double reachedOfOperations = 0.60;
inline constexpr double reachedOfMemory = 0.75;
inline constexpr double kernelLaunchSeconds = 6e-6;

/// The rates of a machine's GPU for products of `type`. Invalid where the machine does
/// not say how fast it multiplies or how fast its memory is.
rt::Result<GpuRates> gpuRatesOf(const topology::Machine &machine, DType type);

class Roofline : public KernelTimes {
public:
  /// Both must outlive the table.
  Roofline(const Layer &layer, const Placement &placement, const GpuRates &rates)
      : layer(layer), placement(placement), rates(rates) {}

  double seconds(const KernelWork &work) const override;

private:
  double timeOf(double operations, double bytes) const;
  double operationsOfMlp(const GatedMlp &mlp) const;
  double bytesOfMlp(const GatedMlp &mlp) const;
  double timeOfExperts(const KernelWork &work) const;

  const Layer &layer;
  const Placement &placement;
  GpuRates rates;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_ROOFLINE_H
