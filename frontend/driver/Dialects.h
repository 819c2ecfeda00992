//===- Dialects.h - Every dialect that moec's tools read --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_DIALECTS_H
#define MOEC_FRONTEND_DRIVER_DIALECTS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moec {
/// Makes the dialects known to a context's registry; none is loaded by it.
void registerDialects(mlir::DialectRegistry &registry);
} // namespace moec

#endif // MOEC_FRONTEND_DRIVER_DIALECTS_H
