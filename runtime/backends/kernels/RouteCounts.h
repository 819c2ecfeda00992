//===- RouteCounts.h - What a step moved, from what it chose ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_ROUTECOUNTS_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_ROUTECOUNTS_H

#include "runtime/backends/Backend.h"

namespace moec::rt {

/// Adds to `report` what follows from the choices of one rank: rows of each expert,
/// and the bytes of the plan's puts, by who puts. `route`: the entries of `tokens`
/// tokens as Plan.h describes them. Entries of no expert or rank are refused.
Status countRoute(const Manifest &manifest, const plan::Plan &plan, uint32_t rank,
                  std::span<const uint32_t> route, uint64_t tokens, StepReport &report);

/// The plan's buffer of that content: what `route` writes, or the layer's input or output.
uint32_t routeBuffer(const plan::Plan &plan);
uint32_t bufferOf(const plan::Plan &plan, plan::BufferSpace space);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_ROUTECOUNTS_H
