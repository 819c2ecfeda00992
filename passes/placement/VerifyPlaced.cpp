//===- VerifyPlaced.cpp - Prove that every layer is placed and fits -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/LayerAttr.h"
#include "dialects/moe/MoeOps.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/placement/PlacementProblem.h"

namespace moec {
#define GEN_PASS_DEF_MOEVERIFYPLACEDPASS
#include "passes/Passes.h.inc"

namespace {
using namespace mlir;

struct VerifyPlacedPass : impl::MoeVerifyPlacedPassBase<VerifyPlacedPass> {
  void runOnOperation() override {
    bool sound = true;
    for (auto layer : getOperation().getOps<moe::LayerOp>())
      sound &= succeeded(verifyLayer(layer));
    if (!sound)
      signalPassFailure();
  }

private:
  LogicalResult verifyLayer(moe::LayerOp layer);
};
} // namespace

LogicalResult VerifyPlacedPass::verifyLayer(moe::LayerOp layer) {
  if (!layer.getPlacement())
    return layer.emitError() << "layer must have a placement, but has none";
  if (layer.getRequest())
    return layer.emitError() << "request must be answered, but is still there";
  // That the placement holds every expert is layer-c4.
  uint64_t memory = layer.getMesh().getMemoryBytes();
  if (memory == 0)
    return success();
  FailureOr<moe::LayerAttr> form = closedForm(layer);
  if (failed(form))
    return failure();
  std::vector<uint64_t> bytes = weightBytes(moe::toLayer(*form, layer.getSymName()),
                                            moe::toPlacement(layer.getPlacementAttr()));
  for (auto [rank, needed] : llvm::enumerate(bytes))
    if (needed > memory)
      return layer.emitError() << "rank " << rank << " must hold " << needed
                               << " bytes of weights, but machine '" << layer.getMesh().getMachine()
                               << "' has " << memory;
  return success();
}

} // namespace moec
