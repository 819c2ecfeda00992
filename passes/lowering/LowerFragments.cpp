//===- LowerFragments.cpp - Arithmetic on accumulators --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/MapInParts.h"
#include "passes/lowering/RoleContext.h"

using namespace mlir;

namespace moec::lowering {

/// base[first + index] where index < count, else 0. Without a count every index exists.
static Value loadOr0(Emitter &emit, Value base, Value first, Value index, Value count) {
  if (!count) {
    Value bytes = emit.shiftLeft(emit.widen(emit.add(first, index), emit.i64Type()), 2);
    return emit.load(emit.f32Type(), emit.offset(base, bytes), /*invariant=*/true);
  }
  Value exists = emit.compare(Compare::Less, index, count);
  Value at = emit.add(first, emit.select(exists, index, emit.i32(0)));
  Value bytes = emit.shiftLeft(emit.widen(at, emit.i64Type()), 2);
  Value value = emit.load(emit.f32Type(), emit.offset(base, bytes));
  return emit.select(exists, value, emit.f32(0));
}

static void lowerRowValues(tile::RowValuesOp op, Emitter &emit, RoleContext &context) {
  Value row = emit.add(emit.mul(context.warpOfGroup(), 16), emit.shiftRight(context.lane(), 2));
  if (op.getSplit() == tile::Split::M)
    row = emit.add(row, emit.mul(context.warpgroup(), 64));
  Value count = op.getWhole() ? Value() : op.getCount();
  Value upper = loadOr0(emit, op.getBase(), op.getFirst(), row, count);
  Value lower = loadOr0(emit, op.getBase(), op.getFirst(), emit.add(row, 8), count);
  Registers registers;
  for (int64_t i = 0, count = cast<tile::FragType>(op.getFrag().getType()).getRegisters();
       i < count; ++i)
    registers.push_back(i % 4 < 2 ? upper : lower);
  context.fragments[op.getFrag()] = registers;
}

static void lowerColValues(tile::ColValuesOp op, Emitter &emit, RoleContext &context) {
  int64_t columns = cast<tile::FragType>(op.getFrag().getType()).getColumns();
  Value column = getFirstColumn(op, emit, context);
  Registers registers;
  if (op.getWhole()) {
    if (!isLoadedInParts(op))
      context.fragments[op.getFrag()] = loadPairs(emit, op, column, columns);
    return;
  }
  for (int64_t group = 0; group < columns / 8; ++group) {
    Value pair[2];
    for (int64_t i = 0; i < 2; ++i)
      pair[i] = loadOr0(emit, op.getBase(), op.getFirst(), emit.add(column, 8 * group + i),
                        op.getCount());
    registers.append({pair[0], pair[1], pair[0], pair[1]});
  }
  context.fragments[op.getFrag()] = registers;
}

LogicalResult lowerFragmentOp(Operation *op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op->getLoc());
  if (auto map = dyn_cast<tile::MapOp>(op))
    lowerMap(map, emit, context);
  else if (auto rows = dyn_cast<tile::RowValuesOp>(op))
    lowerRowValues(rows, emit, context);
  else if (auto columns = dyn_cast<tile::ColValuesOp>(op))
    lowerColValues(columns, emit, context);
  else
    return lowerPut(cast<tile::PutOp>(op), context);
  return success();
}

} // namespace moec::lowering
