//===- TileRoleOps.cpp - Builders and names of ops in a role --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"

using namespace mlir;
using namespace moec::tile;

/// `[row, col]`, unless it is [0, 0].
static ParseResult parsePlace(OpAsmParser &parser, IntegerAttr &row, IntegerAttr &col) {
  Type i32 = parser.getBuilder().getI32Type();
  if (failed(parser.parseOptionalLSquare())) {
    row = col = IntegerAttr::get(i32, 0);
    return success();
  }
  return failure(parser.parseAttribute(row, i32) || parser.parseComma() ||
                 parser.parseAttribute(col, i32) || parser.parseRSquare());
}

static void printPlace(OpAsmPrinter &printer, Operation *, IntegerAttr row, IntegerAttr col) {
  if (row.getInt() || col.getInt())
    printer << "[" << row.getInt() << ", " << col.getInt() << "]";
}

#define GET_OP_CLASSES
#include "dialects/tile/TileRoleOps.cpp.inc"

void ScatterOp::build(OpBuilder &builder, OperationState &state, Value buf, Value valid,
                      Value bytes, ScatterBody makeBody) {
  state.addOperands({buf, valid, bytes});
  OpBuilder::InsertionGuard guard(builder);
  Block *body =
      builder.createBlock(state.addRegion(), {}, {builder.getI32Type()}, {state.location});
  Value target = makeBody(builder, state.location, body->getArgument(0));
  YieldOp::create(builder, state.location, target);
}

int64_t ScatterOp::getLanesOfRow() {
  return std::min(lanesPerWarp, getBuf().getType().getRowBytes() / kPieceBytes);
}

int64_t ScatterOp::getRowsAtOnce() { return 2 * (lanesPerWarp / getLanesOfRow()); }

void ScatterOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  setName(region.getArgument(0), "i");
}

void MmaOp::build(OpBuilder &builder, OperationState &state, Value acc, Value a, Value b,
                  unsigned aRow, unsigned bRow, Split split) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.aRow = builder.getI32IntegerAttr(aRow);
  properties.bRow = builder.getI32IntegerAttr(bRow);
  properties.split = SplitAttr::get(builder.getContext(), split);
  state.addOperands({acc, a, b});
  state.addTypes(acc.getType());
}

void HalfOp::build(OpBuilder &builder, OperationState &state, Value frag, unsigned which) {
  state.getOrAddProperties<Properties>().which = builder.getI32IntegerAttr(which);
  state.addOperands(frag);
  state.addTypes(getHalfType(frag.getType()));
}

void MapOp::build(OpBuilder &builder, OperationState &state, ValueRange frags, MapBody makeBody) {
  state.addOperands(frags);
  state.addTypes(frags.front().getType());
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(frags.size(), builder.getF32Type());
  SmallVector<Location> locations(frags.size(), state.location);
  Block *body = builder.createBlock(state.addRegion(), {}, types, locations);
  Value value = makeBody(builder, state.location, body->getArguments());
  YieldOp::create(builder, state.location, value);
}

YieldOp MapOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

void PutOp::build(OpBuilder &builder, OperationState &state, Value frag, Value buf, bool transpose,
                  unsigned row, unsigned col, Split split) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.row = builder.getI32IntegerAttr(row);
  properties.col = builder.getI32IntegerAttr(col);
  properties.split = SplitAttr::get(builder.getContext(), split);
  if (transpose)
    properties.transpose = builder.getUnitAttr();
  state.addOperands({frag, buf});
}
