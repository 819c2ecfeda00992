//===- ScatterByThreads.h - Rows stored by the lanes of warps ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_SCATTERBYTHREADS_H
#define MOEC_PASSES_LOWERING_SCATTERBYTHREADS_H

#include "passes/lowering/RoleContext.h"

namespace moec::lowering {

/// The address that a scatter's region makes of a row (i32).
Value makeTarget(tile::ScatterOp op, Emitter &emit, Value row);

/// See tile.scatter, `by_threads`.
void lowerScatterByThreads(tile::ScatterOp op, Emitter &emit, RoleContext &context);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_SCATTERBYTHREADS_H
