//===- LowerFragments.cpp - Arithmetic on accumulators --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "passes/lowering/ApproximateMath.h"
#include "passes/lowering/RoleContext.h"

using namespace mlir;

namespace moec::lowering {

/// Moves a loaded value that nothing uses yet to where it is wanted: with the biases of a whole
/// tile ahead of the first activation, an elaborate one finds no registers.
static void sinkLoad(OpBuilder &builder, Value value) {
  auto element = value.getDefiningOp<LLVM::ExtractElementOp>();
  auto load = element ? element.getVector().getDefiningOp<LLVM::LoadOp>() : LLVM::LoadOp();
  if (!load || llvm::any_of(load->getUsers(), [](Operation *user) { return !user->use_empty(); }))
    return;
  load->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  for (Operation *user : llvm::to_vector(load->getUsers()))
    user->moveAfter(load);
}

/// The region once a register; the arithmetic is made cheap before it is copied.
static void lowerMap(tile::MapOp op, Emitter &emit, RoleContext &context) {
  approximateMath(op, /*divisions=*/true);
  SmallVector<Registers> inputs;
  for (Value frag : op.getFrags())
    inputs.push_back(context.fragments.lookup(frag));
  Block &body = op.getBody().front();
  Registers results;
  for (size_t i = 0, count = cast<tile::FragType>(op.getType()).getRegisters(); i < count; ++i) {
    IRMapping map;
    for (auto [arg, registers] : llvm::zip_equal(body.getArguments(), inputs)) {
      sinkLoad(emit.builder, registers[i]);
      map.map(arg, registers[i]);
    }
    for (Operation &inner : body.without_terminator())
      emit.builder.clone(inner, map);
    results.push_back(map.lookupOrDefault(op.getYield().getValues().front()));
  }
  context.fragments[op.getResult()] = results;
}

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

/// The columns of this thread lie in pairs, eight columns apart.
static Registers loadPairs(Emitter &emit, tile::ColValuesOp op, Value column) {
  int64_t columns = cast<tile::FragType>(op.getFrag().getType()).getColumns();
  Value at = emit.add(op.getFirst(), column);
  Value start = emit.offset(op.getBase(), emit.shiftLeft(emit.widen(at, emit.i64Type()), 2));
  Registers registers;
  for (int64_t group = 0; group < columns / 8; ++group) {
    auto [left, right] = emit.loadPair(emit.offset(start, 32 * group));
    registers.append({left, right, left, right});
  }
  return registers;
}

static void lowerColValues(tile::ColValuesOp op, Emitter &emit, RoleContext &context) {
  int64_t columns = cast<tile::FragType>(op.getFrag().getType()).getColumns();
  Value column = emit.mul(emit.bitAnd(context.lane(), 3), 2);
  if (op.getSplit() == tile::Split::N)
    column = emit.add(column, emit.mul(context.warpgroup(), columns));
  Registers registers;
  if (op.getWhole()) {
    context.fragments[op.getFrag()] = loadPairs(emit, op, column);
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
