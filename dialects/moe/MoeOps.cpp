//===- MoeOps.cpp - Text and accessors of the moe ops ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/MoeOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moec::moe;

/// `(%x: !moe.tokens<2048 x bf16>) { ... }`
static ParseResult parseBody(OpAsmParser &parser, Region &body) {
  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren, /*allowType=*/true))
    return failure();
  return parser.parseRegion(body, arguments);
}

static void printBody(OpAsmPrinter &printer, Operation *, Region &body) {
  printer << '(';
  llvm::interleaveComma(body.getArguments(), printer,
                        [&](BlockArgument argument) { printer.printRegionArgument(argument); });
  printer << ") ";
  printer.printRegion(body, /*printEntryBlockArgs=*/false);
}

void LayerOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  if (region.getNumArguments() == 1)
    setName(region.getArgument(0), "tokens");
}

YieldOp LayerOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

WeightOp LayerOp::getWeight(WeightRole role) {
  for (auto weight : getBody().getOps<WeightOp>())
    if (weight.getRole() == role)
      return weight;
  return {};
}

#define GET_OP_CLASSES
#include "dialects/moe/MoeOps.cpp.inc"
