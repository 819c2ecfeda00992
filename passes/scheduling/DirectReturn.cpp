//===- DirectReturn.cpp - Straight back to each token's rank --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/DirectReturn.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::RegionUse, comm::Scope;

/// Peers put them, copy for copy, or this rank has made them.
RegionUse DirectReturn::getRecords(const Scope &scope, comm::ItemSetAttr tokens) const {
  bool isPut = records.getDefiningOp<comm::BufferOp>().getSpace() == comm::BufferSpace::Sym;
  return {records, isPut ? scope.region({copy(scope), scope.var(0)}, tokens)
                         : scope.region(scope.var(0), tokens)};
}

/// Every expert's row to its slot. Returns the puts.
Value DirectReturn::makeReturn(comm::CombineOp op) {
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
Value DirectReturn::makePartialReturn(comm::CombineOp op) {
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
      {getRecords(sum, tokens), RegionUse{op.getRows(), sum.region(sum.var(0), rows)}},
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

Value DirectReturn::signalSources(comm::CombineOp op, Value after) {
  Location loc = op.getLoc();
  comm::FlagOp flag = makeFlag(loc, "fc", int64_t(plan.getRanks()), /*carry=*/false);
  Scope send(builder.getContext(), "s", comm::DomainKind::Stagger);
  Scope wait(builder.getContext(), "p", comm::DomainKind::All);
  builder.setInsertionPoint(op);
  comm::SignalOp::create(builder, loc, getLabel("sc"), send, send.var(0), flag,
                         {copy(send), send.rank()}, nullptr, AfterUse(after, send.var(0)));
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  return comm::WaitOp::create(builder, loc, getLabel("wc"), wait, flag, {copy(wait), wait.var(0)},
                              nullptr, {});
}

void DirectReturn::expand(comm::CombineOp op) {
  bool isPartial = solution.combine == scheduling::Combine::Partial;
  Value puts = isPartial ? makePartialReturn(op) : makeReturn(op);
  replaceToken(op.getToken(), signalSources(op, puts));
  Operation *returned = op.getReturned().getDefiningOp();
  op.erase();
  if (returned->use_empty()) // partial sums come back elsewhere
    returned->erase();
}

} // namespace moec
