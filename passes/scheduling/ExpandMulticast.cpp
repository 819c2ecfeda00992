//===- ExpandMulticast.cpp - By the switch, to all and from all -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/DirectReturn.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::RegionUse, comm::Scope;

namespace {
class MulticastExpander : public DirectReturn {
public:
  MulticastExpander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
      : DirectReturn(plan, solution) {}
  void expand(comm::DispatchOp dispatch);
  void expand(comm::CombineOp combine);

private:
  Value multicast(comm::DispatchOp dispatch);
  void expandSwitch(comm::CombineOp combine);

  Value routes; ///< of all ranks, by source
};
} // namespace

/// A rank's tokens and routes into its own region on every rank, with their number.
/// Tokens lie at their own place, so that who wants some of them finds these there.
/// Returns the wait.
Value MulticastExpander::multicast(comm::DispatchOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t ranks = plan.getRanks();
  auto route = op.getRoute().getDefiningOp<comm::BufferOp>();
  auto rows = op.getRows().getDefiningOp<comm::BufferOp>();
  routes = makeCopies(loc, "routes", Slot, ranks, 1, route.getBytesPerRecord());
  makeSymmetric(op.getReceived());
  op.getReceived().getDefiningOp<comm::BufferOp>().setLayout(Slot);
  comm::FlagOp flag = makeFlag(loc, "fd", ranks, /*carry=*/true);

  Scope send(builder.getContext()), wait(builder.getContext(), "s", comm::DomainKind::All);
  comm::ItemSetAttr own = send.set(comm::ItemSetKind::A, send.rank());
  comm::RegionAttr there = send.region({copy(send), send.rank()}, own), here = send.region({}, own);
  SmallVector<AfterUse> after = getAfterUses(op);
  builder.setInsertionPoint(op);
  // The caller's tokens are there from the start, wherever they will go.
  bool isInput = rows.getSpace() == comm::BufferSpace::Input;
  auto pd = comm::PutOp::create(builder, loc, getLabel("pd"), send, AffineExpr(),
                                RegionUse{op.getReceived(), there}, RegionUse{op.getRows(), here},
                                /*window=*/0, isInput ? ArrayRef<AfterUse>() : ArrayRef(after),
                                comm::Path::Multicast);
  auto pm = comm::PutOp::create(builder, loc, getLabel("pm"), send, AffineExpr(),
                                RegionUse{routes, there}, RegionUse{op.getRoute(), here},
                                /*window=*/0, after, comm::Path::Multicast);
  comm::SignalOp::create(builder, loc, getLabel("sd"), send, AffineExpr(), flag,
                         {copy(send), send.rank()}, own, {AfterUse(pd), AfterUse(pm)},
                         comm::Path::Multicast);
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  return comm::WaitOp::create(builder, loc, getLabel("wd"), wait, flag, {copy(wait), wait.var(0)},
                              wait.set(comm::ItemSetKind::A, wait.var(0)), {});
}

void MulticastExpander::expand(comm::DispatchOp op) {
  Location loc = op.getLoc();
  std::string task = makeTask(loc, "select", comm::TaskKind::Select);
  records = op.getRecords();
  Value arrived = multicast(op);
  Scope source(builder.getContext(), "s", comm::DomainKind::All);
  comm::ItemSetAttr all = source.set(comm::ItemSetKind::A, source.var(0));
  comm::ItemSetAttr mine = source.set(comm::ItemSetKind::D, {source.var(0), source.rank()});
  auto se = comm::ComputeOp::create(
      builder, loc, getLabel("se"), task, source,
      RegionUse{routes, source.region({copy(source), source.var(0)}, all)},
      RegionUse{records, source.region(source.var(0), mine)}, AfterUse(arrived, source.var(0)));
  replaceToken(op.getToken(), se);
  op.erase();
}

/// Every rank sums for all tokens of a source, zero where it has no row of one, and the
/// source takes the sum of these. No acknowledgement is sent: a rank makes the next sums
/// after it has seen the source's next tokens, which the source multicasts after its pull.
void MulticastExpander::expandSwitch(comm::CombineOp op) {
  using enum comm::BufferLayout;
  Location loc = op.getLoc();
  int64_t bytes = op.getReturned().getDefiningOp<comm::BufferOp>().getBytesPerRecord();
  Value sums = makeCopies(loc, "sums", Slot, int64_t(plan.getRanks()), 1, bytes);
  Value total = makeBuffer(loc, "total", comm::BufferSpace::Local, Slot, {}, 1, bytes);
  std::string task = makeTask(loc, "full_sum", comm::TaskKind::FullSum);

  // In the order in which sources are told: they pull while the next sums are made.
  Scope source(builder.getContext(), "s", comm::DomainKind::Stagger), own(builder.getContext());
  comm::ItemSetAttr mine = source.set(comm::ItemSetKind::D, {source.var(0), source.rank()});
  comm::ItemSetAttr rows = source.set(comm::ItemSetKind::Y, {source.var(0), source.rank()});
  comm::ItemSetAttr all = source.set(comm::ItemSetKind::A, source.var(0));
  comm::ItemSetAttr tokens = own.set(comm::ItemSetKind::A, own.rank());
  builder.setInsertionPoint(op);
  Value pa = comm::ReduceOp::create(
      builder, loc, getLabel("pa"), task, source,
      {getRecords(source, mine), RegionUse{op.getRows(), source.region(source.var(0), rows)}},
      RegionUse{sums, source.region({copy(source), source.var(0)}, all)}, getAfterUses(op));
  Value wc = signalSources(op, pa);
  Value pl = comm::PullOp::create(
      builder, loc, getLabel("pl"), own, RegionUse{total, own.region({}, tokens)},
      RegionUse{sums, own.region({copy(own), own.rank()}, tokens)}, AfterUse(wc));
  replaceSlotSum(op, {total, own.region({}, tokens)}, comm::SumTree::Switch);
  replaceToken(op.getToken(), pl);
  Operation *returned = op.getReturned().getDefiningOp();
  op.erase();
  returned->erase();
}

void MulticastExpander::expand(comm::CombineOp op) {
  if (solution.combine == scheduling::Combine::Switch)
    expandSwitch(op);
  else
    DirectReturn::expand(op);
}

void expandMulticast(comm::PlanOp plan, Exchange exchange,
                     const scheduling::ScheduleSolution &solution) {
  MulticastExpander expander(plan, solution);
  expander.expand(exchange.dispatch);
  if (exchange.combine)
    expander.expand(exchange.combine);
}

} // namespace moec
