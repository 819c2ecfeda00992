//===- KernelModule.h - The IR of kernels, read and stripped ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_EMULATOR_KERNELMODULE_H
#define MOEC_CODEGEN_EMULATOR_KERNELMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moec::emulator {

/// Everything that kernels may be written in, and what host code needs.
mlir::DialectRegistry kernelDialects();

/// Parses text or bytecode and lowers scf, cf, arith and math. Null: a diagnostic was emitted.
mlir::OwningOpRef<mlir::ModuleOp> parseKernels(std::string_view ir, mlir::MLIRContext &context);

struct KernelFunction {
  std::string name;
  uint32_t threads = 0;
};
mlir::LogicalResult listKernels(mlir::ModuleOp module, std::vector<KernelFunction> &kernels);

/// What only a GPU understands: attributes of functions and arguments, the data layout.
void forgetKernelAttributes(mlir::ModuleOp module);

} // namespace moec::emulator

#endif // MOEC_CODEGEN_EMULATOR_KERNELMODULE_H
