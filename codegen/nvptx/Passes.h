//===- Passes.h - Passes that belong to the way to PTX ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_PASSES_H
#define MOEC_CODEGEN_NVPTX_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace moec::codegen {

#define GEN_PASS_DECL
#include "codegen/nvptx/Passes.h.inc"

// registerNvptxPasses()
#define GEN_PASS_REGISTRATION
#include "codegen/nvptx/Passes.h.inc"

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_PASSES_H
