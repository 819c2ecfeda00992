//===- ExpandStaggered.cpp - Straight from each rank to each rank ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On several nodes each family of puts and signals is two: one to the ranks of the own
// node by NVLink, one to those of the other nodes by rail, with flags on the same path.
// Plans for generated kernels have one family. The cells of the flags and who waits for
// them are as on one node.
//===----------------------------------------------------------------------===//

#include "dialects/moe/MoeDialect.h"
#include "passes/scheduling/ExchangeParts.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::DomainKind, comm::RegionUse, comm::Scope;

namespace {
/// Ranks that one path leads to, the own one first or those behind it.
struct Peers {
  Scope scope;
  AffineExpr rank;
  comm::Path via;
  std::string suffix; ///< of the families' names

  /// The instance for the same peer of another family over these.
  AfterUse same(Value token) const {
    SmallVector<AffineExpr> variables;
    for (unsigned i = 0; i < scope.getDomains().size(); ++i)
      variables.push_back(scope.var(i));
    return AfterUse(token, variables);
  }
};

class StaggeredExpander : ExchangeParts {
public:
  StaggeredExpander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
      : ExchangeParts(plan, solution) {}
  void expand(comm::DispatchOp dispatch);
  void expand(comm::CombineOp combine);

private:
  SmallVector<Peers> getPeers(StringRef variable);
  comm::BufferOp makeRecords(comm::DispatchOp dispatch);
  void send(comm::DispatchOp op, const Peers &peers, Value packed, Value pack, comm::FlagOp flag);
  Value sendRows(comm::DispatchOp op, const Peers &peers);
  Value sendBack(comm::CombineOp op, const Peers &peers);
  Value sendBlocksBack(comm::CombineOp op, const Peers &peers, StringRef label);
  Value unpack(comm::CombineOp op, Value wait);
  comm::Engine engine() const {
    return solution.copyEngine ? comm::Engine::Copy : comm::Engine::Sm;
  }
  Value sumOwn(comm::CombineOp op);
  void pipelineExperts(comm::CombineOp op);
  SmallVector<AfterUse> afterRows(comm::CombineOp op, AffineExpr source) const;
  void expectSums(comm::CombineOp op);

  Value receivedRecords;        ///< of the dispatch
  Value arrival;                ///< the wait for its tokens
  Value bySource;               ///< the experts' task of each source, if they have one each
  Value sums, returned, ownSum; ///< partial sums: here, at their source, their task
  Value blocks;                 ///< rows that copy engines have brought back
};
} // namespace

SmallVector<Peers> StaggeredExpander::getPeers(StringRef variable) {
  MLIRContext *context = builder.getContext();
  Scope all(context, variable, DomainKind::Stagger);
  int64_t nodes = plan.getNodes(), lanes = plan.getRanks() / nodes;
  // Generated kernels store into every rank's heap and know no other path: they run where
  // all ranks are on one GPU, whatever mesh they were made for.
  bool areForKernels = plan->getParentOp()->hasAttr(moe::kTargetAttrName);
  if (nodes == 1 || areForKernels)
    return {{all, all.var(0), solution.crossByHost ? comm::Path::Host : comm::Path::NVLink, ""}};
  if (lanes == 1) // the own rank is reached without a path
    return {{all, all.var(0), comm::Path::Rail, ""}};
  Scope near(context, "m", DomainKind::StaggerLanes);
  Scope far = Scope(context, "b", DomainKind::OtherNodes).with("m", DomainKind::StaggerLanes);
  return {{near, near.rank().floorDiv(lanes) * lanes + near.var(0), comm::Path::NVLink, ""},
          {far, far.var(0) * lanes + far.var(1), comm::Path::Rail, "_rail"}};
}

/// One region of records a destination, like those that peers send here.
comm::BufferOp StaggeredExpander::makeRecords(comm::DispatchOp dispatch) {
  builder.setInsertionPointAfterValue(dispatch.getRoute());
  auto received = dispatch.getRecords().getDefiningOp<comm::BufferOp>();
  return comm::BufferOp::create(builder, dispatch.getLoc(), getLabel("record"),
                                comm::BufferSpace::Local, comm::BufferLayout::Seq,
                                int64_t(plan.getRanks()), 1, received.getBytesPerRecord());
}

/// Rows to some of the ranks; a copy engine takes them from where they lie together.
Value StaggeredExpander::sendRows(comm::DispatchOp op, const Peers &peers) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  const Scope &scope = peers.scope;
  comm::ItemSetAttr sent = scope.set(comm::ItemSetKind::D, {scope.rank(), peers.rank});
  RegionUse target{op.getReceived(), scope.region({copy(scope), scope.rank()}, sent)};
  RegionUse source{op.getRows(), scope.region({}, sent)};
  SmallVector<AfterUse> after = getAfterUses(op);
  if (solution.copyEngine) {
    int64_t bytes = op.getRows().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
    Value rows =
        makeBuffer(loc, "rows", comm::BufferSpace::Local, Seq, int64_t(plan.getRanks()), 1, bytes);
    RegionUse packed{rows, scope.region(peers.rank, sent)};
    auto cp = comm::CopyOp::create(builder, loc, getLabel("cp" + peers.suffix), scope, packed,
                                   source, after);
    source = packed;
    after = {peers.same(cp)};
  }
  auto pd = comm::PutOp::create(builder, loc, getLabel("pd" + peers.suffix), scope, peers.rank,
                                target, source, solution.window, after, peers.via);
  pd.setEngine(engine());
  return pd;
}

/// Rows, records and their flag to some of the ranks.
void StaggeredExpander::send(comm::DispatchOp op, const Peers &peers, Value packed, Value pack,
                             comm::FlagOp flag) {
  Location loc = op.getLoc();
  const Scope &scope = peers.scope;
  comm::ItemSetAttr sent = scope.set(comm::ItemSetKind::D, {scope.rank(), peers.rank});
  comm::RegionAttr atPeer = scope.region({copy(scope), scope.rank()}, sent);
  Value pd = sendRows(op, peers);
  auto pm = comm::PutOp::create(builder, loc, getLabel("pm" + peers.suffix), scope, peers.rank,
                                RegionUse{op.getRecords(), atPeer},
                                RegionUse{packed, scope.region(peers.rank, sent)}, solution.window,
                                AfterUse(pack, peers.rank), peers.via);
  comm::SignalOp::create(builder, loc, getLabel("sd" + peers.suffix), scope, peers.rank, flag,
                         {copy(scope), scope.rank()}, sent, {peers.same(pd), peers.same(pm)},
                         peers.via);
}

void StaggeredExpander::expand(comm::DispatchOp op) {
  Location loc = op.getLoc();
  std::string packTask = makeTask(loc, "pack", comm::TaskKind::Pack);
  comm::BufferOp records = makeRecords(op);
  comm::FlagOp flag = makeFlag(loc, "fd", int64_t(plan.getRanks()), /*carry=*/true);
  makeSymmetric(op.getReceived());
  makeSymmetric(op.getRecords());
  receivedRecords = op.getRecords();

  Scope pack(builder.getContext(), "p", DomainKind::All);
  Scope wait(builder.getContext(), "s", DomainKind::All);
  builder.setInsertionPoint(op);
  comm::RegionAttr routes = pack.region({}, pack.set(comm::ItemSetKind::A, pack.rank()));
  comm::ItemSetAttr packed = pack.set(comm::ItemSetKind::D, {pack.rank(), pack.var(0)});
  auto pk = comm::ComputeOp::create(
      builder, loc, getLabel("pk"), packTask, pack, RegionUse{op.getRoute(), routes},
      RegionUse{records.getBuffer(), pack.region(pack.var(0), packed)}, getAfterUses(op));
  for (const Peers &peers : getPeers("p"))
    send(op, peers, records.getBuffer(), pk, flag);
  // What does not need the rows, such as the shared expert, stays before the wait.
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wd =
      comm::WaitOp::create(builder, loc, getLabel("wd"), wait, flag, {copy(wait), wait.var(0)},
                           wait.set(comm::ItemSetKind::D, {wait.var(0), wait.rank()}), {});
  arrival = wd;
  replaceToken(op.getToken(), wd);
  op.erase();
}

/// In the place of the one task of the experts one for the tokens of each source, which
/// waits for these alone.
void StaggeredExpander::pipelineExperts(comm::CombineOp op) {
  comm::ComputeOp all;
  for (Value after : op.getAfter())
    if (auto compute = after.getDefiningOp<comm::ComputeOp>();
        compute && compute.getWrites()[0] == op.getRows())
      all = compute;
  if (!all)
    return;
  builder.setInsertionPoint(all);
  // Those of the own rank are there first.
  Scope one(builder.getContext(), "s", DomainKind::Stagger);
  auto of = [&](comm::ItemSetKind kind) { return one.set(kind, {one.var(0), one.rank()}); };
  comm::RegionAttr received = one.region({copy(one), one.var(0)}, of(comm::ItemSetKind::D));
  SmallVector<AfterUse> after;
  for (AfterUse use : getAfterUses(all))
    after.push_back(use.token == arrival ? AfterUse(arrival, one.var(0)) : use);
  bySource = comm::ComputeOp::create(
      builder, all.getLoc(), all.getLabel(), all.getCallee(), one,
      {RegionUse{all.getReads()[0], received}, RegionUse{all.getReads()[1], received}},
      RegionUse{op.getRows(), one.region(one.var(0), of(comm::ItemSetKind::Y))}, after);
  replaceToken(all.getToken(), bySource);
  all.erase();
}

/// What the rows for a source wait for.
SmallVector<AfterUse> StaggeredExpander::afterRows(comm::CombineOp op, AffineExpr source) const {
  SmallVector<AfterUse> after;
  for (AfterUse use : getAfterUses(op))
    after.push_back(bySource && use.token == bySource ? AfterUse(bySource, source) : use);
  return after;
}

/// One sum for each token of each source. Returns the task.
Value StaggeredExpander::sumOwn(comm::CombineOp op) {
  Location loc = op.getLoc();
  int64_t ranks = plan.getRanks();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  sums = makeBuffer(loc, "q", comm::BufferSpace::Local, comm::BufferLayout::Seq, ranks, 1, bytes);
  returned = makeCopies(loc, "part", comm::BufferLayout::Seq, ranks, 1, bytes);
  std::string task = makeTask(loc, "rank_sum", comm::TaskKind::RankSum);
  // In the order in which they are sent: or all ranks would make, and send, those of rank 0 first.
  Scope sum(builder.getContext(), "s", DomainKind::Stagger);
  comm::ItemSetAttr tokens = sum.set(comm::ItemSetKind::D, {sum.var(0), sum.rank()});
  comm::ItemSetAttr rows = sum.set(comm::ItemSetKind::Y, {sum.var(0), sum.rank()});
  return comm::ReduceOp::create(
      builder, loc, getLabel("pa"), task, sum,
      {RegionUse{receivedRecords, sum.region({copy(sum), sum.var(0)}, tokens)},
       RegionUse{op.getRows(), sum.region(sum.var(0), rows)}},
      RegionUse{sums, sum.region(sum.var(0), tokens)}, afterRows(op, sum.var(0)));
}

/// Every expert's row to its slot at some of the ranks, or one sum for each of their
/// tokens. Returns the puts.
Value StaggeredExpander::sendBack(comm::CombineOp op, const Peers &peers) {
  const Scope &scope = peers.scope;
  std::string label = getLabel("pc" + peers.suffix);
  if (solution.combine == scheduling::Combine::Partial) {
    comm::ItemSetAttr tokens = scope.set(comm::ItemSetKind::D, {peers.rank, scope.rank()});
    auto pc =
        comm::PutOp::create(builder, op.getLoc(), label, scope, peers.rank,
                            RegionUse{returned, scope.region({copy(scope), scope.rank()}, tokens)},
                            RegionUse{sums, scope.region(peers.rank, tokens)}, solution.window,
                            AfterUse(ownSum, peers.rank), peers.via);
    pc.setEngine(engine());
    return pc;
  }
  if (solution.copyEngine)
    return sendBlocksBack(op, peers, label);
  comm::ItemSetAttr rows = scope.set(comm::ItemSetKind::Y, {peers.rank, scope.rank()});
  return comm::PutOp::create(builder, op.getLoc(), label, scope, peers.rank,
                             RegionUse{op.getReturned(), scope.region(copy(scope), rows)},
                             RegionUse{op.getRows(), scope.region(peers.rank, rows)},
                             solution.window, afterRows(op, peers.rank), peers.via);
}

/// The same in blocks, which the source takes apart. Returns the puts.
Value StaggeredExpander::sendBlocksBack(comm::CombineOp op, const Peers &peers, StringRef label) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  const Scope &scope = peers.scope;
  int64_t ranks = plan.getRanks(), topK = plan.getTopk();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value packed = makeBuffer(loc, "rows_back", comm::BufferSpace::Local, Seq, ranks, topK, bytes);
  blocks = makeCopies(loc, "blocks", Seq, ranks, topK, bytes);
  comm::ItemSetAttr rows = scope.set(comm::ItemSetKind::Y, {peers.rank, scope.rank()});
  builder.setInsertionPoint(op);
  RegionUse block{packed, scope.region(peers.rank, rows)};
  auto cy = comm::CopyOp::create(builder, loc, getLabel("cy" + peers.suffix), scope, block,
                                 RegionUse{op.getRows(), scope.region(peers.rank, rows)},
                                 afterRows(op, peers.rank));
  auto pc = comm::PutOp::create(builder, loc, label, scope, peers.rank,
                                RegionUse{blocks, scope.region({copy(scope), scope.rank()}, rows)},
                                block, solution.window, peers.same(cy), peers.via);
  pc.setEngine(engine());
  return pc;
}

/// Rows of the blocks to their slots. Returns the copies.
Value StaggeredExpander::unpack(comm::CombineOp op, Value wait) {
  Scope peer(builder.getContext(), "p", DomainKind::All);
  comm::ItemSetAttr rows = peer.set(comm::ItemSetKind::Y, {peer.rank(), peer.var(0)});
  return comm::CopyOp::create(builder, op.getLoc(), getLabel("cu"), peer,
                              RegionUse{op.getReturned(), peer.region({}, rows)},
                              RegionUse{blocks, peer.region({copy(peer), peer.var(0)}, rows)},
                              AfterUse(wait, peer.var(0)));
}

/// The source adds up sums of ranks.
void StaggeredExpander::expectSums(comm::CombineOp op) {
  Scope parts(builder.getContext(), "p", DomainKind::All);
  replaceSlotSum(
      op,
      {returned, parts.eachRegion({copy(parts), parts.var(0)},
                                  parts.set(comm::ItemSetKind::D, {parts.rank(), parts.var(0)}))},
      comm::SumTree::RankPartial);
}

void StaggeredExpander::expand(comm::CombineOp op) {
  Location loc = op.getLoc();
  comm::FlagOp flag = makeFlag(loc, "fc", int64_t(plan.getRanks()), /*carry=*/false);
  if (solution.pipelinesExperts)
    pipelineExperts(op);
  builder.setInsertionPoint(op);
  if (solution.combine == scheduling::Combine::Partial)
    ownSum = sumOwn(op);
  else if (!solution.copyEngine)
    makeSymmetric(op.getReturned());
  for (const Peers &peers : getPeers("s")) {
    Value pc = sendBack(op, peers);
    comm::SignalOp::create(builder, loc, getLabel("sc" + peers.suffix), peers.scope, peers.rank,
                           flag, {copy(peers.scope), peers.scope.rank()}, nullptr, peers.same(pc),
                           peers.via);
  }
  if (solution.combine == scheduling::Combine::Partial)
    expectSums(op);
  Scope wait(builder.getContext(), "p", DomainKind::All);
  builder.setInsertionPoint(op);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  Value arrived = comm::WaitOp::create(builder, loc, getLabel("wc"), wait, flag,
                                       {copy(wait), wait.var(0)}, nullptr, {});
  replaceToken(op.getToken(), blocks ? unpack(op, arrived) : arrived);
  Operation *old = op.getReturned().getDefiningOp();
  op.erase();
  if (old->use_empty()) // partial sums come back elsewhere
    old->erase();
}

void expandStaggered(comm::PlanOp plan, Exchange exchange,
                     const scheduling::ScheduleSolution &solution) {
  StaggeredExpander expander(plan, solution);
  if (exchange.dispatch)
    expander.expand(exchange.dispatch);
  if (exchange.combine)
    expander.expand(exchange.combine);
}

} // namespace moec
