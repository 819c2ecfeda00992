//===- IrText.cpp - IR read from a text, with its places there ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/IrText.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

namespace moec::driver {
using namespace mlir;

/// Marks the two places of an op: what the text says of it, and where it stands.
static constexpr llvm::StringLiteral kReadFrom = "moec.read_from";

static FusedLoc asTwoPlaces(LocationAttr place) {
  auto fused = dyn_cast_or_null<FusedLoc>(place);
  auto mark = fused ? dyn_cast_or_null<StringAttr>(fused.getMetadata()) : StringAttr();
  return mark && mark.getValue() == kReadFrom ? fused : FusedLoc();
}

/// What is unknown is no part of a FusedLoc.
static Location placeSaid(FusedLoc places) {
  ArrayRef<Location> parts = places.getLocations();
  return parts.size() > 1 ? parts.front() : UnknownLoc::get(places.getContext());
}

Location placeInText(Location place) {
  FusedLoc places = asTwoPlaces(place);
  return places ? places.getLocations().back() : place;
}

void forgetPlacesInText(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](FusedLoc loc) -> std::optional<Attribute> {
    FusedLoc places = asTwoPlaces(loc);
    return places ? std::optional<Attribute>(placeSaid(places)) : std::nullopt;
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/false, /*replaceLocs=*/true);
}

/// Adds to what an op says its place in the buffer, if that is another.
static void addPlaces(const AsmParserState &state, const llvm::SourceMgr &buffers, StringRef path) {
  for (const AsmParserState::OperationDefinition &definition : state.getOpDefs()) {
    MLIRContext *context = definition.op->getContext();
    auto [line, column] = buffers.getLineAndColumn(definition.loc.Start);
    Location here = FileLineColLoc::get(context, path, line, column),
             said = definition.op->getLoc();
    if (said != here)
      definition.op->setLoc(
          FusedLoc::get({said, here}, StringAttr::get(context, kReadFrom), context));
  }
}

OwningOpRef<ModuleOp> parseIr(const std::string &text, const std::string &path,
                              MLIRContext &context) {
  llvm::SourceMgr buffers;
  buffers.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(text, path), llvm::SMLoc());
  Block parsed;
  AsmParserState state;
  ParserConfig config(&context, /*verifyAfterParse=*/false);
  if (failed(parseAsmSourceFile(buffers, &parsed, config, &state)))
    return nullptr;
  addPlaces(state, buffers, path);
  OwningOpRef<ModuleOp> module = mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(
      &parsed, &context, FileLineColLoc::get(&context, path, 0, 0));
  return module && succeeded(verify(*module)) ? std::move(module) : nullptr;
}

} // namespace moec::driver
