//===- ExpandStaggered.cpp - Straight from each rank to each rank ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ExchangeParts.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::RegionUse, comm::Scope;

namespace {
class StaggeredExpander : ExchangeParts {
public:
  StaggeredExpander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
      : ExchangeParts(plan, solution) {}
  void expand(comm::DispatchOp dispatch);
  void expand(comm::CombineOp combine);

private:
  comm::BufferOp makeRecords(comm::DispatchOp dispatch);
  Value makeReturn(comm::CombineOp combine);
  Value makePartialReturn(comm::CombineOp combine);

  Value receivedRecords; ///< of the dispatch
};
} // namespace

/// One region of records a destination, like those that peers send here.
comm::BufferOp StaggeredExpander::makeRecords(comm::DispatchOp dispatch) {
  builder.setInsertionPointAfterValue(dispatch.getRoute());
  auto received = dispatch.getRecords().getDefiningOp<comm::BufferOp>();
  return comm::BufferOp::create(builder, dispatch.getLoc(), getLabel("record"),
                                comm::BufferSpace::Local, comm::BufferLayout::Seq,
                                int64_t(plan.getRanks()), 1, received.getBytesPerRecord());
}

void StaggeredExpander::expand(comm::DispatchOp op) {
  Location loc = op.getLoc();
  std::string packTask = makeTask(loc, "pack", comm::TaskKind::Pack);
  comm::BufferOp records = makeRecords(op);
  comm::FlagOp flag = makeFlag(loc, "fd", int64_t(plan.getRanks()), /*carry=*/true);
  makeSymmetric(op.getReceived());
  makeSymmetric(op.getRecords());
  receivedRecords = op.getRecords();

  Scope pack(builder.getContext(), "p", comm::DomainKind::All);
  Scope send(builder.getContext(), "p", comm::DomainKind::Stagger);
  Scope wait(builder.getContext(), "s", comm::DomainKind::All);
  comm::ItemSetAttr sent = send.set(comm::ItemSetKind::D, {send.rank(), send.var(0)});
  comm::RegionAttr atPeer = send.region({copy(send), send.rank()}, sent);
  comm::RegionAttr packed = send.region(send.var(0), sent);
  SmallVector<AfterUse> after = getAfterUses(op);

  builder.setInsertionPoint(op);
  comm::RegionAttr routes = pack.region({}, pack.set(comm::ItemSetKind::A, pack.rank()));
  auto pk = comm::ComputeOp::create(builder, loc, getLabel("pk"), packTask, pack,
                                    RegionUse{op.getRoute(), routes},
                                    RegionUse{records.getBuffer(), packed}, after);
  auto pd = comm::PutOp::create(
      builder, loc, getLabel("pd"), send, send.var(0), RegionUse{op.getReceived(), atPeer},
      RegionUse{op.getRows(), send.region({}, sent)}, solution.window, after);
  auto pm = comm::PutOp::create(
      builder, loc, getLabel("pm"), send, send.var(0), RegionUse{op.getRecords(), atPeer},
      RegionUse{records.getBuffer(), packed}, solution.window, AfterUse(pk, send.var(0)));
  comm::SignalOp::create(builder, loc, getLabel("sd"), send, send.var(0), flag,
                         {copy(send), send.rank()}, sent,
                         {AfterUse(pd, send.var(0)), AfterUse(pm, send.var(0))});
  // What does not need the rows, such as the shared expert, stays before the wait.
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wd =
      comm::WaitOp::create(builder, loc, getLabel("wd"), wait, flag, {copy(wait), wait.var(0)},
                           wait.set(comm::ItemSetKind::D, {wait.var(0), wait.rank()}), {});
  replaceToken(op.getToken(), wd);
  op.erase();
}

/// Every expert's row to its slot. Returns the puts.
Value StaggeredExpander::makeReturn(comm::CombineOp op) {
  makeSymmetric(op.getReturned());
  Scope send(builder.getContext(), "s", comm::DomainKind::Stagger);
  comm::ItemSetAttr rows = send.set(comm::ItemSetKind::Y, {send.var(0), send.rank()});
  builder.setInsertionPoint(op);
  return comm::PutOp::create(builder, op.getLoc(), getLabel("pc"), send, send.var(0),
                             RegionUse{op.getReturned(), send.region(copy(send), rows)},
                             RegionUse{op.getRows(), send.region(send.var(0), rows)},
                             solution.window, getAfterUses(op));
}

/// One sum for each token of each source. Returns the puts.
Value StaggeredExpander::makePartialReturn(comm::CombineOp op) {
  Location loc = op.getLoc();
  int64_t ranks = plan.getRanks();
  auto old = op.getReturned().getDefiningOp<comm::BufferOp>();
  int64_t bytes = old.getBytesPerRecord();
  comm::BufferOp sums =
      makeBuffer(loc, "q", comm::BufferSpace::Local, comm::BufferLayout::Seq, ranks, 1, bytes);
  comm::BufferOp returned = makeCopies(loc, "part", comm::BufferLayout::Seq, ranks, 1, bytes);
  std::string task = makeTask(loc, "rank_sum", comm::TaskKind::RankSum);

  // In the order in which they are sent: or all ranks would make, and send, those of rank 0 first.
  Scope sum(builder.getContext(), "s", comm::DomainKind::Stagger);
  Scope send(builder.getContext(), "s", comm::DomainKind::Stagger);
  comm::ItemSetAttr tokens = send.set(comm::ItemSetKind::D, {send.var(0), send.rank()});
  comm::ItemSetAttr rows = sum.set(comm::ItemSetKind::Y, {sum.var(0), sum.rank()});
  builder.setInsertionPoint(op);
  auto pa = comm::ReduceOp::create(
      builder, loc, getLabel("pa"), task, sum,
      {RegionUse{receivedRecords, sum.region({copy(sum), sum.var(0)}, tokens)},
       RegionUse{op.getRows(), sum.region(sum.var(0), rows)}},
      RegionUse{sums, sum.region(sum.var(0), tokens)}, getAfterUses(op));
  auto pc = comm::PutOp::create(builder, loc, getLabel("pc"), send, send.var(0),
                                RegionUse{returned, send.region({copy(send), send.rank()}, tokens)},
                                RegionUse{sums, send.region(send.var(0), tokens)}, solution.window,
                                AfterUse(pa, send.var(0)));
  Scope parts(builder.getContext(), "p", comm::DomainKind::All);
  replaceSlotSum(
      op,
      {returned, parts.eachRegion({copy(parts), parts.var(0)},
                                  parts.set(comm::ItemSetKind::D, {parts.rank(), parts.var(0)}))},
      comm::SumTree::RankPartial);
  return pc;
}

void StaggeredExpander::expand(comm::CombineOp op) {
  Location loc = op.getLoc();
  comm::FlagOp flag = makeFlag(loc, "fc", int64_t(plan.getRanks()), /*carry=*/false);
  Value pc = solution.partialSums ? makePartialReturn(op) : makeReturn(op);
  Scope send(builder.getContext(), "s", comm::DomainKind::Stagger);
  Scope wait(builder.getContext(), "p", comm::DomainKind::All);
  builder.setInsertionPoint(op);
  comm::SignalOp::create(builder, loc, getLabel("sc"), send, send.var(0), flag,
                         {copy(send), send.rank()}, nullptr, AfterUse(pc, send.var(0)));
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wc = comm::WaitOp::create(builder, loc, getLabel("wc"), wait, flag,
                                 {copy(wait), wait.var(0)}, nullptr, {});
  replaceToken(op.getToken(), wc);
  Operation *returned = op.getReturned().getDefiningOp();
  op.erase();
  if (returned->use_empty()) // partial sums come back elsewhere
    returned->erase();
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
