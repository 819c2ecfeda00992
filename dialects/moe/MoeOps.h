//===- MoeOps.h - The ops of the moe dialect --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOEOPS_H
#define MOEC_DIALECTS_MOE_MOEOPS_H

#include "dialects/moe/MoeDialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/moe/MoeOps.h.inc"

namespace moec::moe {
/// The element type of `!moe.scores` or `!moe.shares`.
mlir::Type elementOf(mlir::Type scoresOrShares);
} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_MOEOPS_H
