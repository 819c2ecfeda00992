//===- Distribute.cpp - Turn each layer into the plan of one rank ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mathematics becomes tasks with declared effects; what goes between ranks
// becomes one dispatch and one combine over named sets of device-only size:
//
//   route -> dispatch -> experts -> combine -> slot_sum
//         shared --------------------------------^
//
// Why rows travel twice and not once: the source keeps the shares and sums in slot
// order, so the bits of the result do not depend on who held which expert.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "dialects/moe/MoeOps.h"
#include "mlir/IR/Builders.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"

namespace moec {
#define GEN_PASS_DEF_MOEDISTRIBUTEPASS
#include "passes/Passes.h.inc"

namespace {
using namespace mlir;

/// Builds the plan of one layer. Every op keeps the place of the part of the
/// source that it stands for.
class PlanBuilder {
public:
  PlanBuilder(moe::LayerOp layer, const PlanFacts &facts)
      : layer(layer), facts(facts), builder(layer), scope(layer.getContext()),
        sources(scope.with("s", comm::DomainKind::All)),
        peers(scope.with("p", comm::DomainKind::All)) {}
  comm::PlanOp build();

private:
  comm::PlanOp buildPlan();
  void buildTasks();
  void buildBuffers();
  void buildSteps();
  Value buffer(StringRef label, comm::BufferSpace space, comm::BufferLayout layout, bool perSource,
               int64_t recordsPerToken, int64_t bytesPerRecord);
  /// Where the op of that kind stands in the source.
  template <class Op> Location place() { return (*layer.getBody().getOps<Op>().begin()).getLoc(); }

  // The regions of the tasks: all tokens of this rank; what came from, or goes back
  // to, each source; what returns from each peer.
  comm::RegionUse own(Value buffer) {
    return {buffer, scope.region({}, scope.set(comm::ItemSetKind::A, {scope.rank()}))};
  }
  comm::RegionUse ofSources(Value buffer, comm::ItemSetKind kind) {
    auto items = sources.set(kind, {sources.var(0), sources.rank()});
    return {buffer, sources.eachRegion({sources.var(0)}, items)};
  }
  comm::RegionUse ofPeers(Value buffer) {
    auto items = peers.set(comm::ItemSetKind::Y, {peers.rank(), peers.var(0)});
    return {buffer, peers.eachRegion({}, items)};
  }

  moe::LayerOp layer;
  const PlanFacts &facts;
  OpBuilder builder;
  comm::Scope scope, sources, peers;
  Value x, route, received, records, rows, returned, shared, out;
};

struct DistributePass : impl::MoeDistributePassBase<DistributePass> {
  void runOnOperation() override {
    // The list first: layers are erased on the way.
    for (auto layer : llvm::to_vector(getOperation().getOps<moe::LayerOp>())) {
      FailureOr<moe::LayerAttr> form = closedForm(layer);
      if (failed(form))
        return signalPassFailure();
      if (!layer.getPlacement()) {
        layer.emitError() << "layer must be placed before it is distributed, but is not";
        return signalPassFailure();
      }
      int64_t maxTokens = layer.getMaxTokens().value_or(0);
      PlanBuilder(layer, {*form, layer.getMesh(), layer.getPlacementAttr(), maxTokens}).build();
      layer.erase();
    }
  }
};
} // namespace

static int64_t bytesOf(Type element) { return element.getIntOrFloatBitWidth() / 8; }

comm::PlanOp PlanBuilder::buildPlan() {
  auto plan = comm::PlanOp::create(builder, layer.getLoc(), layer.getSymName(),
                                   facts.mesh.getRanks(), facts.layer.getRouter().getTopK());
  plan.setNodes(facts.mesh.getNodes());
  if (auto topology = layer->getAttrOfType<comm::TopologyAttr>(kTopologyAttrName))
    plan.setTopologyAttr(topology);
  if (moe::ScheduleAttr schedule = layer.getScheduleAttr())
    plan.setScheduleAttr(comm::ScheduleAttr::get(
        layer.getContext(), comm::Algorithm(schedule.getAlgorithm()), schedule.getWindow(),
        schedule.getDepth(), comm::Fusion(schedule.getFuse()), comm::Combine(schedule.getCombine()),
        comm::Rates(schedule.getRates()), schedule.getGroups(), comm::Engine(schedule.getEngine()),
        comm::Crossing(schedule.getCross()), schedule.getPipeline(), schedule.getChunks(),
        schedule.getSpray()));
  if (auto tiles = layer->getAttrOfType<ArrayAttr>(kTilesAttrName))
    plan->setAttr(kTilesAttrName, tiles);
  if (auto machine = layer->getAttrOfType<StringAttr>(kMachineAttrName))
    plan->setAttr(kMachineAttrName, machine);
  if (Attribute said = layer->getAttr(kSaidAttrName))
    plan->setAttr(kSaidAttrName, said);
  writeFacts(plan, facts);
  return plan;
}

void PlanBuilder::buildTasks() {
  auto task = [&](StringRef name, comm::TaskKind kind) {
    comm::TaskOp::create(builder, layer.getLoc(), name, kind, /*config=*/Attribute());
  };
  task("route", comm::TaskKind::Route);
  task("experts", comm::TaskKind::Experts);
  if (facts.layer.getShared())
    task("shared", comm::TaskKind::Shared);
  task("slot_sum", comm::TaskKind::SlotSum);
}

Value PlanBuilder::buffer(StringRef label, comm::BufferSpace space, comm::BufferLayout layout,
                          bool perSource, int64_t recordsPerToken, int64_t bytesPerRecord) {
  SmallVector<int64_t> extents;
  if (perSource)
    extents.push_back(facts.mesh.getRanks());
  return comm::BufferOp::create(builder, layer.getLoc(), comm::BufferType::get(layer.getContext()),
                                label, space, layout, extents, recordsPerToken, bytesPerRecord);
}

void PlanBuilder::buildBuffers() {
  using enum comm::BufferLayout;
  using enum comm::BufferSpace;
  int64_t hidden = facts.layer.getHidden(), topK = facts.layer.getRouter().getTopK();
  int64_t tokenBytes = hidden * bytesOf(facts.layer.getTokens());
  int64_t rowBytes = hidden * bytesOf(facts.layer.getCombine());
  int64_t sumBytes = hidden * bytesOf(builder.getF32Type());
  // Entries of route and records of dispatched tokens: runtime/plan/Plan.h.
  x = buffer("x", Input, Slot, false, 1, tokenBytes);
  route = buffer("route", Local, Slot, false, 1, 12 * topK);
  received = buffer("recv", Local, Seq, true, 1, tokenBytes);
  records = buffer("meta", Local, Seq, true, 1, 4 * (2 + 2 * topK));
  rows = buffer("y", Local, Slot, true, topK, rowBytes);
  returned = buffer("back", Local, Slot, false, topK, rowBytes);
  if (facts.layer.getShared())
    shared = buffer("shared", Local, Slot, false, 1, sumBytes);
  out = buffer("out", Output, Slot, false, 1, sumBytes);
}

void PlanBuilder::buildSteps() {
  using enum comm::ItemSetKind;
  Value rt = comm::ComputeOp::create(builder, place<moe::RouterLogitsOp>(), "rt", "route", scope,
                                     own(x), own(route), ArrayRef<comm::AfterUse>());
  Value di = comm::DispatchOp::create(builder, place<moe::ExpertsOp>(), "di", x, route, received,
                                      records, comm::AfterUse(rt));
  Value sh; // beside the exchange: it needs nothing of it
  if (shared)
    sh = comm::ComputeOp::create(builder, place<moe::SharedExpertOp>(), "sh", "shared", scope,
                                 own(x), own(shared), ArrayRef<comm::AfterUse>());
  // One task over all sources, so that each expert's weights are read once a step.
  Value ex = comm::ComputeOp::create(builder, place<moe::ExpertsOp>(), "ex", "experts", scope,
                                     {ofSources(received, D), ofSources(records, D)},
                                     ofSources(rows, Y), comm::AfterUse(di));
  Value co = comm::CombineOp::create(builder, place<moe::CombineOp>(), "co", rows, returned,
                                     comm::AfterUse(ex));
  SmallVector<comm::RegionUse> summands = {own(route), ofPeers(returned)};
  SmallVector<comm::AfterUse> after = {co};
  if (shared) {
    summands.push_back(own(shared));
    after.push_back(sh);
  }
  if (facts.layer.getResidual())
    summands.push_back(own(x));
  comm::ReduceOp::create(builder, place<moe::CombineOp>(), "rd", "slot_sum", scope, summands,
                         own(out), after);
}

comm::PlanOp PlanBuilder::build() {
  comm::PlanOp plan = buildPlan();
  builder.setInsertionPointToEnd(&plan.getBody().front());
  buildTasks();
  buildBuffers();
  buildSteps();
  return plan;
}

} // namespace moec
