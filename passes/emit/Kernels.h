//===- Kernels.h - From a lowered module to its kernels ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_EMIT_KERNELS_H
#define MOEC_PASSES_EMIT_KERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include "runtime/module/Kernels.h"

namespace moec {

/// The table of kernels of a module at phase lower, with their IR as bytecode; also
/// of a module that came as text. Empty for a module without a target. PTX and
/// machine code are left to whoever compiles. Reports what is missing.
mlir::FailureOr<KernelSet> buildKernelSet(mlir::ModuleOp module);

} // namespace moec

#endif // MOEC_PASSES_EMIT_KERNELS_H
