//===- Schedule.h - Loops over the tiles of a CTA ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_SCHEDULE_H
#define MOEC_PASSES_LOWERING_SCHEDULE_H

#include "dialects/tile/TileOps.h"

namespace moec::lowering {

/// Replaces a loop over tiles by loops that find, from the number of the CTA and the
/// offsets, each tile that is its own.
void lowerTiles(tile::ForTilesOp loop);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_SCHEDULE_H
