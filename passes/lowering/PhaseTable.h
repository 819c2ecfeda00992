//===- PhaseTable.h - Which phase each pipe of a role is in -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_PHASETABLE_H
#define MOEC_PASSES_LOWERING_PHASETABLE_H

#include "dialects/tile/TileOps.h"
#include "passes/lowering/RingShape.h"

namespace moec::lowering {

/// Parities to wait for (i32) at the start of a pass over the slots. `early` is
/// that of the slots of the rest, absent where there is no rest.
struct Phases {
  mlir::Value early, late;
};

/// The parities of all pipes of a role, at one place in its body.
class PhaseTable {
public:
  /// Finds the pipes and makes the first parities: who fills finds all slots empty,
  /// who reads finds none full.
  mlir::LogicalResult collect(mlir::Operation *role, mlir::OpBuilder &builder);

  Phases &at(mlir::Value pipe, bool fills);
  /// Is there anything below the op that moves a phase?
  bool usesPipe(mlir::Operation *op);
  /// The values that a loop has to carry.
  llvm::SmallVector<mlir::Value *> usedBelow(mlir::Operation *op);

private:
  struct Entry {
    mlir::Value pipe;
    bool fills = false;
    RingShape shape;
    Phases phases;
  };
  mlir::LogicalResult note(mlir::Operation *op);
  Entry *find(mlir::Value pipe, bool fills);
  llvm::SmallVector<Entry> entries;
};

/// Of a ring: does its body fill the slots?
bool fillsSlots(mlir::Operation *ringOrSingle);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_PHASETABLE_H
