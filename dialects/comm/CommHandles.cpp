//===- CommHandles.cpp - Custom assembly of buffers and flags -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommSyntax.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moec::comm;

static ParseResult parseExtents(OpAsmParser &parser, DenseI64ArrayAttr &extents) {
  SmallVector<int64_t> values;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::OptionalSquare,
                                     [&] { return parser.parseInteger(values.emplace_back()); }))
    return failure();
  extents = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

static void printExtents(OpAsmPrinter &printer, ArrayRef<int64_t> extents) {
  if (extents.empty())
    return;
  printer << " [";
  llvm::interleaveComma(extents, printer);
  printer << ']';
}

ParseResult BufferOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  int64_t records = 1, bytes = 0;
  if (parseLabel(parser, props.label) ||
      parseEnum<BufferSpace>(parser, "space", symbolizeBufferSpace, props.space) ||
      parseEnum<BufferLayout>(parser, "layout", symbolizeBufferLayout, props.layout) ||
      parseExtents(parser, props.extents) || parser.parseKeyword("of") ||
      parser.parseInteger(bytes))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("x"))) {
    records = bytes;
    if (parser.parseInteger(bytes))
      return failure();
  }
  if (parser.parseKeyword("bytes") || parser.parseOptionalAttrDict(result.attributes))
    return failure();
  props.recordsPerToken = parser.getBuilder().getI64IntegerAttr(records);
  props.bytesPerRecord = parser.getBuilder().getI64IntegerAttr(bytes);
  result.addTypes(BufferType::get(parser.getContext()));
  return success();
}

void BufferOp::print(OpAsmPrinter &printer) {
  printer << ' ' << stringifyBufferSpace(getSpace()) << ' ' << stringifyBufferLayout(getLayout());
  printExtents(printer, getExtents());
  printer << " of ";
  if (getRecordsPerToken() != 1)
    printer << getRecordsPerToken() << " x ";
  printer << getBytesPerRecord() << " bytes";
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}

Names moec::comm::getCellNames(unsigned extents) {
  static constexpr StringRef indices[] = {"i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"};
  Names names{"r", "n"};
  llvm::append_range(names, ArrayRef(indices).take_front(extents));
  return names;
}

ParseResult FlagOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &props = result.getOrAddProperties<Properties>();
  if (parseLabel(parser, props.label) || parseExtents(parser, props.extents))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("carry")))
    props.carry = parser.getBuilder().getUnitAttr();
  if (props.extents.size() > 8)
    return parser.emitError(parser.getNameLoc(), "a flag has at most 8 indices");
  Variables variables(parser);
  Names names = getCellNames(props.extents.size());
  for (StringRef name : ArrayRef(names).drop_front(2))
    variables.declare(name);
  if (parser.parseKeyword("by") || parseExpr(variables, props.writer) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  result.addTypes(FlagType::get(parser.getContext()));
  return success();
}

void FlagOp::print(OpAsmPrinter &printer) {
  printExtents(printer, getExtents());
  printer << (getCarry() ? " carry by " : " by ");
  printExpr(printer.getStream(), getWriter().getResult(0), getCellNames(getExtents().size()));
  printer.printOptionalAttrDict((*this)->getDiscardableAttrDictionary().getValue());
}
