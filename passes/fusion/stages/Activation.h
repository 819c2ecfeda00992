//===- Activation.h - The activation of an expert, as code ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_ACTIVATION_H
#define MOEC_PASSES_FUSION_STAGES_ACTIVATION_H

#include "passes/fusion/stages/ScalarCode.h"
#include "runtime/module/ActivationExpr.h"

namespace moec::fusion {

/// Scalar code for a well-formed expression of one element of gate and up, in f32.
/// Functions and quotients are left to -tile-to-nvvm, which has approximate ones.
mlir::Value emitActivation(ScalarCode &code, const ActivationExpr &expression, mlir::Value gate,
                           mlir::Value up);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_ACTIVATION_H
