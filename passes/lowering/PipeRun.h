//===- PipeRun.h - Abstract run of the roles of a stage ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every role as the list of what it does to pipes in the first few tiles. A slot
// can be entered when the other side has left it often enough: such a program has
// one outcome, whatever the order in which roles advance.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_PIPERUN_H
#define MOEC_PASSES_LOWERING_PIPERUN_H

#include "dialects/tile/TileOps.h"

namespace moec::lowering {

/// Runs the roles of a stage as far as they get, with `turns` trips of every loop
/// of unknown trip count. Returns, for each role that does not end, the op at which
/// it waits for ever.
llvm::SmallVector<mlir::Operation *> findDeadlock(tile::StageOp stage, unsigned turns);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_PIPERUN_H
