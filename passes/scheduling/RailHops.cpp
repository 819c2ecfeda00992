//===- RailHops.cpp - By other lanes' rails than the own one --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/RailHops.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::ItemSetKind, comm::RegionUse, comm::Scope;

/// A hop's source is framed unless it is the caller's rows.
Value RailHops::put(Location loc, StringRef label, const Hop &hop, Value target, Value source,
                    ArrayRef<AfterUse> after, comm::Path via) {
  Scope s = pieces();
  bool isSlot = source.getDefiningOp<comm::BufferOp>().getLayout() == comm::BufferLayout::Slot;
  comm::RegionAttr from =
      isSlot ? s.region({}, hop.part.items) : s.partOf(hop.part.whole, hop.source, hop.part.items);
  return comm::PutOp::create(
      builder, loc, getLabel(label), s, hop.to,
      RegionUse{target, s.partOf(hop.part.whole, hop.target, hop.part.items)},
      RegionUse{source, from}, via == comm::Path::Rail ? outerWindow : innerWindow, after, via);
}

/// To each lane of the node, stage by stage, that what `puts` have for it is there; and
/// the waits for what the lanes say.
std::pair<Value, Value> RailHops::tellLanes(Location loc, StringRef name, ArrayRef<Value> puts) {
  int64_t stages = plan.getStages();
  comm::FlagOp flag =
      makeFlag(loc, ("f" + name).str(), {stages, lanes}, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 2, builder.getContext())));
  Scope send = scope("k", DomainKind::Stages).with("m", DomainKind::StaggerLanes);
  Scope wait = scope("k", DomainKind::Stages).with("m", DomainKind::Lanes);
  SmallVector<AfterUse> after;
  SmallVector<AffineExpr> toLane{send.var(0), send.any(), send.var(1)};
  for (Value token : puts)
    after.push_back(AfterUse(token, toLane));
  Value signal =
      comm::SignalOp::create(builder, loc, getLabel(("s" + name).str()), send, neighbour(send),
                             flag, {copy(send), send.var(0), laneOf(send.rank())}, nullptr, after);
  Value waits = comm::WaitOp::create(builder, loc, getLabel(("w" + name).str()), wait, flag,
                                     {copy(wait), wait.var(0), wait.var(1)}, nullptr, {});
  return {signal, waits};
}

Value RailHops::tellLanesByNode(Location loc, StringRef name, Value puts) {
  int64_t stages = plan.getStages();
  comm::FlagOp flag =
      makeFlag(loc, ("f" + name).str(), {stages, nodes, lanes}, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 3, builder.getContext())));
  Scope send = pieces();
  Scope wait =
      scope("k", DomainKind::Stages).with("b", DomainKind::Nodes).with("m", DomainKind::Lanes);
  SmallVector<AffineExpr> same{send.var(0), send.var(1), send.var(2)};
  comm::SignalOp::create(builder, loc, getLabel(("s" + name).str()), send, nodeMate(send), flag,
                         {copy(send), send.var(0), send.var(1), laneOf(send.rank())}, nullptr,
                         AfterUse(puts, same));
  return comm::WaitOp::create(builder, loc, getLabel(("w" + name).str()), wait, flag,
                              {copy(wait), wait.var(0), wait.var(1), wait.var(2)}, nullptr, {});
}

/// To the rank of each node on the own lane, by rail; returns the waits.
Value RailHops::tellNode(Location loc, StringRef name, ArrayRef<Value> puts) {
  int64_t stages = plan.getStages();
  comm::FlagOp flag =
      makeFlag(loc, ("f" + name).str(), {stages, nodes}, /*carry=*/false, writerOnLane(2));
  Scope send = scope("k", DomainKind::Stages).with("b", DomainKind::StaggerNodes);
  Scope wait = scope("k", DomainKind::Stages).with("b", DomainKind::Nodes);
  SmallVector<AfterUse> after;
  SmallVector<AffineExpr> toNode{send.var(0), send.var(1), send.any()};
  for (Value token : puts)
    after.push_back(AfterUse(token, toNode));
  comm::SignalOp::create(builder, loc, getLabel(("s" + name).str()), send, laneMate(send), flag,
                         {copy(send), send.var(0), nodeOf(send.rank())}, nullptr, after,
                         comm::Path::Rail);
  return comm::WaitOp::create(builder, loc, getLabel(("w" + name).str()), wait, flag,
                              {copy(wait), wait.var(0), wait.var(1)}, nullptr, {});
}

/// Every rank's row of the matrix to every rank, as payload of flags: what one knows of
/// the stages all know.
void RailHops::tellCounts(comm::DispatchOp op, StringRef name, comm::TaskKind kind) {
  Location loc = op.getLoc();
  std::string task = makeTask(loc, name, kind);
  comm::FlagOp flag = makeFlag(loc, "fm", {int64_t(plan.getRanks()), nodes}, /*carry=*/true,
                               getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext()));
  Scope send = scope("p", DomainKind::Stagger).with("b", DomainKind::Nodes);
  Scope wait = scope("s", DomainKind::All).with("b", DomainKind::Nodes);
  builder.setInsertionPoint(op);
  comm::SignalOp::create(builder, loc, getLabel("sm"), send, send.var(0), flag,
                         {copy(send), send.rank(), send.var(1)},
                         send.set(ItemSetKind::M, {send.rank(), send.var(1)}), getAfterUses(op));
  Value counts = comm::WaitOp::create(builder, loc, getLabel("wm"), wait, flag,
                                      {copy(wait), wait.var(0), wait.var(1)},
                                      wait.set(ItemSetKind::M, {wait.var(0), wait.var(1)}), {});
  stagesKnown =
      comm::ComputeOp::create(builder, loc, getLabel("st"), task, Scope(builder.getContext()),
                              ArrayRef<RegionUse>{}, ArrayRef<RegionUse>{}, AfterUse(counts));
}

void RailHops::returnByHops(comm::CombineOp op, Value nodeSums, ArrayRef<AfterUse> made) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value carry = makeCopies(loc, "carryback", Seq, {lanes, nodes}, 1, bytes);
  Value come = makeCopies(loc, "comeback", Seq, int64_t(plan.getRanks()), 1, bytes);
  Value returned = makeCopies(loc, "part", Seq, nodes, 1, bytes);

  Scope s = pieces();
  AffineExpr node = nodeOf(s.rank()), lane = laneOf(s.rank());
  SmallVector<AffineExpr> fromLane{s.var(0), s.var(2)}, fromNode{s.var(0), s.var(1)};
  builder.setInsertionPoint(op);
  Hop spread{
      nodeMate(s), part(s, laneMate(s), node, s.var(2)), {s.var(1)}, {copy(s), lane, s.var(1)}};
  Value po = put(loc, "po", spread, carry, nodeSums, made);
  // With pieces the own node's sums come last (ExpandChunks.cpp).
  Value wo = solution.sprays ? tellLanesByNode(loc, "o", po) : tellLanes(loc, "o", po).second;
  SmallVector<AffineExpr> carried = fromLane;
  if (solution.sprays)
    carried = {s.var(0), s.var(1), s.var(2)};
  Hop cross{laneMate(s),
            part(s, rankAt(s.var(1), s.var(2)), node, lane),
            {copy(s), s.var(2), s.var(1)},
            {copy(s), nodeMate(s)}};
  Value pc = put(loc, "pc", cross, come, carry, AfterUse(wo, carried), comm::Path::Rail);
  Value wc = tellNode(loc, "c", pc);
  Hop gather{nodeMate(s),
             part(s, nodeMate(s), s.var(1), lane),
             {copy(s), rankAt(s.var(1), s.var(2))},
             {copy(s), s.var(1)}};
  Value pb = put(loc, "pb", gather, returned, come, AfterUse(wc, fromNode));

  comm::FlagOp flag =
      makeFlag(loc, "fb", lanes, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext())));
  Scope send = scope("m", DomainKind::StaggerLanes), wait = scope("m", DomainKind::Lanes);
  SmallVector<AffineExpr> toLane{send.any(), send.any(), send.var(0)};
  AffineExpr mate = rankAt(nodeOf(send.rank()), send.var(0));
  comm::SignalOp::create(builder, loc, getLabel("sb"), send, mate, flag,
                         {copy(send), laneOf(send.rank())}, nullptr, AfterUse(pb, toLane));
  Scope parts = eachNode(DomainKind::Nodes);
  replaceSlotSum(op, {returned, parts.eachRegion({copy(parts), parts.var(0)}, sentToNode(parts))},
                 comm::SumTree::NodePartial);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wb = comm::WaitOp::create(builder, loc, getLabel("wb"), wait, flag,
                                 {copy(wait), wait.var(0)}, nullptr, {});
  replaceToken(op.getToken(), wb);
}

} // namespace moec
