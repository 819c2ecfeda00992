//===- CommOps.cpp - Building of comm ops, interfaces ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace moec::comm;

#include "dialects/comm/CommInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/comm/CommOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Scope
//===----------------------------------------------------------------------===//

AffineMap Scope::map(ArrayRef<AffineExpr> exprs) const {
  bool any = llvm::any_of(exprs, [](AffineExpr expr) { return isa<AffineSymbolExpr>(expr); });
  return AffineMap::get(firstDomainDim + domains.size(), any ? 1 : 0, exprs, context);
}

ItemSetAttr Scope::set(ItemSetKind kind, ArrayRef<AffineExpr> args) const {
  return ItemSetAttr::get(context, kind, map(args));
}

RegionAttr Scope::region(ArrayRef<AffineExpr> index, ItemSetAttr items) const {
  return RegionAttr::get(context, map(index), items, {}, {});
}

RegionAttr Scope::partOf(ItemSetAttr frame, ArrayRef<AffineExpr> index, ItemSetAttr items) const {
  return RegionAttr::get(context, map(index), items, {}, frame);
}

RegionAttr Scope::eachRegion(ArrayRef<AffineExpr> index, ItemSetAttr items, unsigned each) const {
  return RegionAttr::get(context, map(index), items, ArrayRef(domains).take_back(each), {});
}

RegionAttr Scope::eachPartOf(ItemSetAttr frame, ArrayRef<AffineExpr> index, ItemSetAttr items,
                             unsigned each) const {
  return RegionAttr::get(context, map(index), items, ArrayRef(domains).take_back(each), frame);
}

Scope Scope::with(StringRef variable, DomainKind kind) const {
  Scope inner = *this;
  inner.domains.push_back(DomainAttr::get(context, variable, kind));
  return inner;
}

ArrayAttr Scope::getDomainsAttr() const {
  return ArrayAttr::get(context, SmallVector<Attribute>(domains.begin(), domains.end()));
}

unsigned moec::comm::getScopeSize(ArrayAttr domains, ArrayRef<DomainAttr> each) {
  return firstDomainDim + domains.size() + each.size();
}

int64_t moec::comm::getDomainLimit(PlanOp plan, DomainKind kind) {
  switch (kind) {
  case DomainKind::All:
  case DomainKind::Stagger:
    return plan.getRanks();
  case DomainKind::Nodes:
  case DomainKind::StaggerNodes:
  case DomainKind::OtherNodes:
    return plan.getNodes();
  case DomainKind::Lanes:
  case DomainKind::StaggerLanes:
    return plan.getRanks() / plan.getNodes();
  case DomainKind::Stages:
    return plan.getStages();
  }
  llvm_unreachable("all kinds are handled");
}

bool moec::comm::isAscending(DomainKind kind) {
  return kind == DomainKind::All || kind == DomainKind::Nodes || kind == DomainKind::Lanes ||
         kind == DomainKind::Stages;
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

void PlanOp::build(OpBuilder &builder, OperationState &state, StringRef name, int64_t ranks,
                   int64_t topk) {
  auto &props = state.getOrAddProperties<Properties>();
  props.sym_name = builder.getStringAttr(name);
  props.ranks = builder.getI64IntegerAttr(ranks);
  props.topk = builder.getI64IntegerAttr(topk);
  props.depth = builder.getI64IntegerAttr(1);
  props.nodes = builder.getI64IntegerAttr(1);
  props.stages = builder.getI64IntegerAttr(1);
  props.steps = StepOrderAttr::get(builder.getContext(), StepOrder::Serial);
  props.result = SumTreeAttr::get(builder.getContext(), SumTree::Rows);
  state.addRegion()->emplaceBlock();
}

void BufferOp::build(OpBuilder &builder, OperationState &state, StringRef label, BufferSpace space,
                     BufferLayout layout, ArrayRef<int64_t> extents, int64_t recordsPerToken,
                     int64_t bytesPerRecord) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  props.space = BufferSpaceAttr::get(builder.getContext(), space);
  props.layout = BufferLayoutAttr::get(builder.getContext(), layout);
  props.extents = builder.getDenseI64ArrayAttr(extents);
  props.recordsPerToken = builder.getI64IntegerAttr(recordsPerToken);
  props.bytesPerRecord = builder.getI64IntegerAttr(bytesPerRecord);
  state.addTypes(BufferType::get(builder.getContext()));
}

void FlagOp::build(OpBuilder &builder, OperationState &state, StringRef label,
                   ArrayRef<int64_t> extents, bool carry, AffineExpr writer) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  props.extents = builder.getDenseI64ArrayAttr(extents);
  if (carry)
    props.carry = builder.getUnitAttr();
  unsigned cell = firstDomainDim + extents.size();
  if (!writer)
    writer = builder.getAffineDimExpr(cell - 1);
  props.writer = AffineMapAttr::get(AffineMap::get(cell, 0, writer));
  state.addTypes(FlagType::get(builder.getContext()));
}

static ArrayAttr addAfter(OpBuilder &builder, OperationState &state, const Scope &scope,
                          ArrayRef<AfterUse> after) {
  SmallVector<Attribute> instances;
  for (const AfterUse &use : after) {
    state.addOperands(use.token);
    if (use.args)
      instances.push_back(AffineMapAttr::get(scope.map(*use.args)));
    else
      instances.push_back(builder.getUnitAttr());
  }
  state.addTypes(TokenType::get(builder.getContext()));
  return builder.getArrayAttr(instances);
}

static ArrayAttr addRegions(OpBuilder &builder, OperationState &state, ArrayRef<RegionUse> uses) {
  SmallVector<Attribute> regions;
  for (const RegionUse &use : uses) {
    state.addOperands(use.buffer);
    regions.push_back(use.region);
  }
  return builder.getArrayAttr(regions);
}

template <typename CallOp>
static void buildCall(OpBuilder &builder, OperationState &state, StringRef label, StringRef callee,
                      const Scope &scope, ArrayRef<RegionUse> reads, ArrayRef<RegionUse> writes,
                      ArrayRef<AfterUse> after) {
  auto &props = state.getOrAddProperties<typename CallOp::Properties>();
  props.label = builder.getStringAttr(label);
  props.callee = FlatSymbolRefAttr::get(builder.getContext(), callee);
  props.domains = scope.getDomainsAttr();
  props.readRegions = addRegions(builder, state, reads);
  props.writeRegions = addRegions(builder, state, writes);
  props.afterInstances = addAfter(builder, state, scope, after);
  props.operandSegmentSizes = {int32_t(reads.size()), int32_t(writes.size()),
                               int32_t(after.size())};
}

void ComputeOp::build(OpBuilder &builder, OperationState &state, StringRef label, StringRef callee,
                      const Scope &scope, ArrayRef<RegionUse> reads, ArrayRef<RegionUse> writes,
                      ArrayRef<AfterUse> after) {
  buildCall<ComputeOp>(builder, state, label, callee, scope, reads, writes, after);
}

void ReduceOp::build(OpBuilder &builder, OperationState &state, StringRef label, StringRef callee,
                     const Scope &scope, ArrayRef<RegionUse> reads, ArrayRef<RegionUse> writes,
                     ArrayRef<AfterUse> after) {
  buildCall<ReduceOp>(builder, state, label, callee, scope, reads, writes, after);
}

/// By multicast to all ranks, which no expression names.
static AffineMapAttr getDestination(const Scope &scope, AffineExpr to) {
  return AffineMapAttr::get(to ? scope.map(to) : scope.map(ArrayRef<AffineExpr>()));
}

void PutOp::build(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                  AffineExpr to, RegionUse target, RegionUse source, Window window,
                  ArrayRef<AfterUse> after, Path via) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  props.domains = scope.getDomainsAttr();
  props.targetRegion = target.region;
  props.sourceRegion = source.region;
  props.to = getDestination(scope, to);
  props.via = PathAttr::get(builder.getContext(), via);
  props.window = builder.getI64IntegerAttr(window.puts);
  if (window.eachPeer)
    props.eachPeer = builder.getUnitAttr();
  state.addOperands({target.buffer, source.buffer});
  props.afterInstances = addAfter(builder, state, scope, after);
}

/// A pull or a copy: from regions to a region of the rank.
template <typename Op>
static void buildOwn(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                     RegionUse target, RegionUse source, ArrayRef<AfterUse> after) {
  auto &props = state.getOrAddProperties<typename Op::Properties>();
  props.label = builder.getStringAttr(label);
  props.domains = scope.getDomainsAttr();
  props.targetRegion = target.region;
  props.sourceRegion = source.region;
  state.addOperands({target.buffer, source.buffer});
  props.afterInstances = addAfter(builder, state, scope, after);
}

void PullOp::build(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                   RegionUse target, RegionUse source, ArrayRef<AfterUse> after) {
  buildOwn<PullOp>(builder, state, label, scope, target, source, after);
}

void CopyOp::build(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                   RegionUse target, RegionUse source, ArrayRef<AfterUse> after) {
  buildOwn<CopyOp>(builder, state, label, scope, target, source, after);
}

void SignalOp::build(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                     AffineExpr to, Value flag, ArrayRef<AffineExpr> index, ItemSetAttr payload,
                     ArrayRef<AfterUse> after, Path via) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  props.domains = scope.getDomainsAttr();
  props.index = AffineMapAttr::get(scope.map(index));
  props.to = getDestination(scope, to);
  props.value = AffineMapAttr::get(scope.map(scope.step()));
  props.payload = payload;
  props.via = PathAttr::get(builder.getContext(), via);
  state.addOperands(flag);
  props.afterInstances = addAfter(builder, state, scope, after);
}

void WaitOp::build(OpBuilder &builder, OperationState &state, StringRef label, const Scope &scope,
                   Value flag, ArrayRef<AffineExpr> index, ItemSetAttr payload,
                   ArrayRef<AfterUse> after) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  props.domains = scope.getDomainsAttr();
  props.index = AffineMapAttr::get(scope.map(index));
  props.value = AffineMapAttr::get(scope.map(scope.step()));
  props.payload = payload;
  state.addOperands(flag);
  props.afterInstances = addAfter(builder, state, scope, after);
}

void DispatchOp::build(OpBuilder &builder, OperationState &state, StringRef label, Value rows,
                       Value route, Value received, Value records, ArrayRef<AfterUse> after) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  state.addOperands({rows, route, received, records});
  props.afterInstances = addAfter(builder, state, Scope(builder.getContext()), after);
}

void CombineOp::build(OpBuilder &builder, OperationState &state, StringRef label, Value rows,
                      Value returned, ArrayRef<AfterUse> after) {
  auto &props = state.getOrAddProperties<Properties>();
  props.label = builder.getStringAttr(label);
  state.addOperands({rows, returned});
  props.afterInstances = addAfter(builder, state, Scope(builder.getContext()), after);
}

//===----------------------------------------------------------------------===//
// Names and effects
//===----------------------------------------------------------------------===//

void BufferOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getBuffer(), getLabel()); }
void FlagOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getFlag(), getLabel()); }
#define MOEC_COMM_FAMILY(op)                                                                       \
  void op::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getToken(), getLabel()); }
MOEC_COMM_FAMILY(ComputeOp)
MOEC_COMM_FAMILY(ReduceOp)
MOEC_COMM_FAMILY(PutOp)
MOEC_COMM_FAMILY(SignalOp)
MOEC_COMM_FAMILY(WaitOp)
MOEC_COMM_FAMILY(CopyOp)
MOEC_COMM_FAMILY(PullOp)
MOEC_COMM_FAMILY(DispatchOp)
MOEC_COMM_FAMILY(CombineOp)
#undef MOEC_COMM_FAMILY

using Uses = SmallVector<RegionUse>;

static Uses zipUses(OperandRange buffers, ArrayAttr regions) {
  Uses uses;
  for (auto [buffer, region] : llvm::zip(buffers, regions.getAsRange<RegionAttr>()))
    uses.push_back({buffer, region});
  return uses;
}

Uses ComputeOp::getReadUses() { return zipUses(getReads(), getReadRegions()); }
Uses ComputeOp::getWriteUses() { return zipUses(getWrites(), getWriteRegions()); }
Uses ReduceOp::getReadUses() { return zipUses(getReads(), getReadRegions()); }
Uses ReduceOp::getWriteUses() { return zipUses(getWrites(), getWriteRegions()); }
Uses PutOp::getReadUses() { return {{getSource(), getSourceRegion()}}; }
Uses PutOp::getWriteUses() { return {{getTarget(), getTargetRegion()}}; }
Uses CopyOp::getReadUses() { return {{getSource(), getSourceRegion()}}; }
Uses CopyOp::getWriteUses() { return {{getTarget(), getTargetRegion()}}; }
Uses PullOp::getReadUses() { return {{getSource(), getSourceRegion()}}; }
Uses PullOp::getWriteUses() { return {{getTarget(), getTargetRegion()}}; }
Uses SignalOp::getReadUses() { return {}; }
Uses SignalOp::getWriteUses() { return {}; }
Uses WaitOp::getReadUses() { return {}; }
Uses WaitOp::getWriteUses() { return {}; }

ArrayAttr DispatchOp::getDomains() { return ArrayAttr::get(getContext(), {}); }
ArrayAttr CombineOp::getDomains() { return ArrayAttr::get(getContext(), {}); }

/// What the abstract exchanges touch on their own rank, in the terms of regions.
static Scope eachSource(MLIRContext *context) { return Scope(context, "s", DomainKind::All); }

Uses DispatchOp::getReadUses() {
  Scope scope(getContext());
  RegionAttr own = scope.region({}, scope.set(ItemSetKind::A, scope.rank()));
  return {{getRows(), own}, {getRoute(), own}};
}
Uses DispatchOp::getWriteUses() {
  Scope scope = eachSource(getContext());
  RegionAttr each =
      scope.eachRegion(scope.var(0), scope.set(ItemSetKind::D, {scope.var(0), scope.rank()}));
  return {{getReceived(), each}, {getRecords(), each}};
}
Uses CombineOp::getReadUses() {
  Scope scope = eachSource(getContext());
  return {{getRows(), scope.eachRegion(scope.var(0),
                                       scope.set(ItemSetKind::Y, {scope.var(0), scope.rank()}))}};
}
Uses CombineOp::getWriteUses() {
  Scope scope(getContext(), "p", DomainKind::All);
  return {{getReturned(),
           scope.eachRegion({}, scope.set(ItemSetKind::Y, {scope.rank(), scope.var(0)}))}};
}
