//===- Checks.h - Checks that types and attributes share --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Private to this dialect.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_CHECKS_H
#define MOEC_DIALECTS_MOE_CHECKS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Types.h"

namespace moec::moe {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// A size of at least 1 and at most what the module format has room for.
mlir::LogicalResult verifySize(EmitError emitError, llvm::StringRef what, int64_t value,
                               int64_t most);
/// f32 or bf16.
mlir::LogicalResult verifyElement(EmitError emitError, llvm::StringRef what, mlir::Type type);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_CHECKS_H
