//===- TileTypes.cpp - Types of the tile dialect --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::tile;

#define GET_TYPEDEF_CLASSES
#include "dialects/tile/TileTypes.cpp.inc"

void TileDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/tile/TileTypes.cpp.inc"
      >();
}

bool moec::tile::isPointer(Type type, unsigned addressSpace) {
  auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
  return pointer && pointer.getAddressSpace() == addressSpace;
}

Type moec::tile::getGlobalPointer(MLIRContext *context) {
  return LLVM::LLVMPointerType::get(context, 1);
}

Type moec::tile::getSharedPointer(MLIRContext *context) {
  return LLVM::LLVMPointerType::get(context, 3);
}

Type moec::tile::getSlotType(Type pipeOrTicket) {
  if (auto pipe = dyn_cast<PipeType>(pipeOrTicket))
    return SlotType::get(pipe.getContext(), pipe.getBufs());
  auto ticket = cast<TicketType>(pipeOrTicket);
  return SlotType::get(ticket.getContext(), ticket.getBufs());
}

Type moec::tile::getHalfType(Type type) {
  auto frag = cast<FragType>(type);
  return FragType::get(frag.getContext(), {frag.getRows(), frag.getColumns() / 2},
                       frag.getElementType());
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

unsigned BufType::getElementBytes() const { return getElementType().getIntOrFloatBitWidth() / 8; }

int64_t BufType::getPanelColumns() const {
  return getSwizzle() ? getSwizzle() / getElementBytes() : getColumns();
}

int64_t ViewType::getRows() const {
  int64_t rows = 1;
  for (int64_t size : getBox().drop_back())
    rows *= size;
  return rows;
}

//===----------------------------------------------------------------------===//
// Text: 128x64xbf16, swizzle 128
//===----------------------------------------------------------------------===//

static ParseResult parseShape(AsmParser &parser, SmallVectorImpl<int64_t> &shape, Type &element) {
  return failure(parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
                 parser.parseType(element));
}

static void printShape(AsmPrinter &printer, ArrayRef<int64_t> shape, Type element) {
  for (int64_t size : shape)
    printer << size << "x";
  printer << element;
}

Type BufType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  uint32_t swizzle = 0, pad = 0;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseShape(parser, shape, element))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    StringRef word;
    if (parser.parseKeyword(&word))
      return {};
    uint32_t *value = word == "swizzle" ? &swizzle : word == "pad" ? &pad : nullptr;
    if (!value) {
      parser.emitError(parser.getNameLoc(), "expected 'swizzle' or 'pad'");
      return {};
    }
    if (parser.parseInteger(*value))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(shape), element, swizzle, pad);
}

void BufType::print(AsmPrinter &printer) const {
  printer << "<";
  printShape(printer, getShape(), getElementType());
  if (getSwizzle())
    printer << ", swizzle " << getSwizzle();
  if (getPad())
    printer << ", pad " << getPad();
  printer << ">";
}

Type ViewType::parse(AsmParser &parser) {
  SmallVector<int64_t> box;
  Type element;
  uint32_t swizzle = 0;
  bool ragged = false;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("box") || parseShape(parser, box, element))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    if (succeeded(parser.parseOptionalKeyword("ragged")))
      ragged = true;
    else if (parser.parseKeyword("swizzle", " or 'ragged'") || parser.parseInteger(swizzle))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(box), element, swizzle, ragged);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << "<box ";
  printShape(printer, getBox(), getElementType());
  if (getSwizzle())
    printer << ", swizzle " << getSwizzle();
  if (getRagged())
    printer << ", ragged";
  printer << ">";
}

Type FragType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseShape(parser, shape, element) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    ArrayRef<int64_t>(shape), element);
}

void FragType::print(AsmPrinter &printer) const {
  printer << "<";
  printShape(printer, getShape(), getElementType());
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

static LogicalResult verifyElement(EmitError emitError, Type type) {
  if (type.isBF16() || type.isF32() || type.isSignlessInteger(32))
    return success();
  return emitError() << "element type must be bf16, f32 or i32, but is " << type;
}

LogicalResult BufType::verify(EmitError emitError, ArrayRef<int64_t> shape, Type elementType,
                              uint32_t swizzle, uint32_t pad) {
  // buf-c1
  if (shape.size() != 2 || llvm::any_of(shape, [](int64_t size) { return size < 1; }))
    return emitError() << "buffer must have two positive dimensions";
  // buf-c2
  if (failed(verifyElement(emitError, elementType)))
    return failure();
  // buf-c3
  if (swizzle != 0 && swizzle != 128)
    return emitError() << "swizzle must be 0 or 128, not " << swizzle;
  if (pad % 16 || (swizzle && pad))
    return emitError() << "pad must be a multiple of 16, and 0 beside a swizzle, not " << pad;
  // buf-c4
  int64_t rowBytes = shape[1] * (elementType.getIntOrFloatBitWidth() / 8);
  if (swizzle && (rowBytes % swizzle || shape[0] % 8))
    return emitError() << "swizzled buffer must have rows of a multiple of " << swizzle
                       << " bytes and a multiple of 8 rows, not " << shape[0] << " rows of "
                       << rowBytes << " bytes";
  return success();
}

LogicalResult PipeType::verify(EmitError emitError, uint32_t slots, ArrayRef<BufType> bufs) {
  // pipe-c1
  if (slots < 1 || bufs.empty())
    return emitError() << "pipe must have at least one slot and one buffer, not " << slots
                       << " and " << bufs.size();
  return success();
}

LogicalResult ViewType::verify(EmitError emitError, ArrayRef<int64_t> box, Type elementType,
                               uint32_t swizzle, bool ragged) {
  // view-c1
  if (box.empty() || box.size() > 5 ||
      llvm::any_of(box, [](int64_t size) { return size < 1 || size > 256; }))
    return emitError() << "box must have one to five dimensions of 1 to 256";
  // view-c2
  if (failed(verifyElement(emitError, elementType)))
    return failure();
  // view-c3
  int64_t inner = box.back() * (elementType.getIntOrFloatBitWidth() / 8);
  if (swizzle != 0 && swizzle != 128)
    return emitError() << "swizzle must be 0 or 128, not " << swizzle;
  if (swizzle ? inner != swizzle : inner % 16 != 0)
    return emitError() << "inner dimension of the box must have "
                       << (swizzle ? "128 bytes" : "a multiple of 16 bytes") << ", not " << inner;
  // view-c4
  if (ragged && box.size() != 2)
    return emitError() << "ragged view must have two dimensions, not " << box.size();
  return success();
}

LogicalResult FragType::verify(EmitError emitError, ArrayRef<int64_t> shape, Type elementType) {
  // frag-c1
  if (shape.size() != 2 || shape[0] != 64 || shape[1] < 8 || shape[1] > 256 || shape[1] % 8)
    return emitError() << "fragment must have 64 rows and a multiple of 8 columns up to 256";
  // frag-c2
  if (!elementType.isF32())
    return emitError() << "element type must be f32, but is " << elementType;
  return success();
}
