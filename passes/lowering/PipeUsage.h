//===- PipeUsage.h - How often a role uses a pipe ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops around the uses of a pipe, and the static number of uses inside them.
// Two roles use a pipe equally often if both are the same.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_PIPEUSAGE_H
#define MOEC_PASSES_LOWERING_PIPEUSAGE_H

#include "dialects/tile/TileOps.h"

namespace moec::lowering {

/// Uses of a pipe inside the same loops of unknown trip count.
struct PipeUsage {
  llvm::SmallVector<mlir::Operation *> loops; ///< outermost first
  int64_t count = 0;                          ///< in one turn of the innermost
  mlir::Operation *first = nullptr;
};

/// Trips of a loop, if they are a constant: those of rings always are.
std::optional<int64_t> getStaticTrips(mlir::Operation *loop);

/// In program order; a role that does not use the pipe has none.
llvm::SmallVector<PipeUsage> getUsage(tile::RoleOp role, mlir::Value pipe);

/// Whether two loops of different roles make the same number of trips: the same
/// schedule over the same rows, or bounds computed in the same way.
bool haveSameTrips(mlir::Operation *a, mlir::Operation *b);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_PIPEUSAGE_H
