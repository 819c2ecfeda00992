//===- ExpandExchange.cpp - Write an exchange as puts and flags -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ExpandExchange.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace moec {
using comm::AfterUse, comm::RegionUse, comm::Scope;

namespace {
class Expander {
public:
  Expander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution);
  void expand(comm::DispatchOp dispatch);
  void expand(comm::CombineOp combine);

private:
  /// A label that no op of the plan has: `wanted`, or with a number behind.
  std::string getLabel(StringRef wanted);
  comm::BufferOp makeRecords(comm::DispatchOp dispatch);
  StringRef makePackTask(Location loc);
  comm::FlagOp makeFlag(Location loc, StringRef label, bool carry);
  void makeSymmetric(Value buffer);
  void replaceToken(Value old, Value token);
  AffineExpr copy(const Scope &scope) const { return scope.step() % solution.depth; }

  comm::PlanOp plan;
  const scheduling::ScheduleSolution &solution;
  OpBuilder builder;
  llvm::StringSet<> labels;
};
} // namespace

static bool isTask(Operation &op) { return isa<comm::FamilyOp>(op); }

static std::string getUnused(StringRef wanted, llvm::function_ref<bool(StringRef)> isUsed) {
  std::string label = wanted.str();
  for (unsigned i = 1; isUsed(label); ++i)
    label = (wanted + "_" + Twine(i)).str();
  return label;
}

Expander::Expander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
    : plan(plan), solution(solution), builder(plan.getContext()) {
  for (Operation &op : plan.getBody().front()) {
    if (auto buffer = dyn_cast<comm::BufferOp>(op))
      labels.insert(buffer.getLabel());
    else if (auto flag = dyn_cast<comm::FlagOp>(op))
      labels.insert(flag.getLabel());
    else if (auto family = dyn_cast<comm::FamilyOp>(op))
      labels.insert(family.getLabel());
  }
}

std::string Expander::getLabel(StringRef wanted) {
  std::string label = getUnused(wanted, [&](StringRef name) { return labels.contains(name); });
  labels.insert(label);
  return label;
}

//===----------------------------------------------------------------------===//
// Memory and flags
//===----------------------------------------------------------------------===//

/// One region of records a destination, like those that peers send here.
comm::BufferOp Expander::makeRecords(comm::DispatchOp dispatch) {
  builder.setInsertionPointAfterValue(dispatch.getRoute());
  auto received = dispatch.getRecords().getDefiningOp<comm::BufferOp>();
  return comm::BufferOp::create(builder, dispatch.getLoc(), getLabel("record"),
                                comm::BufferSpace::Local, comm::BufferLayout::Seq,
                                int64_t(plan.getRanks()), 1, received.getBytesPerRecord());
}

StringRef Expander::makePackTask(Location loc) {
  SymbolTable symbols(plan);
  std::string name =
      getUnused("pack", [&](StringRef used) { return symbols.lookup(used) != nullptr; });
  builder.setInsertionPointToStart(&plan.getBody().front());
  for (auto task : plan.getOps<comm::TaskOp>())
    builder.setInsertionPointAfter(task);
  return comm::TaskOp::create(builder, loc, builder.getStringAttr(name),
                              comm::TaskKindAttr::get(builder.getContext(), comm::TaskKind::Pack),
                              Attribute())
      .getSymName();
}

/// A word for each copy and source: the source writes it, this rank waits for it.
comm::FlagOp Expander::makeFlag(Location loc, StringRef label, bool carry) {
  Block &body = plan.getBody().front();
  builder.setInsertionPoint(&body, llvm::find_if(body, isTask));
  return comm::FlagOp::create(builder, loc, getLabel(label),
                              {int64_t(solution.depth), int64_t(plan.getRanks())}, carry);
}

/// Puts `n mod depth` in front of every index into `buffer`, and copies behind it.
static ArrayAttr prependIndex(OperandRange buffers, ArrayAttr regions, Value buffer,
                              llvm::function_ref<comm::RegionAttr(comm::RegionAttr)> rewrite) {
  SmallVector<Attribute> rewritten;
  for (auto [operand, region] : llvm::zip(buffers, regions.getAsRange<comm::RegionAttr>()))
    rewritten.push_back(operand == buffer ? rewrite(region) : region);
  return ArrayAttr::get(regions.getContext(), rewritten);
}

void Expander::makeSymmetric(Value buffer) {
  auto made = buffer.getDefiningOp<comm::BufferOp>();
  made.setSpace(comm::BufferSpace::Sym);
  SmallVector<int64_t> extents{int64_t(solution.depth)};
  llvm::append_range(extents, made.getExtents());
  made.setExtents(extents);

  auto rewrite = [&](comm::RegionAttr region) {
    AffineMap index = region.getIndex();
    SmallVector<AffineExpr> exprs{builder.getAffineDimExpr(comm::stepDim) %
                                  int64_t(solution.depth)};
    llvm::append_range(exprs, index.getResults());
    return comm::RegionAttr::get(builder.getContext(),
                                 AffineMap::get(index.getNumDims(), 0, exprs, builder.getContext()),
                                 region.getItems(), region.getEach(),
                                 region.getFrame());
  };
  auto rewriteCall = [&](auto call) {
    call.setReadRegionsAttr(prependIndex(call.getReads(), call.getReadRegions(), buffer, rewrite));
    call.setWriteRegionsAttr(
        prependIndex(call.getWrites(), call.getWriteRegions(), buffer, rewrite));
  };
  auto rewriteMove = [&](auto move) {
    if (move.getTarget() == buffer)
      move.setTargetRegionAttr(rewrite(move.getTargetRegion()));
    if (move.getSource() == buffer)
      move.setSourceRegionAttr(rewrite(move.getSourceRegion()));
  };
  llvm::SetVector<Operation *> users(buffer.user_begin(), buffer.user_end());
  for (Operation *user : users) {
    if (auto compute = dyn_cast<comm::ComputeOp>(user))
      rewriteCall(compute);
    else if (auto reduce = dyn_cast<comm::ReduceOp>(user))
      rewriteCall(reduce);
    else if (auto put = dyn_cast<comm::PutOp>(user))
      rewriteMove(put);
    else if (auto copy = dyn_cast<comm::CopyOp>(user))
      rewriteMove(copy);
  }
}

//===----------------------------------------------------------------------===//
// Exchanges
//===----------------------------------------------------------------------===//

/// The dependences of an exchange, for the families that take its place.
static SmallVector<AfterUse> getAfterUses(comm::FamilyOp op) {
  SmallVector<AfterUse> uses;
  for (auto [token, instance] : llvm::zip(op.getAfter(), op.getAfterInstances())) {
    auto args = dyn_cast<AffineMapAttr>(instance);
    if (args && args.getValue().getNumResults())
      uses.push_back(AfterUse(token, args.getValue().getResults()));
    else
      uses.push_back(AfterUse(token));
  }
  return uses;
}

static Operation *getFirstUser(Value value) {
  Operation *first = nullptr;
  for (Operation *user : value.getUsers())
    if (!first || user->isBeforeInBlock(first))
      first = user;
  return first;
}

void Expander::replaceToken(Value old, Value token) {
  // An exchange has no domain, so whoever runs after it runs after all of it.
  for (Operation *user : llvm::make_early_inc_range(old.getUsers())) {
    auto family = cast<comm::FamilyOp>(user);
    SmallVector<Attribute> instances(family.getAfterInstances().getValue());
    for (auto [i, used] : llvm::enumerate(family.getAfter()))
      if (used == old)
        instances[i] = builder.getUnitAttr();
    family.setAfterInstancesAttr(builder.getArrayAttr(instances));
  }
  old.replaceAllUsesWith(token);
}

void Expander::expand(comm::DispatchOp op) {
  Location loc = op.getLoc();
  std::string packTask = makePackTask(loc).str();
  comm::BufferOp records = makeRecords(op);
  comm::FlagOp flag = makeFlag(loc, "fd", /*carry=*/true);
  makeSymmetric(op.getReceived());
  makeSymmetric(op.getRecords());

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

void Expander::expand(comm::CombineOp op) {
  Location loc = op.getLoc();
  comm::FlagOp flag = makeFlag(loc, "fc", /*carry=*/false);
  makeSymmetric(op.getReturned());

  Scope send(builder.getContext(), "s", comm::DomainKind::Stagger);
  Scope wait(builder.getContext(), "p", comm::DomainKind::All);
  comm::ItemSetAttr rows = send.set(comm::ItemSetKind::Y, {send.var(0), send.rank()});

  builder.setInsertionPoint(op);
  auto pc = comm::PutOp::create(builder, loc, getLabel("pc"), send, send.var(0),
                                RegionUse{op.getReturned(), send.region(copy(send), rows)},
                                RegionUse{op.getRows(), send.region(send.var(0), rows)},
                                solution.window, getAfterUses(op));
  comm::SignalOp::create(builder, loc, getLabel("sc"), send, send.var(0), flag,
                         {copy(send), send.rank()}, nullptr, AfterUse(pc, send.var(0)));
  if (Operation *user = getFirstUser(op.getToken()))
    builder.setInsertionPoint(user);
  auto wc = comm::WaitOp::create(builder, loc, getLabel("wc"), wait, flag,
                                 {copy(wait), wait.var(0)}, nullptr, {});
  replaceToken(op.getToken(), wc);
  op.erase();
}

void expandExchange(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution) {
  Expander expander(plan, solution);
  if (exchange.dispatch)
    expander.expand(exchange.dispatch);
  if (exchange.combine)
    expander.expand(exchange.combine);
}

} // namespace moec
