//===- ExpandBirkhoff.cpp - Nodes one to one, stage by stage --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rank r is lane l of node a. First every rank tells all others how many tokens it has
// for each node; from then on all know the matrix and with it the stages. A token goes
// by NVLink to the lane that carries its piece, by that lane's rail, and by NVLink to
// the rank that stands for its source on the node, from where two_tier's way goes on.
//
//   sm -> wm, st, pl, sl -> wl, pn, sn -> wn, px, sx -> wx, sp, .. rn,
//   counts       NVLink      rail        NVLink
//   po, so -> wo, pc, sc -> wc, pb, sb -> wb, rd
//     NVLink      rail        NVLink
//===----------------------------------------------------------------------===//

#include "passes/scheduling/RailHops.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::ItemSetKind, comm::RegionUse, comm::Scope;

namespace {

class BirkhoffExpander : public RailHops {
public:
  using RailHops::RailHops;

private:
  void sendToNodes(comm::DispatchOp op) override;
  void returnSums(comm::CombineOp op, Value nodeSums, Value sum) override {
    AffineExpr node = getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext());
    returnByHops(op, nodeSums, AfterUse(sum, node));
  }
  SmallVector<AffineExpr> arrivalOf(const Scope &scope) const override {
    return {scope.var(0), scope.any()};
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// There
//===----------------------------------------------------------------------===//

void BirkhoffExpander::sendToNodes(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  plan.setStages(solution.stages);
  int64_t rowBytes = op.getRows().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  int64_t recordBytes = 4 * (2 + 3 * int64_t(plan.getTopk())), ranks = plan.getRanks();
  std::string pack = makeTask(loc, "pack_nodes", comm::TaskKind::PackNodes);
  Value packed = makeBuffer(loc, "packed", comm::BufferSpace::Local, Seq, nodes, 1, recordBytes);
  Value carry = makeCopies(loc, "carry", Seq, {lanes, nodes}, 1, rowBytes);
  Value carryRecords = makeCopies(loc, "carrymeta", Seq, {lanes, nodes}, 1, recordBytes);
  Value come = makeCopies(loc, "come", Seq, ranks, 1, rowBytes);
  Value comeRecords = makeCopies(loc, "comemeta", Seq, ranks, 1, recordBytes);
  stage = makeCopies(loc, "stage", Seq, nodes, 1, rowBytes);
  nodeRecords = makeCopies(loc, "nodemeta", Seq, nodes, 1, recordBytes);

  Scope every = eachNode(DomainKind::Nodes), s = pieces();
  AffineExpr node = nodeOf(s.rank()), lane = laneOf(s.rank());
  builder.setInsertionPoint(op);
  Value pk = comm::ComputeOp::create(
      builder, loc, getLabel("pk"), pack, every,
      RegionUse{op.getRoute(), every.region({}, every.set(ItemSetKind::A, every.rank()))},
      RegionUse{packed, every.region(every.var(0), sentToNode(every))}, getAfterUses(op));
  tellCounts(op, "stages", comm::TaskKind::Stages);

  Hop spread{
      nodeMate(s), part(s, s.rank(), s.var(1), s.var(2)), {s.var(1)}, {copy(s), lane, s.var(1)}};
  AfterUse known(stagesKnown);
  Value pl = put(loc, "pl", spread, carry, op.getRows(), known);
  Value ql = put(loc, "ql", spread, carryRecords, packed, {known, AfterUse(pk, s.var(1))});
  Value wl = tellLanes(loc, "l", {pl, ql}).second;

  SmallVector<AffineExpr> fromLane{s.var(0), s.var(2)}, fromNode{s.var(0), s.var(1)};
  Hop cross{laneMate(s),
            part(s, nodeMate(s), s.var(1), lane),
            {copy(s), s.var(2), s.var(1)},
            {copy(s), nodeMate(s)}};
  Value pn = put(loc, "pn", cross, come, carry, {known, AfterUse(wl, fromLane)}, comm::Path::Rail);
  Value pm = put(loc, "pm", cross, comeRecords, carryRecords, {known, AfterUse(wl, fromLane)},
                 comm::Path::Rail);
  Value wn = tellNode(loc, "n", {pn, pm});

  AffineExpr source = rankAt(s.var(1), s.var(2));
  Hop gather{nodeMate(s), part(s, source, node, lane), {copy(s), source}, {copy(s), s.var(1)}};
  Value px = put(loc, "px", gather, stage, come, {known, AfterUse(wn, fromNode)});
  Value py = put(loc, "py", gather, nodeRecords, comeRecords, {known, AfterUse(wn, fromNode)});
  comm::FlagOp flag =
      makeFlag(loc, "fx", {nodes, lanes}, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 2, builder.getContext())));
  Scope send = eachNode(DomainKind::StaggerNodes).with("m", DomainKind::StaggerLanes);
  Scope wait = eachNode(DomainKind::Nodes).with("m", DomainKind::Lanes);
  SmallVector<AffineExpr> allStages{send.any(), send.var(0), send.var(1)};
  comm::SignalOp::create(builder, loc, getLabel("sx"), send, neighbour(send), flag,
                         {copy(send), send.var(0), lane}, nullptr,
                         {AfterUse(px, allStages), AfterUse(py, allStages)});
  nodeWait = comm::WaitOp::create(builder, loc, getLabel("wx"), wait, flag,
                                  {copy(wait), wait.var(0), wait.var(1)}, nullptr, {});
}

void expandBirkhoff(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution) {
  BirkhoffExpander expander(plan, solution);
  expander.expand(exchange.dispatch);
  expander.expand(exchange.combine);
}

} // namespace moec
