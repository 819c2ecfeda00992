//===- MapInParts.h - Arithmetic on accumulators, part by part --*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An activation is the same code for each accumulator of a thread, up to 128 times. Where
// its result goes to shared memory at once, a loop of two rounds holds that code for half
// of them: registers have no index, so the second half is moved to where the first was. The
// moves of a tile are a fraction of its arithmetic, and code is what they save. Where gate
// and up have biases, a round is as small as can be put: 16 columns.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_MAPINPARTS_H
#define MOEC_PASSES_LOWERING_MAPINPARTS_H

#include "passes/lowering/RoleContext.h"

namespace moec::lowering {

/// The map that makes `frag`, if it is lowered where the put of its result is.
tile::MapOp getMapInParts(Value frag);
/// Whether such a map loads these values for each of its parts.
bool isLoadedInParts(tile::ColValuesOp op);

void lowerMap(tile::MapOp op, Emitter &emit, RoleContext &context);
void lowerInParts(tile::MapOp map, tile::PutOp put, Emitter &emit, RoleContext &context);
/// Where this thread's part of a put begins in the first panel: an address for 16 columns.
llvm::SmallVector<Value> getPartAddresses(tile::PutOp op, Emitter &emit, RoleContext &context);
/// Puts a part's registers there, and into the panels behind.
void lowerPutOfPart(tile::PutOp op, Emitter &emit, RoleContext &context, const Registers &registers,
                    mlir::ValueRange addresses);

/// This thread's first column, of the values of all.
Value getFirstColumn(tile::ColValuesOp op, Emitter &emit, RoleContext &context);
/// The values of `columns` columns from `column` on, in the order of a fragment.
Registers loadPairs(Emitter &emit, tile::ColValuesOp op, Value column, int64_t columns);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_MAPINPARTS_H
