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
#include "passes/placement/ServeTurns.h"
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
  FailureOr<Placement> placeByRule(moe::LayerOp layer, moe::PlacementRequestAttr request);
  FailureOr<Placement> placeForLoad(moe::LayerOp layer, moe::PlacementRequestAttr request);
  LogicalResult chooseTurns(moe::LayerOp layer, moe::PlacementRequestAttr request,
                            Placement &placement);
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

FailureOr<Placement> PlacePass::placeForLoad(moe::LayerOp layer,
                                             moe::PlacementRequestAttr request) {
  FailureOr<LoadProblem> problem = loadProblemOf(layer, toWish(request));
  if (failed(problem))
    return failure();
  LoadAnswer answer = placeByLoad(*problem);
  if (std::string fault = checkLoadPlacement(*problem, answer); !fault.empty())
    return layer.emitError() << kInternalError << "placement breaks its promise: " << fault;
  return answer.placement;
}

FailureOr<Placement> PlacePass::placeByRule(moe::LayerOp layer, moe::PlacementRequestAttr request) {
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
  return placement;
}

/// Each expert's share of the load; nothing without one.
static std::vector<double> sharesOf(moe::PlacementRequestAttr request) {
  if (!request.getLoad())
    return {};
  LoadProblem problem;
  problem.loads = toWish(request).loads;
  problem.experts = problem.loads[0].size();
  return meanShares(problem);
}

/// Puts a list that the source gives in place of the rule's.
static void setTurns(Placement &placement, uint32_t expert, uint32_t source,
                     std::vector<uint32_t> ranks) {
  auto at = llvm::lower_bound(placement.turns, expert,
                              [](const Turns &turns, uint32_t e) { return turns.expert < e; });
  if (at == placement.turns.end() || at->expert != expert) {
    Turns all{expert, {}};
    std::vector<uint32_t> holders;
    for (auto [rank, slots] : llvm::enumerate(placement.slots))
      if (llvm::is_contained(slots, expert))
        holders.push_back(rank);
    all.ranks.assign(placement.slots.size(), holders);
    at = placement.turns.insert(at, std::move(all));
  }
  at->ranks[source] = std::move(ranks);
}

LogicalResult PlacePass::chooseTurns(moe::LayerOp layer, moe::PlacementRequestAttr request,
                                     Placement &placement) {
  moe::MeshAttr mesh = layer.getMesh();
  ServeProblem problem{placement.slots, static_cast<uint32_t>(layer.getExperts()),
                       static_cast<uint32_t>(mesh.getRanks() / mesh.getNodes()), sharesOf(request)};
  auto rule = static_cast<ServeRule>(request.getServe());
  placement.turns = turnsFor(problem, rule);
  if (std::string fault = checkTurns(problem, rule, placement.turns); !fault.empty())
    return layer.emitError() << kInternalError << "placement breaks its promise: " << fault;
  for (DenseI64ArrayAttr entry : request.getTurns()) {
    if (uint64_t(entry[0]) >= layer.getExperts() || entry[1] >= mesh.getRanks())
      return layer.emitError() << "request cannot be met: turns name expert " << entry[0]
                               << " and gpu " << entry[1];
    ArrayRef<int64_t> ranks = entry.asArrayRef().drop_front(2);
    for (int64_t rank : ranks)
      if (rank >= mesh.getRanks() || !llvm::is_contained(placement.slots[rank], entry[0]))
        return layer.emitError() << "request cannot be met: gpu " << rank
                                 << " has turns for expert " << entry[0] << " and no copy of it";
    setTurns(placement, entry[0], entry[1], {ranks.begin(), ranks.end()});
  }
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
  bool isByLoad = request.getRule() == moe::PlacementRule::ByLoad;
  FailureOr<Placement> placement =
      isByLoad ? placeForLoad(layer, request) : placeByRule(layer, request);
  if (failed(placement) || failed(chooseTurns(layer, request, *placement)))
    return failure();
  layer.setPlacementAttr(moe::toAttr(*placement, &getContext()));
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
