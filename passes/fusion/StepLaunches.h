//===- StepLaunches.h - What each launch of a step is -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a decision to names, tiles and ops of the plan, a launch at a time. Knows no
// MLIR.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STEPLAUNCHES_H
#define MOEC_PASSES_FUSION_STEPLAUNCHES_H

#include "passes/fusion/KernelForm.h"
#include "passes/fusion/Step.h"

namespace moec::fusion {

/// One of several kernels that do the same, for up to `maxRows` rows an expert.
struct LaunchVariant {
  uint32_t maxRows = UINT32_MAX;
  GemmForm experts, shared;
};

/// "expert_up", or first and last: "dispatch_to_expert_up".
std::string nameOf(const std::vector<StageKind> &stages);

/// At least one, ascending, the last without a limit.
std::vector<LaunchVariant> variantsOf(const std::vector<StageKind> &stages,
                                      const KernelProblem &problem, const KernelSolution &solution);

/// Rows of the tile of a variant's first product; 0 if it has none.
uint32_t rowsOf(const std::vector<StageKind> &stages, const LaunchVariant &variant);
/// That tile in words; empty if there is none.
std::string shapeOf(const std::vector<StageKind> &stages, const KernelProblem &problem,
                    const LaunchVariant &variant);

/// The plan's ops that end in these stages, ascending.
std::vector<uint32_t> opsOf(const std::vector<StageKind> &stages, const Step &step);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STEPLAUNCHES_H
