//===- IrText.h - IR read from a text, with its places there ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An op of a printed plan says which line of the .moe file it is from. Who edits the
// plan looks for a mistake in the plan: so each op has both places until the IR is
// printed or becomes a module, which keep the first alone.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_IRTEXT_H
#define MOEC_FRONTEND_DRIVER_IRTEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>

namespace moec::driver {

/// Parses and verifies; null, after diagnostics, where either failed. `path` is the
/// text's name.
mlir::OwningOpRef<mlir::ModuleOp> parseIr(const std::string &text, const std::string &path,
                                          mlir::MLIRContext &context);

/// Where the op stands in the text; as it is where nothing else was said of it.
mlir::Location placeInText(mlir::Location place);

/// Leaves the places alone that the text said.
void forgetPlacesInText(mlir::ModuleOp module);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_IRTEXT_H
