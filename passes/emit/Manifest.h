//===- Manifest.h - From a scheduled module to its manifest -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_EMIT_MANIFEST_H
#define MOEC_PASSES_EMIT_MANIFEST_H

#include "mlir/IR/BuiltinOps.h"
#include "runtime/module/Manifest.h"

namespace moec {

/// What a module file says of itself, from the attributes of its one plan: also of
/// a module that came as text. `compiler` is stored as given, e.g. "moec 0.1.0".
/// Requires phase distribute or later; reports what is missing.
mlir::FailureOr<Manifest> buildManifest(mlir::ModuleOp module, llvm::StringRef compiler);

} // namespace moec

#endif // MOEC_PASSES_EMIT_MANIFEST_H
