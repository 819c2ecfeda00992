//===- EmitPtx.h - From LLVM IR to PTX -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Knows no MLIR. Modules of different contexts may go through this at the same
// time.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_EMITPTX_H
#define MOEC_CODEGEN_NVPTX_EMITPTX_H

#include "codegen/nvptx/lint/AlignedOps.h"
#include "runtime/base/Status.h"

#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace moec::codegen {

/// Makes a module safe from LLVM's optimiser, and counts what must stay as it is:
/// marks all inline assembly convergent (MLIR marks none, and LLVM then copies it
/// into divergent branches), and forbids to unroll loops that wait for barriers or
/// hold aligned instructions (rings are unrolled when they are folded, and once is
/// enough).
AlignedCounts protectModule(llvm::Module &module);

/// Behind the optimiser: the addresses of the barriers of a math ring are computed
/// before it.
void hoistBarrierAddresses(llvm::Module &module);

/// Approximate logarithms of f32 (`afn`) become lg2.approx.ftz (PTX ISA, lg2), absolute error
/// 2^-22: by itself LLVM takes it only where an option of the whole process says so, and ends
/// the process elsewhere.
void selectLogarithms(llvm::Module &module);

/// PTX of `arch` for one module.
class PtxEmitter {
public:
  static rt::Result<PtxEmitter> create(const std::string &arch);
  PtxEmitter(PtxEmitter &&);
  ~PtxEmitter();

  rt::Status optimize(llvm::Module &module) const;
  rt::Result<std::string> emit(llvm::Module &module) const;

private:
  PtxEmitter();
  std::unique_ptr<llvm::TargetMachine> machine;
};

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_EMITPTX_H
