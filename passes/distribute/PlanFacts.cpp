//===- PlanFacts.cpp - What a plan says of its layer ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/distribute/PlanFacts.h"
#include "mlir/IR/Builders.h"

namespace moec {
using namespace mlir;

void writeFacts(comm::PlanOp plan, const PlanFacts &facts) {
  plan->setAttr(moe::kLayerAttrName, facts.layer);
  plan->setAttr(moe::kMeshAttrName, facts.mesh);
  plan->setAttr(moe::kPlacementAttrName, facts.placement);
  if (facts.maxTokens)
    plan->setAttr(moe::kMaxTokensAttrName, Builder(plan).getI64IntegerAttr(facts.maxTokens));
}

/// Reports at the plan unless both numbers are the same.
static LogicalResult expectEqual(comm::PlanOp plan, StringRef what, int64_t wanted, StringRef where,
                                 int64_t found) {
  if (wanted == found)
    return success();
  return plan.emitError() << "plan has " << wanted << ' ' << what << ", but its " << where
                          << " has " << found;
}

static LogicalResult checkExperts(comm::PlanOp plan, const PlanFacts &facts) {
  int64_t experts = facts.layer.getExperts();
  SmallVector<bool> placed(experts);
  for (auto [rank, slots] : llvm::enumerate(facts.placement.getSlots()))
    for (int64_t expert : slots.asArrayRef()) {
      if (expert >= experts)
        return plan.emitError() << "placement must name experts below " << experts << ", but rank "
                                << rank << " has " << expert;
      placed[expert] = true;
    }
  const bool *missing = llvm::find(placed, false);
  if (missing == placed.end())
    return success();
  return plan.emitError() << "placement must hold every expert, but expert "
                          << (missing - placed.begin()) << " is on no rank";
}

FailureOr<PlanFacts> readFacts(comm::PlanOp plan) {
  auto missing = [&](StringRef name) -> FailureOr<PlanFacts> {
    plan.emitError() << "plan must carry the attribute " << name << ", but does not";
    return failure();
  };
  PlanFacts facts;
  if (!(facts.layer = plan->getAttrOfType<moe::LayerAttr>(moe::kLayerAttrName)))
    return missing(moe::kLayerAttrName);
  if (!(facts.mesh = plan->getAttrOfType<moe::MeshAttr>(moe::kMeshAttrName)))
    return missing(moe::kMeshAttrName);
  if (!(facts.placement = plan->getAttrOfType<moe::PlacementAttr>(moe::kPlacementAttrName)))
    return missing(moe::kPlacementAttrName);
  if (auto most = plan->getAttrOfType<IntegerAttr>(moe::kMaxTokensAttrName))
    facts.maxTokens = most.getInt();
  int64_t ranks = plan.getRanks();
  if (failed(expectEqual(plan, "ranks", ranks, moe::kMeshAttrName, facts.mesh.getRanks())) ||
      failed(expectEqual(plan, "ranks", ranks, moe::kPlacementAttrName,
                         facts.placement.getSlots().size())) ||
      failed(expectEqual(plan, "slots a token", plan.getTopk(), moe::kLayerAttrName,
                         facts.layer.getRouter().getTopK())) ||
      failed(checkExperts(plan, facts)))
    return failure();
  return facts;
}

} // namespace moec
