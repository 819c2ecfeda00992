//===- LayerLoad.h - A layer of the IR as a problem of load -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_LAYERLOAD_H
#define MOEC_PASSES_PLACEMENT_LAYERLOAD_H

#include "dialects/moe/MoeOps.h"
#include "passes/placement/LoadMachine.h"

namespace moec {

/// Reports at the layer where there is no answer: the request cannot be met, or the
/// machine's memory does not hold so many slots.
mlir::FailureOr<LoadProblem> loadProblemOf(moe::LayerOp layer, LoadWish wish);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_LAYERLOAD_H
