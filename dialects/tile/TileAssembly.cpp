//===- TileAssembly.cpp - Custom form of ops with regions -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Region arguments are written where they get their values, so that a region does
// not repeat their types.
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"

using namespace mlir;
using namespace moec::tile;

using Arguments = SmallVector<OpAsmParser::Argument>;

//===----------------------------------------------------------------------===//
// Shared parts
//===----------------------------------------------------------------------===//

/// Names of region arguments with known types: `(%e, %row)`.
static ParseResult parseNames(OpAsmParser &parser, ArrayRef<Type> types, Arguments &arguments) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  Arguments names;
  if (parser.parseArgumentList(names, OpAsmParser::Delimiter::Paren))
    return failure();
  if (names.size() != types.size())
    return parser.emitError(loc, "expected ") << types.size() << " names";
  for (auto [name, type] : llvm::zip(names, types)) {
    name.type = type;
    arguments.push_back(name);
  }
  return success();
}

static void printNames(OpAsmPrinter &printer, ValueRange arguments) {
  printer << " (";
  llvm::interleaveComma(arguments, printer, [&](Value v) {
    printer.printRegionArgument(cast<BlockArgument>(v), {}, /*omitType=*/true);
  });
  printer << ")";
}

/// `iter_args(%a = %x : i32, ..)` after the region's own arguments.
static ParseResult parseIterArgs(OpAsmParser &parser, OperationState &state, Arguments &arguments,
                                 unsigned &count) {
  count = 0;
  if (failed(parser.parseOptionalKeyword("iter_args")))
    return success();
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    OpAsmParser::Argument argument;
    OpAsmParser::UnresolvedOperand init;
    if (parser.parseArgument(argument) || parser.parseEqual() || parser.parseOperand(init) ||
        parser.parseColonType(argument.type) ||
        parser.resolveOperand(init, argument.type, state.operands))
      return failure();
    state.addTypes(argument.type);
    arguments.push_back(argument);
    ++count;
    return success();
  });
}

static void printIterArgs(OpAsmPrinter &printer, ValueRange arguments, ValueRange inits) {
  if (inits.empty())
    return;
  printer << " iter_args(";
  llvm::interleaveComma(llvm::zip(arguments, inits), printer, [&](auto pair) {
    auto [argument, init] = pair;
    printer << argument << " = " << init << " : " << init.getType();
  });
  printer << ")";
}

/// The terminator is written only where it has operands.
static void printBody(OpAsmPrinter &printer, Region &body) {
  printer << ' ';
  printer.printRegion(body, /*printEntryBlockArgs=*/false,
                      body.front().getTerminator()->getNumOperands() != 0);
}

static ParseResult parseI32Attr(OpAsmParser &parser, IntegerAttr &attribute) {
  return parser.parseAttribute(attribute, parser.getBuilder().getI32Type());
}

//===----------------------------------------------------------------------===//
// kernel: tile.kernel @up(%x: type = <binding>, ..) attributes {..} { .. }
//===----------------------------------------------------------------------===//

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  Arguments arguments;
  SmallVector<Attribute> bindings;
  auto parseArgument = [&]() -> ParseResult {
    BindingAttr binding;
    if (parser.parseArgument(arguments.emplace_back(), /*allowType=*/true) || parser.parseEqual() ||
        parser.parseCustomAttributeWithFallback(binding))
      return failure();
    bindings.push_back(binding);
    return success();
  };
  if (parser.parseSymbolName(properties.sym_name) ||
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseArgument) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  properties.bindings = parser.getBuilder().getArrayAttr(bindings);
  if (state.regions.front()->empty())
    state.regions.front()->emplaceBlock();
  return success();
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(llvm::zip(getBody().getArguments(), getBindings()), printer,
                        [&](auto pair) {
                          printer.printRegionArgument(std::get<0>(pair));
                          printer << " = ";
                          printer.printStrippedAttrOrType(cast<BindingAttr>(std::get<1>(pair)));
                        });
  printer << ')';
  SmallVector<StringRef> elided{getSymNameAttrName(), getBindingsAttrName()};
  if (getWarps() == defaultWarps)
    elided.push_back(getWarpsAttrName());
  if (getShape().empty())
    elided.push_back(getShapeAttrName());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), elided);
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

//===----------------------------------------------------------------------===//
// for_tiles
//===----------------------------------------------------------------------===//

ParseResult ForTilesOp::parse(OpAsmParser &parser, OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  Type i32 = parser.getBuilder().getI32Type();
  bool grouped = succeeded(parser.parseOptionalKeyword("offsets"));
  OpAsmParser::UnresolvedOperand rows, experts;
  if ((!grouped && parser.parseKeyword("total", " or 'offsets'")) || parser.parseLParen() ||
      parser.parseOperand(rows) || parser.parseRParen() ||
      parser.resolveOperand(rows, grouped ? getGlobalPointer(parser.getContext()) : i32,
                            state.operands))
    return failure();
  if (grouped &&
      (parser.parseKeyword("experts") || parser.parseLParen() || parser.parseOperand(experts) ||
       parser.parseRParen() || parser.resolveOperand(experts, i32, state.operands)))
    return failure();
  StringRef order;
  if (parser.parseKeyword("rows") || parseI32Attr(parser, properties.rows) ||
      parser.parseKeyword("cols") || parseI32Attr(parser, properties.cols) ||
      parser.parseKeyword("order") || parser.parseKeyword(&order))
    return failure();
  std::optional<TileOrder> value = symbolizeTileOrder(order);
  if (!value)
    return parser.emitError(parser.getNameLoc(), "unknown order '") << order << "'";
  properties.order = TileOrderAttr::get(parser.getContext(), *value);
  Arguments arguments;
  unsigned carried = 0;
  if (parseNames(parser, {i32, i32, i32, i32, i32}, arguments) ||
      parseIterArgs(parser, state, arguments, carried) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  properties.operandSegmentSizes = {grouped, grouped, !grouped, int32_t(carried)};
  ensureTerminator(*state.regions.front(), parser.getBuilder(), state.location);
  return success();
}

void ForTilesOp::print(OpAsmPrinter &printer) {
  if (getOffsets())
    printer << " offsets(" << getOffsets() << ") experts(" << getExperts() << ")";
  else
    printer << " total(" << getTotal() << ")";
  printer << " rows " << getRows() << " cols " << getCols() << " order "
          << stringifyTileOrder(getOrder());
  printNames(printer, getBody().getArguments().take_front(5));
  printIterArgs(printer, getIterArgs(), getInits());
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getRowsAttrName(), getColsAttrName(), getOrderAttrName(), getOperandSegmentSizesAttrName()});
  printBody(printer, getBody());
}

//===----------------------------------------------------------------------===//
// ring
//===----------------------------------------------------------------------===//

ParseResult RingOp::parse(OpAsmParser &parser, OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  OpAsmParser::UnresolvedOperand pipe;
  Arguments arguments(2), iterArgs;
  OperationState inits(state.location, state.name); // the pipe's type comes last
  unsigned carried = 0;
  PipeType type;
  if (parser.parseOperand(pipe) || parser.parseKeyword("count") ||
      parseI32Attr(parser, properties.count) || parser.parseLParen() ||
      parser.parseArgument(arguments[0]) || parser.parseComma() ||
      parser.parseArgument(arguments[1]) || parser.parseRParen() ||
      parseIterArgs(parser, inits, iterArgs, carried) || parser.parseColonType(type) ||
      parser.resolveOperand(pipe, type, state.operands) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  arguments[0].type = TicketType::get(parser.getContext(), type.getBufs());
  arguments[1].type = parser.getBuilder().getI32Type();
  arguments.append(iterArgs);
  state.addOperands(inits.operands);
  state.addTypes(inits.types);
  if (parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  ensureTerminator(*state.regions.front(), parser.getBuilder(), state.location);
  return success();
}

void RingOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getPipe() << " count " << getCount();
  printNames(printer, getBody().getArguments().take_front(2));
  printIterArgs(printer, getIterArgs(), getInits());
  printer << " : " << getPipe().getType();
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getCountAttrName()});
  printBody(printer, getBody());
}

//===----------------------------------------------------------------------===//
// slot_buf, map
//===----------------------------------------------------------------------===//

ParseResult SlotBufOp::parse(OpAsmParser &parser, OperationState &state) {
  auto &properties = state.getOrAddProperties<Properties>();
  OpAsmParser::UnresolvedOperand slot;
  SlotType type;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperand(slot) || parser.parseLSquare() ||
      parseI32Attr(parser, properties.index) || parser.parseRSquare() ||
      parser.parseOptionalAttrDict(state.attributes) || parser.parseColonType(type) ||
      parser.resolveOperand(slot, type, state.operands))
    return failure();
  uint64_t index = properties.index.getValue().getZExtValue();
  if (index >= type.getBufs().size())
    return parser.emitError(loc, "slot has no buffer ") << index;
  state.addTypes(type.getBufs()[index]);
  return success();
}

void SlotBufOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSlot() << '[' << getIndex() << ']';
  printer.printOptionalAttrDict((*this)->getAttrs(), {getIndexAttrName()});
  printer << " : " << getSlot().getType();
}

ParseResult MapOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments elements;
  SmallVector<OpAsmParser::UnresolvedOperand> frags;
  auto parseElement = [&]() {
    return failure(parser.parseArgument(elements.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(frags.emplace_back()));
  };
  FragType type;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseElement) ||
      parser.parseColonType(type) || parser.resolveOperands(frags, type, state.operands) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  for (OpAsmParser::Argument &element : elements)
    element.type = type.getElementType();
  state.addTypes(type);
  return parser.parseRegion(*state.addRegion(), elements);
}

void MapOp::print(OpAsmPrinter &printer) {
  printer << " (";
  llvm::interleaveComma(llvm::zip(getBody().getArguments(), getFrags()), printer, [&](auto pair) {
    auto [element, frag] = pair;
    printer << element << " = " << frag;
  });
  printer << ") : " << getResult().getType();
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printBody(printer, getBody());
}
