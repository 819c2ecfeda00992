//===- Place.cpp - Decide which rank holds which experts ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Applies a decision: the request becomes a PlacementProblem, the answer an
// attribute. The answer is checked before it is used; it is our bug if it fails.
//===----------------------------------------------------------------------===//

#include "dialects/moe/LayerAttr.h"
#include "dialects/moe/MoeOps.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/placement/LayerLoad.h"
#include "llvm/Support/raw_ostream.h"

namespace moec {
#define GEN_PASS_DEF_MOEPLACEPASS
#include "passes/Passes.h.inc"

namespace {
using namespace mlir;

struct PlacePass : impl::MoePlacePassBase<PlacePass> {
  using MoePlacePassBase::MoePlacePassBase;

  void runOnOperation() override {
    for (auto layer : getOperation().getOps<moe::LayerOp>())
      if (failed(placeLayer(layer)) || (report && failed(describe(layer))))
        return signalPassFailure();
  }

private:
  LogicalResult placeLayer(moe::LayerOp layer);
  LogicalResult placeLayerByLoad(moe::LayerOp layer, moe::PlacementRequestAttr request);
  LogicalResult describe(moe::LayerOp layer);
};
} // namespace

static DealRule toRule(moe::PlacementRule rule) {
  switch (rule) {
  case moe::PlacementRule::Linear:
    return DealRule::Linear;
  case moe::PlacementRule::RoundRobin:
    return DealRule::RoundRobin;
  case moe::PlacementRule::None:
  case moe::PlacementRule::ByLoad: // nothing is dealt
    return DealRule::None;
  }
  llvm_unreachable("unknown rule");
}

static std::vector<NumberedList> toLists(ArrayRef<DenseI64ArrayAttr> entries) {
  std::vector<NumberedList> lists;
  for (DenseI64ArrayAttr entry : entries) {
    ArrayRef<int64_t> numbers = entry.asArrayRef();
    lists.emplace_back(numbers.front(), std::vector<uint32_t>(numbers.begin() + 1, numbers.end()));
  }
  return lists;
}

static LoadWish toWish(moe::PlacementRequestAttr request) {
  moe::LoadAttr load = request.getLoad();
  LoadWish wish;
  for (DenseF64ArrayAttr period : load.getCounts())
    wish.loads.emplace_back(period.asArrayRef().begin(), period.asArrayRef().end());
  wish.slots = load.getSlots();
  wish.redundant = load.getRedundant();
  wish.mostCopies = load.getMost();
  wish.groupsOnNodes = load.getGroupsOnNodes();
  wish.holds = toLists(request.getHolds());
  wish.pins = toLists(request.getPins());
  return wish;
}

LogicalResult PlacePass::placeLayerByLoad(moe::LayerOp layer, moe::PlacementRequestAttr request) {
  FailureOr<LoadProblem> problem = loadProblemOf(layer, toWish(request));
  if (failed(problem))
    return failure();
  LoadAnswer answer = placeByLoad(*problem);
  if (std::string fault = checkLoadPlacement(*problem, answer); !fault.empty())
    return layer.emitError() << kInternalError << "placement breaks its promise: " << fault;
  layer.setPlacementAttr(moe::toAttr(answer.placement, &getContext()));
  layer.removeRequestAttr();
  return success();
}

LogicalResult PlacePass::placeLayer(moe::LayerOp layer) {
  moe::PlacementRequestAttr request = layer.getRequestAttr();
  if (layer.getPlacement()) { // by hand: a request beside it is answered
    layer.removeRequestAttr();
    return success();
  }
  if (!request)
    return layer.emitError() << "layer must have a request or a placement, but has neither";
  if (request.getRule() == moe::PlacementRule::ByLoad)
    return placeLayerByLoad(layer, request);
  PlacementProblem problem;
  problem.experts = layer.getExperts();
  problem.ranks = layer.getMesh().getRanks();
  problem.rule = toRule(request.getRule());
  problem.holds = toLists(request.getHolds());
  problem.pins = toLists(request.getPins());
  if (std::string fault = checkProblem(problem); !fault.empty())
    return layer.emitError() << "request cannot be met: " << fault;
  Placement placement = place(problem);
  if (std::string fault = checkPlacement(problem, placement); !fault.empty())
    return layer.emitError() << kInternalError << "placement breaks its promise: " << fault;
  layer.setPlacementAttr(moe::toAttr(placement, &getContext()));
  layer.removeRequestAttr();
  return success();
}

LogicalResult PlacePass::describe(moe::LayerOp layer) {
  FailureOr<moe::LayerAttr> form = closedForm(layer);
  if (failed(form))
    return failure();
  llvm::errs() << printPlacement(moe::toLayer(*form, layer.getSymName()),
                                 layer.getMesh().getName().str(),
                                 moe::toPlacement(layer.getPlacementAttr()));
  return success();
}

} // namespace moec
