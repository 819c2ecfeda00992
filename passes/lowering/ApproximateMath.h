//===- ApproximateMath.h - Functions as instructions ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_APPROXIMATEMATH_H
#define MOEC_PASSES_LOWERING_APPROXIMATEMATH_H

#include "mlir/IR/Operation.h"

namespace moec::lowering {

/// Replaces functions of f32 below `root` by what the hardware has (ex2, lg2, rcp) and
/// arithmetic: nothing is left that would call a library. With `divisions`, or where the
/// division is marked arcp, x / y becomes x times the approximate reciprocal of y.
void approximateMath(mlir::Operation *root, bool divisions);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_APPROXIMATEMATH_H
