//===- ExpandChunks.cpp - Two tiers, piece by piece -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of a node travel in even pieces, so that what one hop has brought goes on while
// it brings the rest. Records, a hundredth of the rows, go ahead at once: they say which
// rows of a piece are for whom. Sums come back in the same pieces; rows of experts do
// not, they are collected by rank and node as ever.
//
//   pm, sk -> wk, sp, pr, sr -> wr  records
//   pn, sn -> wn, pd, sd -> wd, ex  rows, each piece by itself up to wd
//     rail         NVLink
//   pa, pf, sf -> wf, rn, pc, sc -> wc, rd
//        NVLink          rail       pf_near, sf_near behind pf: sums that stay on the node
//===----------------------------------------------------------------------===//

#include "passes/scheduling/RailHops.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::ItemSetKind, comm::RegionUse, comm::Scope;

namespace {

/// Scopes of pieces have the variables k (piece), then b (node) and m (lane), or s (source).
class ChunksExpander : public RailHops {
public:
  using RailHops::RailHops;

private:
  void sendToNodes(comm::DispatchOp op) override;
  void sendRows(comm::DispatchOp op);
  void sprayRows(comm::DispatchOp op);
  void handOn(comm::DispatchOp op) override;
  void collectSums(comm::CombineOp op) override;
  Value addUpOnNodes(comm::CombineOp op, Value nodeSums);
  Value sendRecords(comm::DispatchOp op);
  Value announce(comm::DispatchOp op);
  /// Sources whose sums go the same way, in a scope that names them by node and lane.
  struct Home {
    Scope scope;
    AffineExpr node, lane;
    std::string suffix;           ///< of the names of the families
    SmallVector<AffineExpr> same; ///< the scope's variables
  };
  Home farHomes() const;
  Home nearHomes() const;
  struct SumsWay {
    Value made; ///< token of pa
    Value sums, collected, flag;
  };
  Value addUpOnRanks(comm::CombineOp op, Value rankSums);
  Value sendSums(Location loc, const Home &home, const SumsWay &way, std::optional<Value> behind);

  Scope ofNode(DomainKind nodes) const { return scope("k", DomainKind::Stages).with("b", nodes); }
  AffineExpr partnerOf(AffineExpr node, const Scope &s) const {
    return rankAt(node, laneOf(s.rank()));
  }
  comm::ItemSetAttr ofNodeFor(const Scope &s, AffineExpr source, AffineExpr node) const {
    return s.set(ItemSetKind::M, {source, node});
  }
  comm::ItemSetAttr piece(const Scope &s, AffineExpr source, AffineExpr node) const {
    return s.set(ItemSetKind::P, {source, node, s.var(0)});
  }
  comm::ItemSetAttr share(const Scope &s, AffineExpr source, AffineExpr rank) const {
    return s.set(ItemSetKind::Q, {source, rank, s.var(0)});
  }

  /// Of rows that are handed on. Behind rails some ranks send sums already: there so many in all,
  /// so that what is left for a slow peer goes at once and the sums do not take its links (10 % of
  /// a step on PCIe boxes over rails; behind NVLink it is the same).
  comm::Window rowsWindow() const {
    bool isFree = solution.eachPeer && outer == comm::Path::Rail;
    return isFree ? comm::Window(std::max<int64_t>(lanes - 1, 2)) : innerWindow;
  }

  Value pieceWait; ///< token of wn
};

} // namespace

//===----------------------------------------------------------------------===//
// There
//===----------------------------------------------------------------------===//

/// Makes `nodeRecords` and `nodeWait`.
Value ChunksExpander::sendRecords(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t recordBytes = 4 * (2 + 3 * int64_t(plan.getTopk()));
  std::string pack = makeTask(loc, "pack_nodes", comm::TaskKind::PackNodes);
  Value packed = makeBuffer(loc, "packed", comm::BufferSpace::Local, Seq, nodes, 1, recordBytes);
  nodeRecords = makeCopies(loc, "nodemeta", Seq, nodes, 1, recordBytes);
  comm::FlagOp flag = makeFlag(loc, "fk", nodes, /*carry=*/true, writerOnLane(1));

  Scope every = eachNode(DomainKind::Nodes), send = eachNode(DomainKind::StaggerNodes);
  comm::ItemSetAttr sent = sentToNode(send);
  builder.setInsertionPoint(op);
  Value pk = comm::ComputeOp::create(
      builder, loc, getLabel("pk"), pack, every,
      RegionUse{op.getRoute(), every.region({}, every.set(ItemSetKind::A, every.rank()))},
      RegionUse{packed, every.region(every.var(0), sent)}, getAfterUses(op));
  Value pm = comm::PutOp::create(
      builder, loc, getLabel("pm"), send, partner(send),
      RegionUse{nodeRecords, send.region({copy(send), nodeOf(send.rank())}, sent)},
      RegionUse{packed, send.region(send.var(0), sent)},
      solution.eachPeer ? comm::Window() : outerWindow, // one to each anyway
      AfterUse(pk, send.var(0)), outer);
  comm::SignalOp::create(builder, loc, getLabel("sk"), send, partner(send), flag,
                         {copy(send), nodeOf(send.rank())}, sent, AfterUse(pm, send.var(0)), outer);
  return comm::WaitOp::create(builder, loc, getLabel("wk"), every, flag,
                              {copy(every), every.var(0)}, ofPartner(every), {});
}

void ChunksExpander::sendToNodes(comm::DispatchOp op) {
  plan.setStages(solution.chunks);
  int64_t rowBytes = op.getRows().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  nodeWait = sendRecords(op);
  stage = makeCopies(op.getLoc(), "stage", comm::BufferLayout::Seq, nodes, 1, rowBytes);
  if (solution.sprays)
    sprayRows(op);
  else
    sendRows(op);
}

/// By the own lane's rail.
void ChunksExpander::sendRows(comm::DispatchOp op) {
  Location loc = op.getLoc();
  int64_t chunks = solution.chunks;
  comm::FlagOp flag = makeFlag(loc, "fn", {chunks, nodes}, /*carry=*/false, writerOnLane(2));

  Scope send = ofNode(DomainKind::StaggerNodes), wait = ofNode(DomainKind::Nodes);
  AffineExpr peer = partnerOf(send.var(1), send);
  comm::ItemSetAttr sent = piece(send, send.rank(), send.var(1));
  SmallVector<AffineExpr> same{send.var(0), send.var(1)};
  builder.setInsertionPoint(op);
  Value pn = comm::PutOp::create(
      builder, loc, getLabel("pn"), send, peer,
      RegionUse{stage, send.partOf(ofNodeFor(send, send.rank(), send.var(1)),
                                   {copy(send), nodeOf(send.rank())}, sent)},
      RegionUse{op.getRows(), send.region({}, sent)}, outerWindow, getAfterUses(op), outer);
  comm::SignalOp::create(builder, loc, getLabel("sn"), send, peer, flag,
                         {copy(send), send.var(0), nodeOf(send.rank())}, nullptr,
                         AfterUse(pn, same), outer);
  pieceWait = comm::WaitOp::create(builder, loc, getLabel("wn"), wait, flag,
                                   {copy(wait), wait.var(0), wait.var(1)}, nullptr, {});
}

/// What the own lane has more than its share by the others' rails. A flag a piece and lane
/// tells that it is where two tiers would have it.
void ChunksExpander::sprayRows(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t rowBytes = op.getRows().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value carry = makeCopies(loc, "carry", Seq, {lanes, nodes}, 1, rowBytes);
  Value come = makeCopies(loc, "come", Seq, int64_t(plan.getRanks()), 1, rowBytes);
  tellCounts(op, "lanes", comm::TaskKind::Lanes);

  Scope s = pieces();
  AffineExpr node = nodeOf(s.rank()), lane = laneOf(s.rank()), source = rankAt(s.var(1), s.var(2));
  SmallVector<AffineExpr> fromLane{s.var(0), s.var(2)}, fromNode{s.var(0), s.var(1)};
  AfterUse known(stagesKnown);
  Hop spread{
      nodeMate(s), part(s, s.rank(), s.var(1), s.var(2)), {s.var(1)}, {copy(s), lane, s.var(1)}};
  Value pl = put(loc, "pl", spread, carry, op.getRows(), known);
  Value wl = tellLanes(loc, "l", pl).second;
  Hop cross{laneMate(s),
            part(s, nodeMate(s), s.var(1), lane),
            {copy(s), s.var(2), s.var(1)},
            {copy(s), nodeMate(s)}};
  Value pn = put(loc, "pn", cross, come, carry, {known, AfterUse(wl, fromLane)}, comm::Path::Rail);
  Value wn = tellNode(loc, "n", pn);
  Hop gather{nodeMate(s), part(s, source, node, lane), {copy(s), source}, {copy(s), s.var(1)}};
  Value px = put(loc, "px", gather, stage, come, {known, AfterUse(wn, fromNode)});

  comm::FlagOp flag =
      makeFlag(loc, "fx", {int64_t(solution.chunks), nodes, lanes}, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 3, builder.getContext())));
  Scope wait = ofNode(DomainKind::Nodes).with("m", DomainKind::Lanes);
  SmallVector<AffineExpr> same{s.var(0), s.var(1), s.var(2)};
  comm::SignalOp::create(builder, loc, getLabel("sx"), s, nodeMate(s), flag,
                         {copy(s), s.var(0), s.var(1), lane}, nullptr, AfterUse(px, same));
  pieceWait =
      comm::WaitOp::create(builder, loc, getLabel("wx"), wait, flag,
                           {copy(wait), wait.var(0), wait.var(1), wait.var(2)}, nullptr, {});
}

/// A flag tells how many tokens of a source come, and that their records are there.
/// Returns the token of sp.
Value ChunksExpander::announce(comm::DispatchOp op) {
  Location loc = op.getLoc();
  comm::FlagOp flag = makeFlag(
      loc, "fr", int64_t(plan.getRanks()), /*carry=*/true,
      writerOnNode(laneOf(getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext()))));
  Records handed = handOnRecords(op);
  Scope send = eachNode(DomainKind::Nodes).with("m", DomainKind::StaggerLanes);
  Scope wait = scope("s", DomainKind::All);
  SmallVector<AffineExpr> same{send.var(0), send.var(1)};
  comm::SignalOp::create(builder, loc, getLabel("sr"), send, neighbour(send), flag,
                         {copy(send), partner(send)}, passedOn(send, ItemSetKind::D),
                         AfterUse(handed.put, same), inner);
  Operation *user = getFirstUser(op.getToken());
  if (user)
    builder.setInsertionPoint(user);
  Value wr =
      comm::WaitOp::create(builder, loc, getLabel("wr"), wait, flag, {copy(wait), wait.var(0)},
                           wait.set(ItemSetKind::D, {wait.var(0), wait.rank()}), {});
  addToken(op.getToken(), wr);
  builder.setInsertionPoint(op);
  return handed.split;
}

void ChunksExpander::handOn(comm::DispatchOp op) {
  Location loc = op.getLoc();
  int64_t ranks = plan.getRanks(), chunks = solution.chunks;
  makeSymmetric(received = op.getReceived());
  // Whoever sends sums back by piece must know how many are in each.
  bool carry = solution.combine == scheduling::Combine::Partial;
  comm::FlagOp flag = makeFlag(
      loc, "fd", {ranks, chunks}, carry,
      writerOnNode(laneOf(getAffineDimExpr(comm::firstDomainDim + 1, builder.getContext()))));
  Value split = announce(op);

  Scope send = ofNode(DomainKind::Nodes).with("m", DomainKind::StaggerLanes);
  AffineExpr source = partnerOf(send.var(1), send);
  AffineExpr peer = rankAt(nodeOf(send.rank()), send.var(2));
  comm::ItemSetAttr passed = share(send, source, peer);
  SmallVector<AffineExpr> arrived{send.var(0), send.var(1)};
  if (solution.sprays) // by all lanes
    arrived.push_back(send.any());
  Value pd = comm::PutOp::create(
      builder, loc, getLabel("pd"), send, peer,
      RegionUse{received, send.partOf(send.set(ItemSetKind::D, {source, peer}),
                                      {copy(send), source}, passed)},
      RegionUse{stage, send.partOf(ofNodeFor(send, source, nodeOf(send.rank())),
                                   {copy(send), send.var(1)}, passed)},
      rowsWindow(), {AfterUse(split, send.var(1)), AfterUse(pieceWait, arrived)}, inner);
  SmallVector<AffineExpr> same{send.var(0), send.var(1), send.var(2)};
  comm::SignalOp::create(builder, loc, getLabel("sd"), send, peer, flag,
                         {copy(send), source, send.var(0)}, carry ? passed : nullptr,
                         AfterUse(pd, same), inner);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  Scope wait = scope("s", DomainKind::All).with("k", DomainKind::Stages);
  comm::ItemSetAttr come = wait.set(ItemSetKind::Q, {wait.var(0), wait.rank(), wait.var(1)});
  Value wd =
      comm::WaitOp::create(builder, loc, getLabel("wd"), wait, flag,
                           {copy(wait), wait.var(0), wait.var(1)}, carry ? come : nullptr, {});
  replaceToken(op.getToken(), wd);
}

//===----------------------------------------------------------------------===//
// And back
//===----------------------------------------------------------------------===//

ChunksExpander::Home ChunksExpander::farHomes() const {
  Scope s = ofNode(DomainKind::OtherNodes).with("m", DomainKind::StaggerLanes);
  return {s, s.var(1), s.var(2), "", {s.var(0), s.var(1), s.var(2)}};
}

ChunksExpander::Home ChunksExpander::nearHomes() const {
  Scope s = scope("k", DomainKind::Stages).with("m", DomainKind::StaggerLanes);
  return {s, nodeOf(s.rank()), s.var(1), "_near", {s.var(0), s.var(1)}};
}

/// Sums of a rank to those that add up for their sources, and flags. Returns the puts' token.
Value ChunksExpander::sendSums(Location loc, const Home &home, const SumsWay &way,
                               std::optional<Value> behind) {
  const Scope &s = home.scope;
  AffineExpr source = rankAt(home.node, home.lane), adder = rankAt(nodeOf(s.rank()), home.lane);
  comm::ItemSetAttr tokens = s.set(ItemSetKind::D, {source, s.rank()});
  comm::ItemSetAttr some = share(s, source, s.rank());
  SmallVector<AffineExpr> sameSum{s.var(0), source};
  SmallVector<AfterUse> after{AfterUse(way.made, sameSum)};
  if (behind)
    after.push_back(*behind);
  Value pf = comm::PutOp::create(
      builder, loc, getLabel("pf" + home.suffix), s, adder,
      RegionUse{way.collected, s.partOf(tokens, {copy(s), home.node, laneOf(s.rank())}, some)},
      RegionUse{way.sums, s.partOf(tokens, source, some)}, innerWindow, after, inner);
  comm::SignalOp::create(builder, loc, getLabel("sf" + home.suffix), s, adder, way.flag,
                         {copy(s), s.var(0), home.node, laneOf(s.rank())}, nullptr,
                         AfterUse(pf, home.same), inner);
  return pf;
}

/// A sum a rank of each token of a piece. Returns its token.
Value ChunksExpander::addUpOnRanks(comm::CombineOp op, Value rankSums) {
  Location loc = op.getLoc();
  std::string rankSum = makeTask(loc, "rank_sum", comm::TaskKind::RankSum);
  Scope home = scope("k", DomainKind::Stages).with("s", DomainKind::Stagger);
  AffineExpr from = home.var(1);
  comm::ItemSetAttr tokens = home.set(ItemSetKind::D, {from, home.rank()});
  comm::ItemSetAttr rows = home.set(ItemSetKind::Y, {from, home.rank()});
  comm::ItemSetAttr some = share(home, from, home.rank());
  builder.setInsertionPoint(op);
  return comm::ReduceOp::create(builder, loc, getLabel("pa"), rankSum, home,
                                {RegionUse{records, home.partOf(tokens, {copy(home), from}, some)},
                                 RegionUse{op.getRows(), home.region(from, rows)}},
                                RegionUse{rankSums, home.partOf(tokens, from, some)},
                                getAfterUses(op));
}

/// A sum a node of each token of a piece. Returns its token. Sums for other nodes go first:
/// those for the own node keep NVLink busy while the rails carry the last of them.
Value ChunksExpander::addUpOnNodes(comm::CombineOp op, Value nodeSums) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value rankSums =
      makeBuffer(loc, "q", comm::BufferSpace::Local, Seq, int64_t(plan.getRanks()), 1, bytes);
  Value collected = makeCopies(loc, "collect", Seq, {nodes, lanes}, 1, bytes);
  Value made = addUpOnRanks(op, rankSums);
  std::string nodeSum = makeTask(loc, "node_sum", comm::TaskKind::NodeSum);
  comm::FlagOp flag =
      makeFlag(loc, "ff", {int64_t(solution.chunks), nodes, lanes}, /*carry=*/false,
               writerOnNode(getAffineDimExpr(comm::firstDomainDim + 3, builder.getContext())));
  SumsWay way{made, rankSums, collected, flag};

  builder.setInsertionPoint(op);
  Value far = sendSums(loc, farHomes(), way, std::nullopt);
  sendSums(loc, nearHomes(), way, far);
  Scope come = ofNode(DomainKind::Nodes).with("m", DomainKind::Lanes);
  Value wf = comm::WaitOp::create(builder, loc, getLabel("wf"), come, flag,
                                  {copy(come), come.var(0), come.var(1), come.var(2)}, nullptr, {});

  Scope node = ofNode(DomainKind::StaggerNodes), both = node.with("m", DomainKind::Lanes);
  AffineExpr source = partnerOf(node.var(1), node), here = nodeOf(node.rank());
  AffineExpr peer = rankAt(here, both.var(2));
  comm::ItemSetAttr whole = ofNodeFor(node, source, here), part = piece(node, source, here);
  SmallVector<AffineExpr> all{node.var(0), node.var(1), node.any()};
  return comm::ReduceOp::create(
      builder, loc, getLabel("rn"), nodeSum, node,
      {RegionUse{nodeRecords, node.partOf(whole, {copy(node), node.var(1)}, part)},
       RegionUse{collected, both.eachPartOf(both.set(ItemSetKind::D, {source, peer}),
                                            {copy(both), both.var(1), both.var(2)},
                                            share(both, source, peer))}},
      RegionUse{nodeSums, node.partOf(whole, node.var(1), part)}, AfterUse(wf, all));
}

void ChunksExpander::collectSums(comm::CombineOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value nodeSums = makeBuffer(loc, "z", comm::BufferSpace::Local, Seq, nodes, 1, bytes);
  Value rn = addUpOnNodes(op, nodeSums);
  if (solution.sprays) {
    Scope made = pieces();
    SmallVector<AffineExpr> ofPiece{made.var(0), made.var(1)};
    return returnByHops(op, nodeSums, AfterUse(rn, ofPiece));
  }
  Value returned = makeCopies(loc, "part", Seq, nodes, 1, bytes);

  Scope send = ofNode(DomainKind::StaggerNodes);
  AffineExpr source = partnerOf(send.var(1), send), here = nodeOf(send.rank());
  comm::ItemSetAttr whole = ofNodeFor(send, source, here), part = piece(send, source, here);
  SmallVector<AffineExpr> same{send.var(0), send.var(1)};
  builder.setInsertionPoint(op);
  Value pc = comm::PutOp::create(builder, loc, getLabel("pc"), send, source,
                                 RegionUse{returned, send.partOf(whole, {copy(send), here}, part)},
                                 RegionUse{nodeSums, send.partOf(whole, send.var(1), part)},
                                 outerWindow, AfterUse(rn, same), outer);
  comm::FlagOp flag = makeFlag(loc, "fc", nodes, /*carry=*/false, writerOnLane(1));
  Scope parts = eachNode(DomainKind::Nodes);
  replaceSlotSum(op, {returned, parts.eachRegion({copy(parts), parts.var(0)}, sentToNode(parts))},
                 comm::SumTree::NodePartial);
  SmallVector<AffineExpr> allPieces{parts.any(), parts.var(0)};
  finish(op, flag, AfterUse(pc, allPieces));
}

void expandChunks(comm::PlanOp plan, Exchange exchange,
                  const scheduling::ScheduleSolution &solution) {
  ChunksExpander expander(plan, solution);
  expander.expand(exchange.dispatch);
  expander.expand(exchange.combine);
}

} // namespace moec
