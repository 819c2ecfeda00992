//===- TileAttrs.cpp - Enums and attributes of the tile dialect -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "runtime/module/Kernels.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::tile;

#include "dialects/tile/TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/tile/TileAttrs.cpp.inc"

// The module format has these numbers.
static_assert(int(ArgKind::View) == int(moec::KernelArgKind::View) &&
              int(ArgKind::Pointer) == int(moec::KernelArgKind::Pointer) &&
              int(ArgKind::Scalar) == int(moec::KernelArgKind::Scalar));
static_assert(int(Object::Buffer) == int(moec::KernelObject::Buffer) &&
              int(Object::Flag) == int(moec::KernelObject::Flag) &&
              int(Object::Peers) == int(moec::KernelObject::Peers) &&
              int(Object::BufferOffset) == int(moec::KernelObject::BufferOffset) &&
              int(Object::FlagOffset) == int(moec::KernelObject::FlagOffset) &&
              int(Object::Weight) == int(moec::KernelObject::Weight) &&
              int(Object::Workspace) == int(moec::KernelObject::Workspace) &&
              int(Object::State) == int(moec::KernelObject::State) &&
              int(Object::Placement) == int(moec::KernelObject::Placement) &&
              int(Object::ChosenExperts) == int(moec::KernelObject::ChosenExperts) &&
              int(Object::ChosenWeights) == int(moec::KernelObject::ChosenWeights));

void TileDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/tile/TileAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Extent: only the terms that are there
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kTerms[] = {"constant", "per_token", "per_received", "per_row",
                                                 "per_expert"};

Attribute ExtentAttr::parse(AsmParser &parser, Type) {
  std::array<uint64_t, 5> values{};
  auto parseTerm = [&]() -> ParseResult {
    StringRef word;
    llvm::SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&word) || parser.parseEqual())
      return failure();
    const auto *term = llvm::find(kTerms, word);
    if (term == std::end(kTerms))
      return parser.emitError(loc, "unknown term '") << word << "' of an extent";
    return parser.parseInteger(values[term - std::begin(kTerms)]);
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, parseTerm))
    return {};
  return get(parser.getContext(), values[0], values[1], values[2], values[3], values[4]);
}

void ExtentAttr::print(AsmPrinter &printer) const {
  uint64_t values[] = {getConstant(), getPerToken(), getPerReceived(), getPerRow(), getPerExpert()};
  printer << "<";
  const char *separator = "";
  for (auto [term, value] : llvm::zip(kTerms, values))
    if (value) {
      printer << separator << term << " = " << value;
      separator = ", ";
    }
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

LogicalResult TensorMapAttr::verify(EmitError emitError, Type element, ArrayRef<ExtentAttr> dims,
                                    ArrayRef<int64_t> strides, ArrayRef<int64_t> box, uint32_t,
                                    int64_t) {
  // tensor_map-c1
  if (dims.empty() || dims.size() > 5 || strides.size() != dims.size() || box.size() != dims.size())
    return emitError() << "tensor map must have one to five dimensions, strides and box sizes, not "
                       << dims.size() << ", " << strides.size() << " and " << box.size();
  // tensor_map-c2
  if (strides[0] != element.getIntOrFloatBitWidth() / 8)
    return emitError() << "inner stride must be the bytes of " << element << ", not " << strides[0];
  for (int64_t stride : strides.drop_front())
    if (stride % 16)
      return emitError() << "strides must be multiples of 16, not " << stride;
  // tensor_map-c3
  for (int64_t size : box)
    if (size < 1 || size > 256)
      return emitError() << "box sizes must be 1 to 256, not " << size;
  return success();
}

LogicalResult BindingAttr::verify(EmitError emitError, StringRef name, ArgKind kind, Object,
                                  uint32_t, std::optional<uint32_t>, TensorMapAttr map) {
  // binding-c1
  if ((kind == ArgKind::View) != bool(map))
    return emitError() << "argument '" << name << "' "
                       << (map ? "is no view and must not have a tensor map"
                               : "is a view and must have a tensor map");
  return success();
}
