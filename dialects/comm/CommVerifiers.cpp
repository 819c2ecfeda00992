//===- CommVerifiers.cpp - Constraints of the comm ops --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each check carries the id of its constraint in CommOps.td. What holds between
// several ops of a plan is checked by -comm-verify-scheduled.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommRules.h"
#include "dialects/comm/CommSyntax.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec::comm;

//===----------------------------------------------------------------------===//
// Plan, buffer, flag
//===----------------------------------------------------------------------===//

LogicalResult PlanOp::verify() {
  // plan-c1
  if (int64_t(getRanks()) < 1 || getRanks() > 65535)
    return emitOpError() << "must have 1 to 65535 ranks, not " << int64_t(getRanks());
  if (int64_t(getTopk()) < 1 || getTopk() > 65535)
    return emitOpError() << "must have 1 to 65535 slots a token, not " << int64_t(getTopk());
  // plan-c5
  if (int64_t(getNodes()) < 1 || getRanks() % getNodes() != 0)
    return emitOpError() << "must have a number of nodes that divides " << getRanks()
                         << " ranks, not " << int64_t(getNodes());
  // plan-c6
  if (int64_t(getStages()) < 1 || getStages() > 4096)
    return emitOpError() << "must have 1 to 4096 stages, not " << int64_t(getStages());
  // plan-c2
  if (int64_t(getDepth()) < 1)
    return emitOpError() << "must have a positive depth, not " << int64_t(getDepth());
  return success();
}

static StringAttr getLabelAttr(Operation *op) {
  if (auto buffer = dyn_cast<BufferOp>(op))
    return buffer.getLabelAttr();
  if (auto flag = dyn_cast<FlagOp>(op))
    return flag.getLabelAttr();
  if (auto family = dyn_cast<FamilyOp>(op))
    return StringAttr::get(op->getContext(), family.getLabel());
  return nullptr;
}

static bool isIdentifier(StringRef label) {
  return !label.empty() && (llvm::isAlpha(label.front()) || label.front() == '_') &&
         llvm::all_of(label, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

LogicalResult PlanOp::verifyRegions() {
  llvm::StringMap<Operation *> labels;
  for (Operation &op : getBody().front()) {
    // plan-c4
    if (op.getDialect() != getOperation()->getDialect())
      return op.emitError() << "'" << op.getName() << "' does not belong in a comm.plan";
    StringAttr label = getLabelAttr(&op);
    if (!label)
      continue;
    // plan-c3
    if (!isIdentifier(label))
      return op.emitOpError() << "label '" << label.getValue() << "' is no identifier";
    auto [other, inserted] = labels.try_emplace(label, &op);
    if (inserted)
      continue;
    InFlightDiagnostic error = op.emitOpError()
                               << "label '" << label.getValue() << "' is already in use";
    error.attachNote(other->second->getLoc()) << "by this op";
    return error;
  }
  return success();
}

static LogicalResult verifyExtents(Operation *op, ArrayRef<int64_t> extents) {
  for (int64_t extent : extents)
    if (extent < 1 || extent > UINT32_MAX)
      return op->emitOpError() << "extents must be positive 32-bit numbers, not " << extent;
  return success();
}

LogicalResult BufferOp::verify() {
  // buffer-c1
  if (failed(verifyExtents(*this, getExtents())))
    return failure();
  // buffer-c2
  if (int64_t(getBytesPerRecord()) < 1 || getBytesPerRecord() > UINT32_MAX)
    return emitOpError() << "bytes of a record must be a positive 32-bit number, not "
                         << int64_t(getBytesPerRecord());
  // buffer-c3
  uint64_t topk = getPlan(*this).getTopk();
  if (getRecordsPerToken() != 1 && getRecordsPerToken() != topk)
    return emitOpError() << "records a token must be 1 or the plan's topk " << topk << ", not "
                         << int64_t(getRecordsPerToken());
  // buffer-c4
  bool user = getSpace() == BufferSpace::Input || getSpace() == BufferSpace::Output;
  if (user && (!getExtents().empty() || getLayout() != BufferLayout::Slot))
    return emitOpError() << "in space " << stringifyBufferSpace(getSpace())
                         << " must have one region of layout slot, not " << getExtents().size()
                         << " extents and layout " << stringifyBufferLayout(getLayout());
  return success();
}

LogicalResult FlagOp::verify() {
  // flag-c1
  if (failed(verifyExtents(*this, getExtents())))
    return failure();
  // flag-c2
  if (getWriter().getNumResults() != 1 || getExtents().size() > 8)
    return emitOpError() << "must have one writer and at most 8 indices, not "
                         << getWriter().getNumResults() << " and " << getExtents().size();
  int64_t last = getPlan(*this).getRanks() - 1;
  OpScope scope{getCellNames(getExtents().size()), {Range{0, last}, Range{1, std::nullopt}}};
  for (int64_t extent : getExtents())
    scope.ranges.push_back(Range{0, extent - 1});
  if (failed(verifyMap(*this, "writer", getWriter(), scope)))
    return failure();
  AffineExpr writer = getWriter().getResult(0);
  if (writer.isFunctionOfDim(stepDim) || !getRange(writer, scope.ranges).isWithin(0, last))
    return emitOpError() << "writer '" << toString(writer, scope.names) << "' must be a rank, 0 to "
                         << last << ", the same in every step";
  return success();
}

//===----------------------------------------------------------------------===//
// Put and copy
//===----------------------------------------------------------------------===//

/// put-c6, signal-c5
template <typename SendOp> static LogicalResult verifyDestination(SendOp op, const OpScope &scope) {
  if (op.getVia() == Path::Multicast) {
    if (op.getTo().getNumResults() != 0)
      return op.emitOpError("goes by multicast to all ranks, not to one");
    if (int64_t nodes = getPlan(op).getNodes(); nodes != 1)
      return op.emitOpError() << "goes by multicast, which reaches one node, not " << nodes;
    return verifyMap(op, "destination", op.getTo(), scope);
  }
  if (op.getTo().getNumResults() == 0)
    return op.emitOpError() << "goes to all ranks, which only multicast does, not "
                            << stringifyPath(op.getVia());
  if (op.getTo().getNumResults() != 1)
    return op.emitOpError() << "goes to one rank, not " << op.getTo().getNumResults();
  if (failed(verifyMap(op, "destination", op.getTo(), scope)))
    return failure();
  return verifyRanks(op, "destination", op.getTo(), scope);
}

template <typename MoveOp> static LogicalResult verifyMove(MoveOp op) {
  if (failed(verifyFamily(op)))
    return failure();
  RegionAttr target = op.getTargetRegion(), source = op.getSourceRegion();
  // put-c3, copy-c2
  if (!target.getEach().empty() || !source.getEach().empty())
    return op.emitOpError("moves one region: 'each' is for compute and reduce");
  // put-c2, copy-c1
  Names names = getNames(op.getDomains());
  if (target.getItems() != source.getItems())
    return op.emitOpError() << "writes " << toString(target.getItems(), names) << " but reads "
                            << toString(source.getItems(), names);
  // put-c4, copy-c3
  auto to = cast<BufferOp>(op.getTarget().getDefiningOp());
  auto from = cast<BufferOp>(op.getSource().getDefiningOp());
  if (to.getBytesPerRecord() != from.getBytesPerRecord())
    return op.emitOpError() << "moves records of " << from.getBytesPerRecord() << " bytes in '"
                            << from.getLabel() << "' to " << to.getBytesPerRecord() << " bytes in '"
                            << to.getLabel() << "'";
  return success();
}

/// put-c8
static LogicalResult verifyBlock(PutOp op) {
  if (op.getVia() != Path::NVLink)
    return op.emitOpError() << "has a copy engine move what goes by " << stringifyPath(op.getVia());
  for (auto [buffer, region] : {std::pair(op.getTarget(), op.getTargetRegion()),
                                std::pair(op.getSource(), op.getSourceRegion())}) {
    auto made = cast<BufferOp>(buffer.getDefiningOp());
    if (made.getLayout() != BufferLayout::Seq || region.getFrame())
      return op.emitOpError() << "has a copy engine move items that lie apart in '"
                              << made.getLabel() << "'";
  }
  return success();
}

LogicalResult PutOp::verify() {
  if (failed(verifyMove(*this)))
    return failure();
  // put-c1
  auto target = cast<BufferOp>(getTarget().getDefiningOp());
  if (target.getSpace() != BufferSpace::Sym)
    return emitOpError() << "target '" << target.getLabel() << "' must be a sym buffer, not "
                         << stringifyBufferSpace(target.getSpace());
  // put-c5
  if (int64_t(getWindow()) < 0 || getWindow() > UINT32_MAX ||
      (getWindow() != 0 && getDomains().empty()))
    return emitOpError() << "window must be 0 or more instances of a family with a domain, not "
                         << int64_t(getWindow());
  if (getEachPeer() && (getWindow() == 0 || getVia() == Path::Multicast))
    return emitOpError() << "window for each peer must be 1 or more puts to one rank, not "
                         << (getVia() == Path::Multicast ? "puts to all" : "0");
  // put-c7
  bool oneAtATime = getWindow() == 1 && !getEachPeer();
  if (getRates() == Rates::Sizes && (oneAtATime || getDomains().empty()))
    return emitOpError("has rates by size and one put at a time, which has no other to share with");
  // put-c8
  if (getEngine() == Engine::Copy && failed(verifyBlock(*this)))
    return failure();
  return verifyDestination(*this, getOpScope(*this, getDomains()));
}

LogicalResult PullOp::verify() {
  // pull-c3, pull-c4, and half of pull-c2
  if (failed(verifyMove(*this)))
    return failure();
  // pull-c2
  ItemSetAttr items = getSourceRegion().getItems();
  bool isOwn = items.getKind() == ItemSetKind::A &&
               items.getArgs().getResult(0) == getAffineDimExpr(rankDim, getContext());
  if (!isOwn)
    return emitOpError() << "adds up " << toString(items, getNames(getDomains()))
                         << ": a rank takes the sums of all its own tokens, A(r)";
  // pull-c1
  auto source = cast<BufferOp>(getSource().getDefiningOp());
  if (source.getSpace() != BufferSpace::Sym)
    return emitOpError() << "source '" << source.getLabel() << "' must be a sym buffer, not "
                         << stringifyBufferSpace(source.getSpace());
  // pull-c5
  if (int64_t nodes = getPlan(*this).getNodes(); nodes != 1)
    return emitOpError() << "adds up by the switch of one node, of which the plan has " << nodes;
  return success();
}

LogicalResult CopyOp::verify() {
  if (failed(verifyMove(*this)))
    return failure();
  // copy-c4
  if (getTarget() == getSource())
    return emitOpError("copies within one buffer");
  return success();
}

//===----------------------------------------------------------------------===//
// Signal and wait
//===----------------------------------------------------------------------===//

/// signal-c4, on the corners of the scope: -comm-verify-scheduled asks every rank.
static LogicalResult verifyWriter(SignalOp op, FlagOp flag, const OpScope &scope) {
  SmallVector<int64_t> dims(scope.names.size(), 0);
  auto isOwnOn = [&](int64_t to) {
    SmallVector<int64_t> cell{to, dims[stepDim]};
    for (AffineExpr expr : op.getIndex().getResults())
      cell.push_back(evaluate(expr, dims));
    return evaluate(flag.getWriter().getResult(0), cell) == dims[rankDim];
  };
  auto isOwn = [&] {
    if (op.getTo().getNumResults() == 0) // on all ranks, so on the first and the last
      return isOwnOn(0) && isOwnOn(*scope.ranges[rankDim].high);
    return isOwnOn(evaluate(op.getTo().getResult(0), dims));
  };
  constexpr unsigned corners = 3; // the first, middle and last value
  unsigned total = 1;
  for (size_t i = 0; i < scope.names.size(); ++i)
    total *= corners;
  for (unsigned point = 0; point < total; ++point) {
    unsigned rest = point;
    for (size_t i = 0; i < scope.names.size(); ++i, rest /= corners)
      dims[i] = i == stepDim ? 1 + rest % corners : *scope.ranges[i].high * (rest % corners) / 2;
    if (isOwn())
      continue;
    return op.emitOpError() << "writes a cell of '" << flag.getLabel() << "' from rank "
                            << dims[rankDim] << " that another rank owns: its writer is '"
                            << toString(flag.getWriter().getResult(0),
                                        getCellNames(flag.getExtents().size()))
                            << "' (rule writer)";
  }
  return success();
}

LogicalResult SignalOp::verify() {
  FailureOr<FlagOp> flag = getFlagOp(*this, getFlag());
  if (failed(flag) || failed(verifyFamily(*this)))
    return failure();
  OpScope scope = getOpScope(*this, getDomains());
  // signal-c1
  if (flag->getCarry() != getPayload().has_value())
    return emitOpError() << (getPayload() ? "carries a set, which '" : "carries no set, which '")
                         << flag->getLabel() << (getPayload() ? "' does not take" : "' expects");
  // signal-c3
  if (failed(verifyIndex(*this, flag->getLabel(), flag->getExtents(), getIndex(), scope)))
    return failure();
  if (getPayload() && failed(verifyItems(*this, *getPayload(), scope)))
    return failure();
  // signal-c5
  if (failed(verifyDestination(*this, scope)) || failed(verifyValue(*this, getValue(), scope)))
    return failure();
  return verifyWriter(*this, *flag, scope);
}

/// wait-c4
static LogicalResult verifyWaitNames(WaitOp op, const OpScope &scope) {
  for (auto domain : op.getDomains().getAsRange<DomainAttr>())
    if (!isAscending(domain.getKind()))
      return op.emitOpError() << "waits over '" << domain.getVariable() << "' in "
                              << stringifyDomainKind(domain.getKind())
                              << ": the domains of a wait ascend";
  unsigned next = firstDomainDim;
  for (AffineExpr expr : op.getIndex().getResults()) {
    bool isPlain = true;
    for (unsigned dim = firstDomainDim; dim < scope.names.size(); ++dim)
      isPlain &= !expr.isFunctionOfDim(dim);
    if (isPlain)
      continue;
    if (expr != getAffineDimExpr(next, op.getContext()))
      return op.emitOpError() << "names its cells by '" << toString(expr, scope.names)
                              << "': an index is the next variable of the wait, as it is, or has "
                                 "none of them";
    ++next;
  }
  if (next == scope.names.size())
    return success();
  return op.emitOpError() << "has the variable '" << scope.names[next]
                          << "', which is no index of '"
                          << op.getFlag().getDefiningOp<FlagOp>().getLabel() << "'";
}

LogicalResult WaitOp::verify() {
  FailureOr<FlagOp> flag = getFlagOp(*this, getFlag());
  if (failed(flag) || failed(verifyFamily(*this)))
    return failure();
  OpScope scope = getOpScope(*this, getDomains());
  // wait-c1
  if (getPayload() && !flag->getCarry())
    return emitOpError() << "takes a set from '" << flag->getLabel() << "', which carries none";
  // wait-c3
  if (failed(verifyIndex(*this, flag->getLabel(), flag->getExtents(), getIndex(), scope)))
    return failure();
  if (getPayload() && failed(verifyItems(*this, *getPayload(), scope)))
    return failure();
  if (failed(verifyWaitNames(*this, scope)))
    return failure();
  return verifyValue(*this, getValue(), scope);
}

//===----------------------------------------------------------------------===//
// Dispatch and combine
//===----------------------------------------------------------------------===//

/// dispatch-c1, dispatch-c2, combine-c1, combine-c2
static LogicalResult verifyForm(Operation *op, StringRef what, BufferOp buffer,
                                ArrayRef<int64_t> extents, BufferLayout layout) {
  if (buffer.getExtents() == extents && buffer.getLayout() == layout)
    return success();
  InFlightDiagnostic error = op->emitOpError()
                             << what << " '" << buffer.getLabel() << "' must have extents ["
                             << extents << "] and layout " << stringifyBufferLayout(layout)
                             << ", not [" << buffer.getExtents() << "] and "
                             << stringifyBufferLayout(buffer.getLayout());
  error.attachNote(buffer.getLoc()) << "'" << buffer.getLabel() << "' is here";
  return error;
}

static LogicalResult verifySameRecords(Operation *op, BufferOp a, BufferOp b) {
  if (a.getBytesPerRecord() == b.getBytesPerRecord())
    return success();
  return op->emitOpError() << "moves records of " << a.getBytesPerRecord() << " bytes in '"
                           << a.getLabel() << "' to " << b.getBytesPerRecord() << " bytes in '"
                           << b.getLabel() << "'";
}

static LogicalResult verifyOperands(Operation *op, OperandRange operands) {
  for (Value operand : operands)
    if (isa<BufferType>(operand.getType()) && failed(getBufferOp(op, operand)))
      return failure();
  return success();
}

LogicalResult DispatchOp::verify() {
  if (failed(verifyOperands(*this, getOperands())))
    return failure();
  auto rows = getRows().getDefiningOp<BufferOp>(), route = getRoute().getDefiningOp<BufferOp>();
  auto received = getReceived().getDefiningOp<BufferOp>();
  auto records = getRecords().getDefiningOp<BufferOp>();
  int64_t ranks = getPlan(*this).getRanks();
  if (failed(verifyForm(*this, "rows", rows, {}, BufferLayout::Slot)) ||
      failed(verifyForm(*this, "route", route, {}, BufferLayout::Slot)) ||
      failed(verifyForm(*this, "received", received, ranks, BufferLayout::Seq)) ||
      failed(verifyForm(*this, "records", records, ranks, BufferLayout::Seq)))
    return failure();
  // dispatch-c3
  if (failed(verifySameRecords(*this, rows, received)))
    return failure();
  // dispatch-c4
  if (failed(verifyRecordSize(*this, "route", getRoute(), getRouteBytes(*this))) ||
      failed(verifyRecordSize(*this, "records", getRecords(), getRecordBytes(*this))))
    return failure();
  return verifyFamily(*this);
}

LogicalResult CombineOp::verify() {
  if (failed(verifyOperands(*this, getOperands())))
    return failure();
  auto rows = getRows().getDefiningOp<BufferOp>();
  auto returned = getReturned().getDefiningOp<BufferOp>();
  int64_t ranks = getPlan(*this).getRanks();
  if (failed(verifyForm(*this, "rows", rows, ranks, BufferLayout::Slot)) ||
      failed(verifyForm(*this, "returned", returned, {}, BufferLayout::Slot)))
    return failure();
  // combine-c3
  if (failed(verifySameRecords(*this, rows, returned)))
    return failure();
  return verifyFamily(*this); // topk records a token of combine-c2 is region-c3
}
