//===- ImportProgram.h - From a resolved program to moe IR ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_IR_IMPORTPROGRAM_H
#define MOEC_FRONTEND_IMPORT_IR_IMPORTPROGRAM_H

#include "frontend/parser/Program.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace moec {

/// The phase import: one `moe.layer` with the requests of the program, every op at
/// the place in the source that asks for it. Cannot fail: a Program is checked.
/// Loads the dialects it needs into the context.
mlir::OwningOpRef<mlir::ModuleOp> importProgram(const frontend::Program &program,
                                                mlir::MLIRContext *context);

} // namespace moec

#endif // MOEC_FRONTEND_IMPORT_IR_IMPORTPROGRAM_H
