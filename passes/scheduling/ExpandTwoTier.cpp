//===- ExpandTwoTier.cpp - By way of one rank of each node ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rank r is lane l of node a. A token crosses the rails once for each node that wants
// it, to the rank of that node on the same lane; there its record is split and the
// token handed on to the ranks that own its slots. What comes back is collected by the
// same rank and crosses the rails again: every expert's row, or one sum a node.
//
//   pn, sn -> wn, sp, pd, sd -> wd, ex -> pf, sf -> wf -> pc, sc -> wc, rd
//     rail          NVLink                NVLink      rail
//===----------------------------------------------------------------------===//

#include "passes/scheduling/TwoTierExpander.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::ItemSetKind, comm::RegionUse, comm::Scope;

AffineExpr TwoTierExpander::writerOnLane(unsigned index) const {
  MLIRContext *context = builder.getContext();
  AffineExpr rank = getAffineDimExpr(comm::rankDim, context);
  return rankAt(getAffineDimExpr(comm::firstDomainDim + index, context), laneOf(rank));
}

AffineExpr TwoTierExpander::writerOnNode(AffineExpr lane) const {
  return rankAt(nodeOf(getAffineDimExpr(comm::rankDim, builder.getContext())), lane);
}

//===----------------------------------------------------------------------===//
// There
//===----------------------------------------------------------------------===//

/// One copy of a token and its record for each node.
void TwoTierExpander::sendToNodes(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t rowBytes = op.getRows().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  int64_t recordBytes = 4 * (2 + 3 * int64_t(plan.getTopk()));
  std::string pack = makeTask(loc, "pack_nodes", comm::TaskKind::PackNodes);
  Value packed = makeBuffer(loc, "packed", comm::BufferSpace::Local, Seq, nodes, 1, recordBytes);
  stage = makeCopies(loc, "stage", Seq, nodes, 1, rowBytes);
  nodeRecords = makeCopies(loc, "nodemeta", Seq, nodes, 1, recordBytes);
  comm::FlagOp flag = makeFlag(loc, "fn", nodes, /*carry=*/true, writerOnLane(1));

  Scope every = eachNode(DomainKind::Nodes), send = eachNode(DomainKind::StaggerNodes);
  comm::ItemSetAttr sent = sentToNode(send);
  comm::RegionAttr there = send.region({copy(send), nodeOf(send.rank())}, sent);
  SmallVector<AfterUse> after = getAfterUses(op);
  builder.setInsertionPoint(op);
  auto pk = comm::ComputeOp::create(
      builder, loc, getLabel("pk"), pack, every,
      RegionUse{op.getRoute(), every.region({}, every.set(ItemSetKind::A, every.rank()))},
      RegionUse{packed, every.region(every.var(0), sent)}, after);
  auto pn = comm::PutOp::create(
      builder, loc, getLabel("pn"), send, partner(send), RegionUse{stage, there},
      RegionUse{op.getRows(), send.region({}, sent)}, outerWindow, after, outer);
  auto pm = comm::PutOp::create(builder, loc, getLabel("pm"), send, partner(send),
                                RegionUse{nodeRecords, there},
                                RegionUse{packed, send.region(send.var(0), sent)}, outerWindow,
                                AfterUse(pk, send.var(0)), outer);
  comm::SignalOp::create(builder, loc, getLabel("sn"), send, partner(send), flag,
                         {copy(send), nodeOf(send.rank())}, sent,
                         {AfterUse(pn, send.var(0)), AfterUse(pm, send.var(0))}, outer);
  nodeWait = comm::WaitOp::create(builder, loc, getLabel("wn"), every, flag,
                                  {copy(every), every.var(0)}, ofPartner(every), {});
}

TwoTierExpander::Records TwoTierExpander::handOnRecords(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t recordBytes = op.getRecords().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  std::string split = makeTask(loc, "split", comm::TaskKind::Split);
  Value parts =
      makeBuffer(loc, "record", comm::BufferSpace::Local, Seq, {nodes, lanes}, 1, recordBytes);
  makeSymmetric(records = op.getRecords());

  Scope node = eachNode(DomainKind::Nodes), both = node.with("m", DomainKind::Lanes);
  Scope send = node.with("m", DomainKind::StaggerLanes);
  comm::ItemSetAttr passed = passedOn(send, ItemSetKind::D);
  builder.setInsertionPoint(op);
  auto sp = comm::ComputeOp::create(
      builder, loc, getLabel("sp"), split, node,
      RegionUse{nodeRecords, node.region({copy(node), node.var(0)}, ofPartner(node))},
      RegionUse{parts, both.eachRegion({both.var(0), both.var(1)}, passedOn(both, ItemSetKind::D))},
      AfterUse(nodeWait, arrivalOf(node)));
  auto pr =
      comm::PutOp::create(builder, loc, getLabel("pr"), send, neighbour(send),
                          RegionUse{records, send.region({copy(send), partner(send)}, passed)},
                          RegionUse{parts, send.region({send.var(0), send.var(1)}, passed)},
                          innerWindow, AfterUse(sp, send.var(0)), inner);
  return {sp, pr};
}

/// What came for the node to the ranks that own its slots.
void TwoTierExpander::handOn(comm::DispatchOp op) {
  Location loc = op.getLoc();
  makeSymmetric(received = op.getReceived());
  comm::FlagOp flag = makeFlag(
      loc, "fd", int64_t(plan.getRanks()), /*carry=*/true,
      writerOnNode(laneOf(getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext()))));

  Scope send = eachNode(DomainKind::Nodes).with("m", DomainKind::StaggerLanes);
  comm::ItemSetAttr passed = passedOn(send, ItemSetKind::D);
  Records handed = handOnRecords(op);
  auto pd = comm::PutOp::create(
      builder, loc, getLabel("pd"), send, neighbour(send),
      RegionUse{received, send.region({copy(send), partner(send)}, passed)},
      RegionUse{stage, send.partOf(ofPartner(send), {copy(send), send.var(0)}, passed)},
      innerWindow, AfterUse(handed.split, send.var(0)), inner);
  SmallVector<AffineExpr> same{send.var(0), send.var(1)};
  comm::SignalOp::create(builder, loc, getLabel("sd"), send, neighbour(send), flag,
                         {copy(send), partner(send)}, passed,
                         {AfterUse(pd, same), AfterUse(handed.put, same)}, inner);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  Scope wait = scope("s", DomainKind::All);
  auto wd =
      comm::WaitOp::create(builder, loc, getLabel("wd"), wait, flag, {copy(wait), wait.var(0)},
                           wait.set(ItemSetKind::D, {wait.var(0), wait.rank()}), {});
  replaceToken(op.getToken(), wd);
}

void TwoTierExpander::expand(comm::DispatchOp op) {
  sendToNodes(op);
  handOn(op);
  op.erase();
}

//===----------------------------------------------------------------------===//
// And back
//===----------------------------------------------------------------------===//

/// The signal behind puts to the rank that collects for a source, and its wait: for each
/// source's node and each lane of the own node.
std::pair<Value, Value> TwoTierExpander::waitForNode(comm::CombineOp op, Value puts) {
  Location loc = op.getLoc();
  AffineExpr lane = getAffineDimExpr(comm::firstDomainDim + 2, builder.getContext());
  comm::FlagOp flag = makeFlag(loc, "ff", {nodes, lanes}, /*carry=*/false, writerOnNode(lane));
  Scope send = scope("s", DomainKind::Stagger);
  Scope wait = eachNode(DomainKind::Nodes).with("m", DomainKind::Lanes);
  builder.setInsertionPoint(op);
  Value signal =
      comm::SignalOp::create(builder, loc, getLabel("sf"), send, writerOnNode(laneOf(send.var(0))),
                             flag, {copy(send), nodeOf(send.var(0)), laneOf(send.rank())}, nullptr,
                             AfterUse(puts, send.var(0)), inner);
  Value waits = comm::WaitOp::create(builder, loc, getLabel("wf"), wait, flag,
                                     {copy(wait), wait.var(0), wait.var(1)}, nullptr, {});
  return {signal, waits};
}

/// The last hop's signal and wait.
void TwoTierExpander::finish(comm::CombineOp op, comm::FlagOp flag, AfterUse puts) {
  Location loc = op.getLoc();
  Scope send = eachNode(DomainKind::StaggerNodes), wait = eachNode(DomainKind::Nodes);
  builder.setInsertionPoint(op);
  comm::SignalOp::create(builder, loc, getLabel("sc"), send, partner(send), flag,
                         {copy(send), nodeOf(send.rank())}, nullptr, puts, outer);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wc = comm::WaitOp::create(builder, loc, getLabel("wc"), wait, flag,
                                 {copy(wait), wait.var(0)}, nullptr, {});
  replaceToken(op.getToken(), wc);
}

/// Every expert's row to its slot, collected by source.
void TwoTierExpander::collectRows(comm::CombineOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  auto back = op.getReturned().getDefiningOp<comm::BufferOp>();
  Value collected =
      makeCopies(loc, "collect", Slot, nodes, int64_t(plan.getTopk()), back.getBytesPerRecord());
  makeSymmetric(op.getReturned());
  comm::FlagOp flag = makeFlag(loc, "fc", nodes, /*carry=*/false, writerOnLane(1));

  Scope home = scope("s", DomainKind::Stagger);
  comm::ItemSetAttr rows = home.set(ItemSetKind::Y, {home.var(0), home.rank()});
  builder.setInsertionPoint(op);
  Value pf = comm::PutOp::create(
      builder, loc, getLabel("pf"), home, writerOnNode(laneOf(home.var(0))),
      RegionUse{collected, home.region({copy(home), nodeOf(home.var(0))}, rows)},
      RegionUse{op.getRows(), home.region(home.var(0), rows)}, innerWindow, getAfterUses(op),
      inner);
  Value wf = waitForNode(op, pf).second;
  Scope send = eachNode(DomainKind::StaggerNodes).with("m", DomainKind::Lanes);
  comm::ItemSetAttr passed = passedOn(send, ItemSetKind::Y);
  SmallVector<AffineExpr> same{send.var(0), send.var(1)};
  Value pc =
      comm::PutOp::create(builder, loc, getLabel("pc"), send, partner(send),
                          RegionUse{op.getReturned(), send.region(copy(send), passed)},
                          RegionUse{collected, send.region({copy(send), send.var(0)}, passed)},
                          outerWindow, AfterUse(wf, same), outer);
  SmallVector<AffineExpr> ofNode{send.var(0), send.any()};
  finish(op, flag, AfterUse(pc, ofNode));
}

/// A sum a rank, then a sum a node, for each token.
void TwoTierExpander::collectSums(comm::CombineOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  auto back = op.getReturned().getDefiningOp<comm::BufferOp>();
  int64_t bytes = back.getBytesPerRecord(), ranks = plan.getRanks();
  Value sums = makeBuffer(loc, "q", comm::BufferSpace::Local, Seq, ranks, 1, bytes);
  Value collected = makeCopies(loc, "collect", Seq, {nodes, lanes}, 1, bytes);
  Value nodeSums = makeBuffer(loc, "z", comm::BufferSpace::Local, Seq, nodes, 1, bytes);
  std::string rankSum = makeTask(loc, "rank_sum", comm::TaskKind::RankSum);
  std::string nodeSum = makeTask(loc, "node_sum", comm::TaskKind::NodeSum);

  // Sums in the order in which they are sent, so that ranks do not all send to one.
  Scope source = scope("s", DomainKind::Stagger), home = scope("s", DomainKind::Stagger);
  comm::ItemSetAttr tokens = source.set(ItemSetKind::D, {source.var(0), source.rank()});
  comm::ItemSetAttr rows = source.set(ItemSetKind::Y, {source.var(0), source.rank()});
  builder.setInsertionPoint(op);
  Value pa = comm::ReduceOp::create(
      builder, loc, getLabel("pa"), rankSum, source,
      {RegionUse{records, source.region({copy(source), source.var(0)}, tokens)},
       RegionUse{op.getRows(), source.region(source.var(0), rows)}},
      RegionUse{sums, source.region(source.var(0), tokens)}, getAfterUses(op));
  Value pf = comm::PutOp::create(
      builder, loc, getLabel("pf"), home, writerOnNode(laneOf(home.var(0))),
      RegionUse{collected,
                home.region({copy(home), nodeOf(home.var(0)), laneOf(home.rank())}, tokens)},
      RegionUse{sums, home.region(home.var(0), tokens)}, innerWindow, AfterUse(pa, home.var(0)),
      inner);
  Value wf = waitForNode(op, pf).second;
  Scope node = eachNode(DomainKind::StaggerNodes), both = node.with("m", DomainKind::Lanes);
  SmallVector<AffineExpr> ofNode{node.var(0), node.any()};
  Value rn = comm::ReduceOp::create(
      builder, loc, getLabel("rn"), nodeSum, node,
      {RegionUse{nodeRecords, node.region({copy(node), node.var(0)}, ofPartner(node))},
       RegionUse{collected, both.eachRegion({copy(both), both.var(0), both.var(1)},
                                            passedOn(both, ItemSetKind::D))}},
      RegionUse{nodeSums, node.region(node.var(0), ofPartner(node))}, AfterUse(wf, ofNode));
  returnSums(op, nodeSums, rn);
}

void TwoTierExpander::returnSums(comm::CombineOp op, Value nodeSums, Value sum) {
  Location loc = op.getLoc();
  auto back = op.getReturned().getDefiningOp<comm::BufferOp>();
  Value returned =
      makeCopies(loc, "part", comm::BufferLayout::Seq, nodes, 1, back.getBytesPerRecord());
  comm::FlagOp flag = makeFlag(loc, "fc", nodes, /*carry=*/false, writerOnLane(1));
  builder.setInsertionPoint(op);
  Scope send = eachNode(DomainKind::StaggerNodes);
  Value pc = comm::PutOp::create(
      builder, loc, getLabel("pc"), send, partner(send),
      RegionUse{returned, send.region({copy(send), nodeOf(send.rank())}, ofPartner(send))},
      RegionUse{nodeSums, send.region(send.var(0), ofPartner(send))}, outerWindow,
      AfterUse(sum, send.var(0)), outer);
  Scope parts = eachNode(DomainKind::Nodes);
  replaceSlotSum(op, {returned, parts.eachRegion({copy(parts), parts.var(0)}, sentToNode(parts))},
                 comm::SumTree::NodePartial);
  finish(op, flag, AfterUse(pc, send.var(0)));
}

void TwoTierExpander::expand(comm::CombineOp op) {
  if (solution.combine == scheduling::Combine::Partial)
    collectSums(op);
  else
    collectRows(op);
  Operation *returned = op.getReturned().getDefiningOp();
  op.erase();
  if (returned->use_empty()) // partial sums come back elsewhere
    returned->erase();
}

void expandTwoTier(comm::PlanOp plan, Exchange exchange,
                   const scheduling::ScheduleSolution &solution) {
  if (solution.chunks > 1)
    return expandChunks(plan, exchange, solution);
  TwoTierExpander expander(plan, solution);
  expander.expand(exchange.dispatch);
  expander.expand(exchange.combine);
}

} // namespace moec
