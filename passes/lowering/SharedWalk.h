//===- SharedWalk.h - Roles that go over the same tiles ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each role of a product finds its tiles by itself, and the code for it is longer than
// that of a role which only loads or stores. Neighbours with the same budget can walk in
// one loop, each in a branch of its own in there. Knows what may share, emits nothing.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_SHAREDWALK_H
#define MOEC_PASSES_LOWERING_SHAREDWALK_H

#include "dialects/tile/TileOps.h"
#include <optional>

namespace moec::lowering {

/// A role that is one loop over tiles, with what stands around it.
struct Walk {
  tile::RoleOp role;
  tile::ForTilesOp loop;
  llvm::SmallVector<mlir::Operation *> before; ///< reads and arithmetic: anybody may do them
  llvm::SmallVector<mlir::Operation *> after;  ///< waits for its stores: all may do them
  /// In the loop: what makes the values that it hands on, arithmetic too, in order.
  llvm::SmallVector<mlir::Operation *> carried;
};

/// Of the roles, those that share a walk; none or at least two. One of them gathers, and the
/// others have the registers of such threads for all that is alive in the loop; or it scatters,
/// and then that is little, without a gather.
llvm::SmallVector<Walk> findSharedWalk(llvm::ArrayRef<tile::RoleOp> roles);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_SHAREDWALK_H
