//===- Passes.td - Passes of the phase schedule ------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included by passes/Passes.td at its place in the pipeline.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_PASSES_TD
#define MOEC_PASSES_SCHEDULING_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif // MOEC_PASSES_SCHEDULING_PASSES_TD
