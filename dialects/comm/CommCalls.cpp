//===- CommCalls.cpp - What tasks of a kind read and write ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints of comm.compute and comm.reduce.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommRules.h"
#include "dialects/comm/CommSyntax.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec::comm;

namespace {
/// A set that a task kind asks for: `r` stands for the rank, `a` for its node, `v` for
/// any domain variable, `s` and `p` for any rank.
struct Wanted {
  ItemSetKind kind;
  StringRef args;
};
struct Shape {
  SmallVector<Wanted> reads;
  SmallVector<Wanted> writes;
  size_t optionalReads = 0; ///< the last ones
};
} // namespace

static Shape getShape(TaskKind kind, SumTree result) {
  Wanted own{ItemSetKind::A, "r"};
  switch (kind) {
  case TaskKind::Route:
  case TaskKind::Shared:
    return {{own}, {own}};
  case TaskKind::Pack:
    return {{own}, {{ItemSetKind::D, "rv"}}};
  case TaskKind::Experts:
    return {{{ItemSetKind::D, "vr"}, {ItemSetKind::D, "vr"}}, {{ItemSetKind::Y, "vr"}}};
  case TaskKind::SlotSum:
    return {{own, {ItemSetKind::Y, "rv"}, own, own}, {own}, 2};
  case TaskKind::PackNodes:
    return {{own}, {{ItemSetKind::M, "rv"}}};
  case TaskKind::Split:
    return {{{ItemSetKind::M, "sa"}}, {{ItemSetKind::D, "sp"}}};
  case TaskKind::RankSum:
    return {{{ItemSetKind::D, "vr"}, {ItemSetKind::Y, "vr"}}, {{ItemSetKind::D, "vr"}}};
  case TaskKind::NodeSum:
    return {{{ItemSetKind::M, "sa"}, {ItemSetKind::D, "sp"}}, {{ItemSetKind::M, "sa"}}};
  case TaskKind::PartSum: {
    ItemSetKind parts = result == SumTree::NodePartial ? ItemSetKind::M : ItemSetKind::D;
    return {{own, {parts, "rv"}, own, own}, {own}, 2};
  }
  case TaskKind::Select:
    return {{{ItemSetKind::A, "v"}}, {{ItemSetKind::D, "vr"}}};
  case TaskKind::FullSum:
    return {{{ItemSetKind::D, "vr"}, {ItemSetKind::Y, "vr"}}, {{ItemSetKind::A, "v"}}};
  case TaskKind::SwitchSum:
    return {{own, own, own}, {own}, 2};
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return {};
  }
  llvm_unreachable("all kinds are handled");
}

static std::string toString(ArrayRef<Wanted> wanted) {
  return llvm::join(
      llvm::map_range(wanted,
                      [](Wanted set) {
                        return (stringifyItemSetKind(set.kind) + "(" + set.args.take_front() +
                                (set.args.size() > 1 ? "," : "") + set.args.drop_front() + ")")
                            .str();
                      }),
      " ");
}

/// Whether an argument of a set is what the letter stands for.
static bool matches(AffineExpr expr, char letter, int64_t lanes) {
  AffineExpr rank = getAffineDimExpr(rankDim, expr.getContext());
  switch (letter) {
  case 'r':
    return expr == rank;
  case 'a':
    return expr == rank.floorDiv(lanes);
  case 'v': {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && dim.getPosition() >= firstDomainDim;
  }
  default:
    return true;
  }
}

/// A piece stands for its whole.
static bool isPieceOf(ItemSetKind kind, ItemSetKind whole) {
  return (kind == ItemSetKind::P && whole == ItemSetKind::M) ||
         (kind == ItemSetKind::Q && whole == ItemSetKind::D);
}

static bool matches(RegionUse use, Wanted wanted, int64_t lanes) {
  ItemSetAttr items = use.region.getItems();
  if (items.getKind() != wanted.kind && !isPieceOf(items.getKind(), wanted.kind))
    return false;
  return llvm::all_of(llvm::zip(items.getArgs().getResults(), wanted.args), [&](auto pair) {
    auto [expr, letter] = pair;
    return matches(expr, letter, lanes);
  });
}

static bool matches(ArrayRef<RegionUse> uses, ArrayRef<Wanted> wanted, size_t optional,
                    int64_t lanes) {
  if (uses.size() > wanted.size() || uses.size() + optional < wanted.size())
    return false;
  return llvm::all_of(llvm::zip(uses, wanted), [&](auto pair) {
    auto [use, set] = pair;
    return matches(use, set, lanes);
  });
}

static std::string describe(FamilyOp op, ArrayRef<RegionUse> uses) {
  return llvm::join(llvm::map_range(uses,
                                    [&](RegionUse use) {
                                      return toString(
                                          use.region.getItems(),
                                          getNames(op.getDomains(), use.region.getEach()));
                                    }),
                    " ");
}

/// What the letters of a shape mean.
static StringRef getLetters(const Shape &shape) {
  bool ofNode = llvm::any_of(shape.reads, [](Wanted set) { return set.args.contains('a'); });
  return ofNode ? " for the node a of r and any ranks s and p" : " for a variable v";
}

/// compute-c6: pieces are of a rank_sum or node_sum, and then the same one of all its sets
/// but rows, which lie in slots.
static LogicalResult verifyPieces(FamilyOp op, TaskKind kind) {
  SmallVector<RegionUse> uses = op.getReadUses();
  llvm::append_range(uses, op.getWriteUses());
  auto pieceOf = [](RegionUse use) {
    AffineMap args = use.region.getItems().getArgs();
    return args.getNumResults() == 3 ? args.getResult(2) : AffineExpr();
  };
  if (uses.empty())
    return success();
  AffineExpr piece = pieceOf(uses.front());
  bool isOne = llvm::all_of(uses, [&](RegionUse use) {
    return use.region.getItems().getKind() == ItemSetKind::Y || pieceOf(use) == piece;
  });
  bool mayBe = kind == TaskKind::RankSum || kind == TaskKind::NodeSum;
  if (isOne && (!piece || mayBe))
    return success();
  return op.emitOpError() << "task of kind " << stringifyTaskKind(kind)
                          << (mayBe ? " takes one piece of all its sets, or none"
                                    : " takes no pieces");
}

/// compute-c3
static LogicalResult verifyShape(FamilyOp op, TaskKind kind) {
  PlanOp plan = getPlan(op);
  Shape shape = getShape(kind, plan.getResult());
  int64_t lanes = plan.getRanks() / plan.getNodes();
  SmallVector<RegionUse> reads = op.getReadUses(), writes = op.getWriteUses();
  if (matches(reads, shape.reads, shape.optionalReads, lanes) &&
      matches(writes, shape.writes, 0, lanes))
    return success();
  return op.emitOpError() << "task of kind " << stringifyTaskKind(kind) << " reads "
                          << toString(shape.reads)
                          << (shape.optionalReads ? " (the last two optional)" : "")
                          << " and writes " << toString(shape.writes) << getLetters(shape)
                          << ", not " << describe(op, reads) << " and " << describe(op, writes);
}

LogicalResult moec::comm::verifyRecordSize(Operation *op, StringRef what, Value buffer,
                                           uint64_t wanted) {
  auto made = cast<BufferOp>(buffer.getDefiningOp());
  if (made.getBytesPerRecord() == wanted)
    return success();
  return op->emitOpError() << what << " '" << made.getLabel() << "' must have " << wanted
                           << " bytes a record, not " << made.getBytesPerRecord();
}

uint64_t moec::comm::getRouteBytes(Operation *op) { return 12 * getPlan(op).getTopk(); }
uint64_t moec::comm::getRecordBytes(Operation *op) { return 4 * (2 + 2 * getPlan(op).getTopk()); }
static uint64_t getNodeRecordBytes(Operation *op) { return 4 * (2 + 3 * getPlan(op).getTopk()); }

/// compute-c4
static LogicalResult verifyRecordSizes(FamilyOp op, TaskKind kind) {
  SmallVector<RegionUse> reads = op.getReadUses(), writes = op.getWriteUses();
  switch (kind) {
  case TaskKind::Route:
    return verifyRecordSize(op, "route", writes[0].buffer, getRouteBytes(op));
  case TaskKind::Pack:
    if (failed(verifyRecordSize(op, "route", reads[0].buffer, getRouteBytes(op))))
      return failure();
    return verifyRecordSize(op, "records", writes[0].buffer, getRecordBytes(op));
  case TaskKind::Experts:
    return verifyRecordSize(op, "records", reads[1].buffer, getRecordBytes(op));
  case TaskKind::SlotSum:
  case TaskKind::PartSum:
    return verifyRecordSize(op, "route", reads[0].buffer, getRouteBytes(op));
  case TaskKind::PackNodes:
    if (failed(verifyRecordSize(op, "route", reads[0].buffer, getRouteBytes(op))))
      return failure();
    return verifyRecordSize(op, "records", writes[0].buffer, getNodeRecordBytes(op));
  case TaskKind::Split:
    if (failed(verifyRecordSize(op, "records", reads[0].buffer, getNodeRecordBytes(op))))
      return failure();
    return verifyRecordSize(op, "records", writes[0].buffer, getRecordBytes(op));
  case TaskKind::Select:
    if (failed(verifyRecordSize(op, "route", reads[0].buffer, getRouteBytes(op))))
      return failure();
    return verifyRecordSize(op, "records", writes[0].buffer, getRecordBytes(op));
  case TaskKind::RankSum:
  case TaskKind::FullSum:
    return verifyRecordSize(op, "records", reads[0].buffer, getRecordBytes(op));
  case TaskKind::NodeSum:
    return verifyRecordSize(op, "records", reads[0].buffer, getNodeRecordBytes(op));
  case TaskKind::Shared:
  case TaskKind::SwitchSum:
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return success();
  }
  llvm_unreachable("all kinds are handled");
}

/// Whether a task adds, and the results that it can end with.
static bool isSum(TaskKind kind) {
  switch (kind) {
  case TaskKind::SlotSum:
  case TaskKind::RankSum:
  case TaskKind::NodeSum:
  case TaskKind::PartSum:
  case TaskKind::FullSum:
  case TaskKind::SwitchSum:
    return true;
  case TaskKind::Route:
  case TaskKind::Pack:
  case TaskKind::Experts:
  case TaskKind::Shared:
  case TaskKind::PackNodes:
  case TaskKind::Split:
  case TaskKind::Select:
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return false;
  }
  llvm_unreachable("all kinds are handled");
}

static TaskKind getLastTask(SumTree result) {
  switch (result) {
  case SumTree::Rows:
    return TaskKind::SlotSum;
  case SumTree::RankPartial:
  case SumTree::NodePartial:
    return TaskKind::PartSum;
  case SumTree::Switch:
    return TaskKind::SwitchSum;
  }
  llvm_unreachable("all trees are handled");
}

static LogicalResult verifyCall(FamilyOp op, FlatSymbolRefAttr callee,
                                SymbolTableCollection &symbols) {
  // compute-c1
  auto task = symbols.lookupNearestSymbolFrom<TaskOp>(op->getParentOp(), callee);
  if (!task)
    return op.emitOpError() << "calls " << callee << ", which is no comm.task of the plan";
  // compute-c2
  bool last = task.getKind() == TaskKind::SlotSum || task.getKind() == TaskKind::PartSum ||
              task.getKind() == TaskKind::SwitchSum;
  if (isSum(task.getKind()) != isa<ReduceOp>(op))
    return op.emitOpError() << "cannot call a task of kind " << stringifyTaskKind(task.getKind())
                            << ": use " << (isSum(task.getKind()) ? "comm.reduce" : "comm.compute");
  // compute-c5
  SumTree result = getPlan(op).getResult();
  if (last && task.getKind() != getLastTask(result))
    return op.emitOpError() << "cannot end with " << stringifyTaskKind(task.getKind())
                            << " in a plan with result " << stringifySumTree(result);
  if (failed(verifyShape(op, task.getKind())) || failed(verifyPieces(op, task.getKind())))
    return failure();
  return verifyRecordSizes(op, task.getKind());
}

static LogicalResult verifyCounts(Operation *op, OperandRange buffers, ArrayAttr regions,
                                  StringRef what) {
  if (buffers.size() == regions.size())
    return success();
  return op->emitOpError() << "has " << regions.size() << " regions for " << buffers.size() << " "
                           << what << " buffers";
}

LogicalResult ComputeOp::verify() {
  if (failed(verifyCounts(*this, getReads(), getReadRegions(), "read")) ||
      failed(verifyCounts(*this, getWrites(), getWriteRegions(), "written")))
    return failure();
  return verifyFamily(*this);
}

LogicalResult ComputeOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyCall(*this, getCalleeAttr(), symbols);
}

LogicalResult ReduceOp::verify() {
  if (failed(verifyCounts(*this, getReads(), getReadRegions(), "read")) ||
      failed(verifyCounts(*this, getWrites(), getWriteRegions(), "written")) ||
      failed(verifyFamily(*this)))
    return failure();
  // reduce-c1
  for (RegionUse use : getReadUses())
    for (DomainAttr domain : use.region.getEach())
      if (!isAscending(domain.getKind()))
        return emitOpError() << "adds over '" << domain.getVariable() << "' in "
                             << stringifyDomainKind(domain.getKind())
                             << ": the order of a sum must be ascending";
  return success();
}

LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyCall(*this, getCalleeAttr(), symbols);
}
