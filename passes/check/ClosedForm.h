//===- ClosedForm.h - From the ops of a layer to its closed form -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops of a body can be put together in any order. The runtime knows one
// order, that of runtime/module/Layer.h; a body has a closed form if it is an
// instance of it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_CHECK_CLOSEDFORM_H
#define MOEC_PASSES_CHECK_CLOSEDFORM_H

#include "dialects/moe/MoeOps.h"

namespace moec {

/// How a message begins if the input is right and moec cannot do it: exit code 2.
inline constexpr llvm::StringLiteral kUnsupported = "unsupported here: ";
/// How a message begins if a promise of ours is broken: exit code 70.
inline constexpr llvm::StringLiteral kInternalError = "internal error: ";

/// The closed form of a verified layer. Reports at the op that breaks the form.
mlir::FailureOr<moe::LayerAttr> closedForm(moe::LayerOp layer);

} // namespace moec

#endif // MOEC_PASSES_CHECK_CLOSEDFORM_H
