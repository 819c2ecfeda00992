//===- KernelFunction.h - The function that a kernel becomes ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_KERNELFUNCTION_H
#define MOEC_PASSES_LOWERING_KERNELFUNCTION_H

#include "dialects/tile/TileOps.h"

namespace moec::lowering {

/// An llvm.func of the kernel's name before it, its one parameter the table of
/// argument blocks, its entry block empty. The kernel op has to go.
mlir::Operation *createFunction(tile::KernelOp kernel);
/// Bytes into shared memory of a word for each warp, in which one thread of a role
/// tells the others whether its arrival was the last.
unsigned getAnswersOffset(tile::KernelOp kernel);
/// What every module of kernels needs: the layout of the data, the shared memory.
void prepareModule(mlir::ModuleOp module);
/// Ends the function.
void createReturn(mlir::OpBuilder &builder, mlir::Location loc);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_KERNELFUNCTION_H
