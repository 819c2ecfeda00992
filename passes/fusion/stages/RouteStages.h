//===- RouteStages.h - The two stages of route ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_ROUTESTAGES_H
#define MOEC_PASSES_FUSION_STAGES_ROUTESTAGES_H

#include "passes/fusion/stages/StageBuilder.h"

namespace moec::fusion {

/// The router's product, in parts, to the workspace `logits`.
void buildLogits(KernelBuilder &kernel);
/// From logits to experts and weights; destinations and positions.
void buildChoice(KernelBuilder &kernel);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_ROUTESTAGES_H
