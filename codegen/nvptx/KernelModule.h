//===- KernelModule.h - One kernel, ready to become LLVM IR ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_KERNELMODULE_H
#define MOEC_CODEGEN_NVPTX_KERNELMODULE_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace moec::codegen {

/// The kernels of a module, in its order.
std::vector<mlir::LLVM::LLVMFuncOp> kernelsOf(mlir::ModuleOp module);

/// A new module with a copy of the kernel and of every symbol that it needs, with
/// the data layout of NVPTX, in llvm and nvvm ops that can be translated. Fails
/// with a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> isolateKernel(mlir::LLVM::LLVMFuncOp kernel);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_KERNELMODULE_H
