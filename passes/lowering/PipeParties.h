//===- PipeParties.h - Who fills and who reads a pipe -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The roles at both ends of a pipe, and how each touches its slots. Numbers of
// arrivals and bytes follow from it; nobody writes them.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_PIPEPARTIES_H
#define MOEC_PASSES_LOWERING_PIPEPARTIES_H

#include "dialects/tile/TileOps.h"

namespace moec::lowering {

/// A role that acquires or waits for slots of a pipe.
struct PipeParty {
  tile::RoleOp role;
  bool loads = false;  ///< by TMA: bytes complete the phase
  bool writes = false; ///< by its own threads
  bool multiplies = false;
  bool stores = false; ///< by TMA, of one thread
  int64_t txBytes = 0; ///< that TMA brings into one slot

  /// Arrivals on the full barrier in one phase: the expect of the thread that
  /// loads, or one a warp that wrote.
  unsigned fullArrivals() { return loads ? 1 : role.getNumWarps(); }
  /// Arrivals on the empty barrier in one phase: of the thread that stored, one a
  /// warpgroup that multiplied, or one a warp.
  unsigned emptyArrivals() {
    return stores ? 1 : multiplies ? role.getNumWarpgroups() : role.getNumWarps();
  }
};

struct PipeParties {
  llvm::SmallVector<PipeParty> producers;
  llvm::SmallVector<PipeParty> consumers;
};

/// In the order of the roles.
PipeParties getParties(tile::PipeOp pipe);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_PIPEPARTIES_H
