//===- TilePtxOps.cpp - Ops that nvvm lacks -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"

using namespace mlir;
using namespace moec::tile;

//===----------------------------------------------------------------------===//
// Text: `-> 128 x f32` for as many accumulators and results
//===----------------------------------------------------------------------===//

static ParseResult parseAccumulators(OpAsmParser &parser, SmallVectorImpl<Type> &acc,
                                     SmallVectorImpl<Type> &results) {
  unsigned count = 0;
  Type type;
  if (parser.parseInteger(count) || parser.parseKeyword("x") || parser.parseType(type))
    return failure();
  acc.assign(count, type);
  results.assign(count, type);
  return success();
}

static void printAccumulators(OpAsmPrinter &printer, Operation *op, TypeRange, TypeRange results) {
  printer << results.size() << " x " << Float32Type::get(op->getContext());
}

#define GET_OP_CLASSES
#include "dialects/tile/TilePtxOps.cpp.inc"

void PtxWgmmaOp::build(OpBuilder &builder, OperationState &state, ValueRange acc, Value a,
                       int32_t aOffset, Value b, int32_t bOffset, Value scaleD, Type element) {
  build(builder, state, acc.getTypes(), acc, a, ValueRange(), b, scaleD,
        builder.getI32IntegerAttr(aOffset), builder.getI32IntegerAttr(bOffset),
        TypeAttr::get(element));
}

void PtxWgmmaOp::build(OpBuilder &builder, OperationState &state, ValueRange acc, ValueRange regs,
                       Value b, int32_t bOffset, Value scaleD, Type element) {
  build(builder, state, acc.getTypes(), acc, Value(), regs, b, scaleD, builder.getI32IntegerAttr(0),
        builder.getI32IntegerAttr(bOffset), TypeAttr::get(element));
}

LogicalResult PtxWgmmaOp::verify() {
  // wgmma-c1
  size_t count = getAcc().size();
  if (count < 4 || count > 128 || count % 4 || getResults().size() != count)
    return emitOpError() << "must have 4 to 128 accumulators, a multiple of 4, and as many "
                         << "results, not " << count << " and " << getResults().size();
  // wgmma-c2
  if (getA() ? !getRegs().empty() : getRegs().size() != 4)
    return emitOpError() << "must have one descriptor or four registers of A, not "
                         << (getA() ? 1 : 0) << " and " << getRegs().size();
  return success();
}

void PtxWgmmaFenceOp::build(OpBuilder &, OperationState &state, ValueRange acc) {
  state.addOperands(acc);
  state.addTypes(acc.getTypes());
}

void PtxWgmmaWaitOp::build(OpBuilder &builder, OperationState &state, ValueRange acc,
                           unsigned pending) {
  state.addOperands(acc);
  state.getOrAddProperties<Properties>().pending = builder.getI32IntegerAttr(pending);
  state.addTypes(acc.getTypes());
}
