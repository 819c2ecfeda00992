//===- LowerPhase.h - The passes of the phase lower -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_LOWERPHASE_H
#define MOEC_PASSES_LOWERING_LOWERPHASE_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace moec::lowering {

/// From tile kernels to functions of llvm, nvvm and tile.ptx ops.
void addLower(mlir::OpPassManager &manager);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_LOWERPHASE_H
