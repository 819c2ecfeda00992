//===- CommRules.cpp - Constraints that comm ops share --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommRules.h"
#include "dialects/comm/CommSyntax.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace moec::comm;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

PlanOp moec::comm::getPlan(Operation *op) { return cast<PlanOp>(op->getParentOp()); }

/// Whether an expression has a form in a plan, with dimensions below `scope`.
static bool isPlanExpr(AffineExpr expr, unsigned scope) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() < scope;
  if (isa<AffineConstantExpr>(expr))
    return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || !isPlanExpr(binary.getLHS(), scope))
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return isPlanExpr(binary.getRHS(), scope);
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!constant || expr.getKind() == AffineExprKind::CeilDiv)
    return false;
  return expr.getKind() == AffineExprKind::Mul || constant.getValue() > 0;
}

/// region-c2: the map is over the scope, and each result has a form in a plan.
LogicalResult moec::comm::verifyMap(Operation *op, StringRef what, AffineMap map,
                                    const OpScope &scope) {
  ArrayRef<StringRef> names = scope.names;
  if (map.getNumDims() != names.size() || map.getNumSymbols() != 0)
    return op->emitOpError() << what << " must be an expression in " << llvm::join(names, ", ")
                             << ", not over " << map.getNumDims() << " variables and "
                             << map.getNumSymbols() << " symbols";
  for (AffineExpr expr : map.getResults())
    if (!isPlanExpr(expr, names.size()))
      return op->emitOpError() << what << " '" << toString(expr, names)
                               << "' has a product, quotient or remainder by something other than "
                                  "a constant, or a divisor below 1";
  return success();
}

OpScope moec::comm::getOpScope(Operation *op, ArrayAttr domains, ArrayRef<DomainAttr> each) {
  PlanOp plan = getPlan(op);
  OpScope scope{getNames(domains, each), {}};
  scope.ranges = {Range{0, int64_t(plan.getRanks()) - 1}, Range{1, std::nullopt}};
  auto add = [&](DomainAttr domain) {
    scope.ranges.push_back(Range{0, getDomainLimit(plan, domain.getKind()) - 1});
  };
  llvm::for_each(domains.getAsRange<DomainAttr>(), add);
  llvm::for_each(each, add);
  return scope;
}

LogicalResult moec::comm::verifyBelow(Operation *op, StringRef what, StringRef noun, int64_t count,
                                      AffineMap map, const OpScope &scope) {
  for (AffineExpr expr : map.getResults())
    if (!getRange(expr, scope.ranges).isWithin(0, count - 1))
      return op->emitOpError() << what << " '" << toString(expr, scope.names) << "' must be a "
                               << noun << ", 0 to " << count - 1 << ", for every value of its "
                               << "variables";
  return success();
}

LogicalResult moec::comm::verifyRanks(Operation *op, StringRef what, AffineMap map,
                                      const OpScope &scope) {
  return verifyBelow(op, what, "rank", getPlan(op).getRanks(), map, scope);
}

/// As many results as extents, each within its own.
LogicalResult moec::comm::verifyIndex(Operation *op, StringRef name, ArrayRef<int64_t> extents,
                                      AffineMap index, const OpScope &scope) {
  if (failed(verifyMap(op, "index", index, scope)))
    return failure();
  if (index.getNumResults() != extents.size())
    return op->emitOpError() << "'" << name << "' takes " << extents.size() << " indices, not "
                             << index.getNumResults();
  for (auto [extent, expr] : llvm::zip(extents, index.getResults()))
    if (!getRange(expr, scope.ranges).isWithin(0, extent - 1))
      return op->emitOpError() << "index '" << toString(expr, scope.names) << "' of '" << name
                               << "' must stay below its extent " << extent;
  return success();
}

/// What a piece is cut from, and lies in.
static std::optional<ItemSetKind> getWhole(ItemSetKind kind) {
  switch (kind) {
  case ItemSetKind::S:
  case ItemSetKind::P:
    return ItemSetKind::M;
  case ItemSetKind::Q:
    return ItemSetKind::D;
  case ItemSetKind::A:
  case ItemSetKind::D:
  case ItemSetKind::Y:
  case ItemSetKind::M:
    return std::nullopt;
  }
  llvm_unreachable("all kinds are handled");
}

LogicalResult moec::comm::verifyItems(Operation *op, ItemSetAttr items, const OpScope &scope) {
  // region-c4
  AffineMap args = items.getArgs();
  if (failed(verifyMap(op, "argument of a set", args, scope)))
    return failure();
  PlanOp plan = getPlan(op);
  std::string ofKind = (" argument of " + stringifyItemSetKind(items.getKind())).str();
  unsigned count = args.getNumResults();
  bool isOfNode = getWhole(items.getKind()) == ItemSetKind::M || items.getKind() == ItemSetKind::M;
  unsigned ranks = isOfNode ? 1 : std::min(count, 2u);
  for (unsigned i = 0; i < ranks; ++i)
    if (failed(verifyRanks(op, "argument of a set", args.getSubMap(i), scope)))
      return failure();
  if (isOfNode &&
      failed(verifyBelow(op, "second" + ofKind, "node", plan.getNodes(), args.getSubMap(1), scope)))
    return failure();
  if (count > 2 && failed(verifyBelow(op, "third" + ofKind, "stage", plan.getStages(),
                                      args.getSubMap(2), scope)))
    return failure();
  if (count > 3)
    return verifyBelow(op, "fourth" + ofKind, "lane", plan.getRanks() / plan.getNodes(),
                       args.getSubMap(3), scope);
  return success();
}

/// Of a flag's value from step to step: those of a few steps are compared modulo 2^32.
static constexpr int64_t maxGrowth = 1 << 16;

/// signal-c2, wait-c2
LogicalResult moec::comm::verifyValue(Operation *op, AffineMap value, const OpScope &scope) {
  if (value.getNumResults() != 1)
    return op->emitOpError() << "takes one value, not " << value.getNumResults();
  if (failed(verifyMap(op, "value", value, scope)))
    return failure();
  AffineExpr expr = value.getResult(0);
  bool fits = !expr.walk([](AffineExpr part) { // what divides the step comes round again
                     bool divides = part.getKind() == AffineExprKind::Mod ||
                                    part.getKind() == AffineExprKind::FloorDiv ||
                                    part.getKind() == AffineExprKind::CeilDiv;
                     return divides ? WalkResult::interrupt() : WalkResult::advance();
                   })
                   .wasInterrupted();
  for (unsigned dim = 0; dim < value.getNumDims(); ++dim)
    fits &= dim == stepDim || !expr.isFunctionOfDim(dim);
  SmallVector<int64_t> dims(value.getNumDims(), 0);
  int64_t last = 0;
  for (int64_t step = 1; fits && step <= 8; ++step) {
    dims[stepDim] = step;
    int64_t next = evaluate(expr, dims);
    fits = next > last && next - last <= maxGrowth;
    last = next;
  }
  if (!fits)
    return op->emitOpError() << "value '" << toString(expr, scope.names)
                             << "' must depend on n alone, be positive and grow with it, by "
                             << maxGrowth << " at most and without quotients";
  return success();
}

//===----------------------------------------------------------------------===//
// Regions and dependences
//===----------------------------------------------------------------------===//

/// region-c0
FailureOr<BufferOp> moec::comm::getBufferOp(Operation *op, Value value) {
  if (auto buffer = value.getDefiningOp<BufferOp>())
    return buffer;
  return op->emitOpError("buffer operand must be the result of comm.buffer");
}

FailureOr<FlagOp> moec::comm::getFlagOp(Operation *op, Value value) {
  if (auto flag = value.getDefiningOp<FlagOp>())
    return flag;
  return op->emitOpError("flag operand must be the result of comm.flag");
}

/// domain-c1: names are distinct (r and n are refused by the attribute).
static LogicalResult verifyNames(Operation *op, ArrayRef<StringRef> names) {
  llvm::StringSet<> seen;
  for (StringRef name : names)
    if (!seen.insert(name).second)
      return op->emitOpError() << "declares the variable '" << name << "' twice";
  return success();
}

/// region-c6
static LogicalResult verifyFrame(FamilyOp op, BufferOp buffer, RegionAttr region,
                                 const OpScope &scope) {
  ItemSetAttr frame = region.getFrame(), items = region.getItems();
  std::optional<ItemSetKind> cutFrom = getWhole(items.getKind());
  if (!frame && cutFrom && buffer.getLayout() == BufferLayout::Seq)
    return op.emitOpError() << "holds " << toString(items, scope.names) << " in '"
                            << buffer.getLabel() << "' of layout seq without "
                            << stringifyItemSetKind(*cutFrom) << " around it";
  if (!frame)
    return success();
  if (failed(verifyItems(op, frame, scope)))
    return failure();
  AffineMap whole = frame.getArgs(), part = items.getArgs();
  bool isPiece = cutFrom == frame.getKind();
  bool isToPeer = items.getKind() == ItemSetKind::D || items.getKind() == ItemSetKind::Q;
  bool isPart = whole.getResult(0) == part.getResult(0) &&
                (isPiece ? whole.getResult(1) == part.getResult(1)
                         : frame.getKind() == ItemSetKind::M && isToPeer);
  if (!isPart)
    return op.emitOpError() << toString(items, scope.names) << " is no part of "
                            << toString(frame, scope.names)
                            << ": a frame is M around D or Q of the same rank, or around S or P "
                               "of it and the same node, or D around Q of it and the same peer";
  auto put = dyn_cast<PutOp>(op.getOperation());
  bool mayHave = put ? put.getSourceRegion() == region || isPiece
                     : isPiece && isa<ReduceOp>(op.getOperation());
  if (!mayHave)
    return op.emitOpError("has a frame, which only the source of a put may have, or a put or "
                          "reduce around pieces");
  if (buffer.getLayout() != BufferLayout::Seq)
    return op.emitOpError() << "takes a part of '" << buffer.getLabel()
                            << "', which must have layout seq";
  return success();
}

static LogicalResult verifyRegion(FamilyOp op, RegionUse use) {
  FailureOr<BufferOp> buffer = getBufferOp(op, use.buffer);
  if (failed(buffer))
    return failure();
  OpScope scope = getOpScope(op, op.getDomains(), use.region.getEach());
  // region-c1, region-c2
  if (failed(verifyNames(op, scope.names)) ||
      failed(verifyIndex(op, buffer->getLabel(), buffer->getExtents(), use.region.getIndex(),
                         scope)) ||
      failed(verifyItems(op, use.region.getItems(), scope)) ||
      failed(verifyFrame(op, *buffer, use.region, scope)))
    return failure();
  // region-c3
  bool rows = use.region.getItems().getKind() == ItemSetKind::Y;
  uint64_t wanted = rows ? getPlan(op).getTopk() : 1;
  if (buffer->getRecordsPerToken() != wanted)
    return op.emitOpError() << "'" << buffer->getLabel() << "' must have " << wanted
                            << " records a token to hold "
                            << toString(use.region.getItems(), scope.names) << ", not "
                            << buffer->getRecordsPerToken();
  return success();
}

/// region-c5
static LogicalResult verifyDirections(FamilyOp op) {
  for (RegionUse use : op.getReadUses())
    if (auto buffer = use.buffer.getDefiningOp<BufferOp>();
        buffer && buffer.getSpace() == BufferSpace::Output)
      return op.emitOpError() << "reads the output '" << buffer.getLabel() << "'";
  for (RegionUse use : op.getWriteUses())
    if (auto buffer = use.buffer.getDefiningOp<BufferOp>();
        buffer && buffer.getSpace() == BufferSpace::Input)
      return op.emitOpError() << "writes the input '" << buffer.getLabel() << "'";
  return success();
}

/// Whether an expression is never the rank's own node: no bounds would tell.
static bool isOtherNode(FamilyOp op, AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  if (!dim || dim.getPosition() < firstDomainDim ||
      dim.getPosition() - firstDomainDim >= op.getDomains().size())
    return false;
  auto domain = cast<DomainAttr>(op.getDomains()[dim.getPosition() - firstDomainDim]);
  return domain.getKind() == DomainKind::OtherNodes;
}

/// The values of the earlier family's variables; a symbol is any value.
static LogicalResult verifyInstance(FamilyOp op, FamilyOp earlier, AffineMap map,
                                    const OpScope &scope) {
  bool named = false;
  for (auto [expr, domain] :
       llvm::zip(map.getResults(), earlier.getDomains().getAsRange<DomainAttr>())) {
    if (isa<AffineSymbolExpr>(expr))
      continue;
    named = true;
    AffineMap one = AffineMap::get(map.getNumDims(), 0, expr);
    int64_t size = getDomainLimit(getPlan(op), domain.getKind());
    if (domain.getKind() == DomainKind::OtherNodes && !isOtherNode(op, expr))
      return op.emitOpError() << "value of '" << domain.getVariable()
                              << "' must be a variable of its own that runs through other_nodes";
    if (failed(verifyMap(op, "instance", one, scope)) ||
        failed(verifyBelow(op, "instance", "value of '" + domain.getVariable().str() + "'", size,
                           one, scope)))
      return failure();
  }
  if (!named)
    return op.emitOpError() << "names any value of every variable of '" << earlier.getLabel()
                            << "': write the token alone";
  return success();
}

/// after-c1
static LogicalResult verifyAfter(FamilyOp op) {
  if (op.getAfter().size() != op.getAfterInstances().size())
    return op.emitOpError() << "names " << op.getAfterInstances().size() << " instances for "
                            << op.getAfter().size() << " tokens";
  OpScope scope = getOpScope(op, op.getDomains());
  for (auto [token, instance] : llvm::zip(op.getAfter(), op.getAfterInstances())) {
    auto earlier = token.getDefiningOp<FamilyOp>();
    if (!earlier)
      return op.emitOpError("token must be the result of a family of tasks");
    auto args = dyn_cast<AffineMapAttr>(instance);
    if (!args)
      continue;
    AffineMap map = args.getValue();
    if (map.getNumResults() != earlier.getDomains().size()) {
      InFlightDiagnostic error = op.emitOpError()
                                 << "names " << map.getNumResults() << " values of '"
                                 << earlier.getLabel() << "', which has "
                                 << earlier.getDomains().size() << " domain variables";
      error.attachNote(earlier.getLoc()) << "'" << earlier.getLabel() << "' is here";
      return error;
    }
    if (failed(verifyInstance(op, earlier, map, scope)))
      return failure();
  }
  return success();
}

LogicalResult moec::comm::verifyFamily(FamilyOp op) {
  if (failed(verifyNames(op, getNames(op.getDomains()))) || failed(verifyAfter(op)))
    return failure();
  for (RegionUse use : op.getReadUses())
    if (failed(verifyRegion(op, use)))
      return failure();
  for (RegionUse use : op.getWriteUses())
    if (failed(verifyRegion(op, use)))
      return failure();
  return verifyDirections(op);
}
