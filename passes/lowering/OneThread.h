//===- OneThread.h - Ops of one thread, and who that is ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_ONETHREAD_H
#define MOEC_PASSES_LOWERING_ONETHREAD_H

#include "mlir/IR/Operation.h"
#include "passes/lowering/RolePlace.h"

namespace moec::lowering {

/// May a single thread run all of the role, and must one run some of it? Whoever has chosen
/// that thread need not call the other function.
bool isOneThread(mlir::Operation *role, const RolePlace &place);

/// Puts the ops that one thread issues (TMA, signals, counters) below an elected
/// thread of the role, with the loops that hold nothing else. What all threads need
/// of it (was this arrival the last?) is shared.
///
/// Where control differs between warps, each warp that comes elects a thread; where
/// it differs between threads, the author has chosen the thread.
mlir::LogicalResult electThreads(mlir::Operation *role, const RolePlace &place);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_ONETHREAD_H
