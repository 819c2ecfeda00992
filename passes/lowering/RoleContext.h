//===- RoleContext.h - What the ops of a role are lowered with --*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_ROLECONTEXT_H
#define MOEC_PASSES_LOWERING_ROLECONTEXT_H

#include "dialects/tile/TileOps.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/RolePlace.h"
#include "passes/lowering/SlotAccess.h"
#include "llvm/ADT/MapVector.h"

namespace moec::lowering {

/// The registers of a fragment in one thread: for columns 8 j to 8 j + 7 the four
/// registers 4 j + 2 h + e hold row lane / 4 + 8 h of the warp's 16, column 8 j +
/// 2 (lane mod 4) + e.
using Registers = llvm::SmallVector<Value>;

/// The pipe and slot that an op of a pipe names, after folding.
struct SlotPlace {
  tile::PipeOp pipe;
  unsigned index = 0;
  Value number; ///< i32, where the slot is known at run time only; null elsewhere
};

/// State of the lowering of one role. Values that depend on the thread alone are made
/// once, at the top of the role.
class RoleContext {
public:
  RoleContext(mlir::Operation *role, OpBuilder &builder);
  /// Removes what marked the top.
  void finish();

  const RolePlace &getPlace() const { return place; }

  /// A value that `make` computes at the top, once a `key`.
  Value atTop(llvm::StringRef key, llvm::function_ref<Value(Emitter &)> make);
  Value thread();       ///< of the CTA
  Value threadOfRole(); ///< from 0
  Value lane();
  Value warpOfGroup(); ///< 0 to 3
  Value warpgroup();   ///< of the role, from 0
  Value isLaneZero();
  Value leadsWarpgroup(); ///< its first thread
  Value shared();

  /// Bytes from the start of shared memory, of a slot that is known.
  int64_t getOffset(mlir::Value buf);
  Value getAddress(Emitter &emit, mlir::Value buf);
  /// `base`, which belongs to a buffer at offset 0, moved to this buffer.
  Value inBuffer(Emitter &emit, Value base, mlir::Value buf);
  Value getFullBarrier(Emitter &emit, SlotPlace slot);
  Value getEmptyBarrier(Emitter &emit, SlotPlace slot);

  const SlotAccesses uses;
  llvm::DenseMap<Value, Registers> fragments;

private:
  /// `offset` bytes into shared memory, opaque: LLVM would add what is constant once more in
  /// each turn of a loop.
  Value sharedAt(int64_t offset);
  Value atSlot(Emitter &emit, const SlotPlace &slot, int64_t first, int64_t stride);

  mlir::Operation *role;
  RolePlace place;
  mlir::Operation *top; ///< values of the thread come before it
  llvm::StringMap<Value> values;
};

/// Of an acquire, wait, commit or release.
SlotPlace getSlotPlace(mlir::Operation *op);
/// Of a buffer.
SlotPlace getSlotPlaceOf(mlir::Value buf);
/// Bytes of one slot of a pipe, and of the buffers before one.
int64_t getSlotBytes(tile::PipeType pipe);
int64_t getBufOffsetInSlot(tile::PipeType pipe, unsigned index);

// One overload an op; each replaces and erases it, and fails with a diagnostic.
mlir::LogicalResult lowerPipeOp(mlir::Operation *op, RoleContext &context);
mlir::LogicalResult lowerCopy(mlir::Operation *op, RoleContext &context);
mlir::LogicalResult lowerProduct(mlir::Operation *op, RoleContext &context);
mlir::LogicalResult lowerFragmentOp(mlir::Operation *op, RoleContext &context);
mlir::LogicalResult lowerPut(tile::PutOp op, RoleContext &context);
mlir::LogicalResult lowerFlagOp(mlir::Operation *op, RoleContext &context);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_ROLECONTEXT_H
