//===- VerifyLowered.cpp - The end of the phase lower ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILEVERIFYLOWEREDPASS
#include "passes/Passes.h.inc"

/// What may stand in the code of a kernel.
static bool isMachineOp(Operation *op) {
  StringRef name = op->getName().getStringRef();
  return name.starts_with("llvm.") || name.starts_with("nvvm.") || name.starts_with("tile.ptx.");
}

static LogicalResult verify(Operation *op) {
  bool inKernel = false;
  for (Operation *parent = op->getParentOp(); parent; parent = parent->getParentOp())
    inKernel |= parent->hasAttr(tile::kInfoAttrName);
  bool isTile = op->getName().getDialectNamespace() == "tile" && !isMachineOp(op) &&
                !isa<tile::WorkspaceOp, tile::LaunchOp>(op);
  if (isTile || (inKernel && !isMachineOp(op)))
    return op->emitOpError() << "is left after the phase lower";
  if (!op->hasAttr(tile::kInfoAttrName))
    return success();
  if (!op->getParentOp()->hasAttr("llvm.data_layout"))
    return op->emitError() << kInternalError << "a kernel in a module without data layout";
  return success();
}

namespace {
struct TileVerifyLoweredPass : impl::TileVerifyLoweredPassBase<TileVerifyLoweredPass> {
  using TileVerifyLoweredPassBase::TileVerifyLoweredPassBase;

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (op != getOperation() && failed(verify(op)))
        signalPassFailure();
    });
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace moec
