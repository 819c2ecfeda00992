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
                                    ArrayRef<StringRef> names) {
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

/// Where the dimensions of a scope lie: ranks for all but the step.
SmallVector<Range> moec::comm::getScopeRanges(Operation *op, unsigned scope) {
  int64_t last = getPlan(op).getRanks() - 1;
  SmallVector<Range> ranges(scope, Range{0, last});
  ranges[stepDim] = Range{1, std::nullopt};
  return ranges;
}

/// Every result of the map is a rank.
LogicalResult moec::comm::verifyRanks(Operation *op, StringRef what, AffineMap map,
                                      ArrayRef<StringRef> names) {
  int64_t last = getPlan(op).getRanks() - 1;
  for (AffineExpr expr : map.getResults())
    if (!getRange(expr, getScopeRanges(op, names.size())).isWithin(0, last))
      return op->emitOpError() << what << " '" << toString(expr, names) << "' must be a rank, 0 to "
                               << last << ", for every value of its "
                               << "variables";
  return success();
}

/// As many results as extents, each within its own.
LogicalResult moec::comm::verifyIndex(Operation *op, StringRef name, ArrayRef<int64_t> extents,
                                      AffineMap index, ArrayRef<StringRef> names) {
  if (failed(verifyMap(op, "index", index, names)))
    return failure();
  if (index.getNumResults() != extents.size())
    return op->emitOpError() << "'" << name << "' takes " << extents.size() << " indices, not "
                             << index.getNumResults();
  for (auto [extent, expr] : llvm::zip(extents, index.getResults()))
    if (!getRange(expr, getScopeRanges(op, names.size())).isWithin(0, extent - 1))
      return op->emitOpError() << "index '" << toString(expr, names) << "' of '" << name
                               << "' must stay below its extent " << extent;
  return success();
}

LogicalResult moec::comm::verifyItems(Operation *op, ItemSetAttr items, ArrayRef<StringRef> names) {
  // region-c4
  if (failed(verifyMap(op, "argument of a set", items.getArgs(), names)))
    return failure();
  return verifyRanks(op, "argument of a set", items.getArgs(), names);
}

/// signal-c2, wait-c2
LogicalResult moec::comm::verifyValue(Operation *op, AffineMap value, ArrayRef<StringRef> names) {
  if (value.getNumResults() != 1)
    return op->emitOpError() << "takes one value, not " << value.getNumResults();
  if (failed(verifyMap(op, "value", value, names)))
    return failure();
  AffineExpr expr = value.getResult(0);
  bool fits = true;
  for (unsigned dim = 0; dim < value.getNumDims(); ++dim)
    fits &= dim == stepDim || !expr.isFunctionOfDim(dim);
  SmallVector<int64_t> dims(value.getNumDims(), 0);
  int64_t last = 0;
  for (int64_t step = 1; fits && step <= 8; ++step) {
    dims[stepDim] = step;
    int64_t next = evaluate(expr, dims);
    fits = next > last;
    last = next;
  }
  if (!fits)
    return op->emitOpError() << "value '" << toString(expr, names)
                             << "' must depend on n alone, be positive and grow with it";
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

static LogicalResult verifyRegion(FamilyOp op, RegionUse use) {
  FailureOr<BufferOp> buffer = getBufferOp(op, use.buffer);
  if (failed(buffer))
    return failure();
  Names names = getNames(op.getDomains(), use.region.getEach());
  // region-c1, region-c2
  if (failed(verifyNames(op, names)) ||
      failed(verifyIndex(op, buffer->getLabel(), buffer->getExtents(), use.region.getIndex(),
                         names)) ||
      failed(verifyItems(op, use.region.getItems(), names)))
    return failure();
  // region-c3
  bool rows = use.region.getItems().getKind() == ItemSetKind::Y;
  uint64_t wanted = rows ? getPlan(op).getTopk() : 1;
  if (buffer->getRecordsPerToken() != wanted)
    return op.emitOpError() << "'" << buffer->getLabel() << "' must have " << wanted
                            << " records a token to hold " << toString(use.region.getItems(), names)
                            << ", not " << buffer->getRecordsPerToken();
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

/// after-c1
static LogicalResult verifyAfter(FamilyOp op) {
  if (op.getAfter().size() != op.getAfterInstances().size())
    return op.emitOpError() << "names " << op.getAfterInstances().size() << " instances for "
                            << op.getAfter().size() << " tokens";
  Names names = getNames(op.getDomains());
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
    if (failed(verifyMap(op, "instance", map, names)) ||
        failed(verifyRanks(op, "instance", map, names)))
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
