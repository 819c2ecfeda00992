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

#include "passes/scheduling/TwoTierExpander.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::ItemSetKind, comm::RegionUse, comm::Scope;

namespace {

/// A piece of what a rank has for a node, in the whole.
struct Part {
  comm::ItemSetAttr whole, items;
};

/// Scopes of pieces have the variables k (stage), b (node) and m (lane).
class BirkhoffExpander : public TwoTierExpander {
public:
  using TwoTierExpander::TwoTierExpander;

private:
  /// Of the puts of one hop: where they go, what, and from where to where.
  struct Hop {
    AffineExpr to;
    Part part;
    SmallVector<AffineExpr> source, target;
  };

  void sendToNodes(comm::DispatchOp op) override;
  void returnSums(comm::CombineOp op, Value nodeSums, Value sum) override;
  SmallVector<AffineExpr> arrivalOf(const Scope &scope) const override {
    return {scope.var(0), scope.any()};
  }

  void tellCounts(comm::DispatchOp op);
  Scope pieces() const {
    return scope("k", DomainKind::Stages)
        .with("b", DomainKind::StaggerNodes)
        .with("m", DomainKind::StaggerLanes);
  }
  AffineExpr laneMate(const Scope &s) const { return rankAt(s.var(1), laneOf(s.rank())); }
  AffineExpr nodeMate(const Scope &s) const { return rankAt(nodeOf(s.rank()), s.var(2)); }
  Part part(const Scope &s, AffineExpr source, AffineExpr node, AffineExpr lane) const {
    return {s.set(ItemSetKind::M, {source, node}),
            s.set(ItemSetKind::S, {source, node, s.var(0), lane})};
  }
  Value put(Location loc, StringRef label, const Hop &hop, Value target, Value source,
            ArrayRef<AfterUse> after, comm::Path via = comm::Path::NVLink);
  std::pair<Value, Value> tellLanes(Location loc, StringRef name, ArrayRef<Value> puts);
  Value tellNode(Location loc, StringRef name, ArrayRef<Value> puts);

  Value stagesKnown; ///< token of st
};

} // namespace

/// A hop's source is framed unless it is the caller's rows.
Value BirkhoffExpander::put(Location loc, StringRef label, const Hop &hop, Value target,
                            Value source, ArrayRef<AfterUse> after, comm::Path via) {
  Scope s = pieces();
  bool isSlot = source.getDefiningOp<comm::BufferOp>().getLayout() == comm::BufferLayout::Slot;
  comm::RegionAttr from =
      isSlot ? s.region({}, hop.part.items) : s.partOf(hop.part.whole, hop.source, hop.part.items);
  return comm::PutOp::create(
      builder, loc, getLabel(label), s, hop.to,
      RegionUse{target, s.partOf(hop.part.whole, hop.target, hop.part.items)},
      RegionUse{source, from}, solution.window, after, via);
}

/// To each lane of the node, stage by stage, that what `puts` have for it is there; and
/// the waits for what the lanes say.
std::pair<Value, Value> BirkhoffExpander::tellLanes(Location loc, StringRef name,
                                                    ArrayRef<Value> puts) {
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

/// To the rank of each node on the own lane, by rail; returns the waits.
Value BirkhoffExpander::tellNode(Location loc, StringRef name, ArrayRef<Value> puts) {
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

//===----------------------------------------------------------------------===//
// There
//===----------------------------------------------------------------------===//

/// Every rank's row of the matrix to every rank, as payload of flags: what one knows of
/// the stages all know.
void BirkhoffExpander::tellCounts(comm::DispatchOp op) {
  Location loc = op.getLoc();
  std::string task = makeTask(loc, "stages", comm::TaskKind::Stages);
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
  tellCounts(op);

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

//===----------------------------------------------------------------------===//
// And back: the same pieces in the same stages, turned round
//===----------------------------------------------------------------------===//

void BirkhoffExpander::returnSums(comm::CombineOp op, Value nodeSums, Value sum) {
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
  Value po = put(loc, "po", spread, carry, nodeSums, AfterUse(sum, s.var(1)));
  Value wo = tellLanes(loc, "o", po).second;
  Hop cross{laneMate(s),
            part(s, rankAt(s.var(1), s.var(2)), node, lane),
            {copy(s), s.var(2), s.var(1)},
            {copy(s), nodeMate(s)}};
  Value pc = put(loc, "pc", cross, come, carry, AfterUse(wo, fromLane), comm::Path::Rail);
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

void expandBirkhoff(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution) {
  BirkhoffExpander expander(plan, solution);
  expander.expand(exchange.dispatch);
  expander.expand(exchange.combine);
}

} // namespace moec
