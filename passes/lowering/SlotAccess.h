//===- SlotAccess.h - How a role fills and empties its pipes ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Read off the ops that touch the buffers of a pipe's slots. What a commit and a
// release have to wait for, and which threads arrive, follows from it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_SLOTACCESS_H
#define MOEC_PASSES_LOWERING_SLOTACCESS_H

#include "dialects/tile/TileOps.h"
#include "llvm/ADT/DenseMap.h"

namespace moec::lowering {

/// Which kinds of accesses one role makes to one pipe.
struct SlotAccess {
  bool tensorLoads = false; ///< filled by TMA: bytes complete the phase
  bool copies = false;      ///< filled by cp.async
  bool puts = false;        ///< filled by st.shared and stmatrix
  bool products = false;    ///< read by wgmma
  bool stores = false;      ///< read by TMA
  bool scatters = false;    ///< read by bulk copies of all lanes, not by their own loads
};

/// The pipe whose slot this is.
mlir::Value getPipe(mlir::Value slot);
/// The slot that a buffer belongs to.
mlir::Value getSlot(mlir::Value buf);

/// The uses of all pipes below `root`, a role.
class SlotAccesses {
public:
  explicit SlotAccesses(mlir::Operation *root);
  SlotAccess of(mlir::Value pipe) const { return uses.lookup(pipe); }

private:
  llvm::DenseMap<mlir::Value, SlotAccess> uses;
};

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_SLOTACCESS_H
