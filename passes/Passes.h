//===- Passes.h - Every pass of moec: constructors, options, registration -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PASSES_H
#define MOEC_PASSES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace moec {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

// registerMoePasses()
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// Makes each phase a pipeline of moe-opt: `--moe-phase-check` and so on.
void registerPipelines();

} // namespace moec

#endif // MOEC_PASSES_PASSES_H
