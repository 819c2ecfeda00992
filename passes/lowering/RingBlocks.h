//===- RingBlocks.h - The blocks of one ring, slots static ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_RINGBLOCKS_H
#define MOEC_PASSES_LOWERING_RINGBLOCKS_H

#include "mlir/IR/IRMapping.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/PhaseTable.h"
#include <optional>

namespace moec::lowering {

RingShape getShape(tile::RingOp ring);
/// Refuses what neither form of a ring can do.
mlir::LogicalResult checkRing(tile::RingOp ring);

/// Emits a ring as a loop over rounds, whose body is one block a slot; one with a rest is
/// left within. What a commit or release does `after n` blocks concerns the slot of n
/// blocks before: in the first blocks there is none, behind the ring n are due.
class RingBlocks {
public:
  /// `phases` are those at the start of the ring.
  RingBlocks(mlir::Operation *ring, const Phases &phases, OpBuilder &builder);

  void emit();
  llvm::ArrayRef<Value> getResults() const { return values; }

private:
  /// One block to emit.
  struct Turn {
    Value block; ///< its number, i32
    unsigned slot = 0;
    std::optional<unsigned> number; ///< where it is known
    Value laterRound;               ///< i1, where it is not: any round but the first
    Value parity;
  };
  void startProducts();
  llvm::SmallVector<Value> pack() const;
  void unpack(ValueRange state);
  void flipPhases();
  void emitSlots(Value first, unsigned begin, unsigned end);
  void emitRounds();
  void emitBrokenRounds();
  void emitFew();
  void emitLagging();
  void emitTurn(const Turn &turn);
  void emitOp(const Turn &turn, mlir::Operation *op, mlir::IRMapping &map);
  void emitLeave(const Turn &turn, mlir::Operation *op);
  void emitProduct(const Turn &turn, tile::MmaOp op, mlir::IRMapping &map);
  void leave(mlir::Operation *like, unsigned slot, unsigned after, Value condition);

  tile::RingOp ring;
  RingShape shape;
  Phases phases;
  OpBuilder &builder;
  Emitter make;
  llvm::SmallVector<Value> values;    ///< carried by the ring
  llvm::SmallVector<bool> startsZero; ///< of them, those that nobody reads first
};

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_RINGBLOCKS_H
