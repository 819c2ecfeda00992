//===- RolledRing.h - A ring of copies as a loop over blocks ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_ROLLEDRING_H
#define MOEC_PASSES_LOWERING_ROLLEDRING_H

#include "dialects/tile/TileOps.h"
#include "passes/lowering/PhaseTable.h"

namespace moec::lowering {

/// How many 16-byte pieces of the buffer each thread of the role copies, each of another row;
/// 0: not equally many.
unsigned getPieces(tile::GatherOp gather);

/// Is a ring a loop over blocks, with the slot as a number at run time? Where it only gathers,
/// or loads once a block, its threads have the time for a few more instructions a block, and
/// the code of a block is there once. A second load, or a second parity of slots, would make
/// more than 26 of them.
bool isRolled(tile::RingOp ring);

/// Emits such a ring. What a commit does `after n` blocks takes n turns more, in which nothing
/// is copied. `phases` are those at the start of the ring.
void emitRolled(tile::RingOp ring, const Phases &phases, mlir::OpBuilder &builder);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_ROLLEDRING_H
