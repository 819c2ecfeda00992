//===- TileOps.cpp - Builders and names of kernels, loops and pipes -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"

using namespace mlir;
using namespace moec::tile;

#define GET_OP_CLASSES
#include "dialects/tile/TileOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Kernel, stage, pipe, role
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     ArrayRef<BindingAttr> bindings, ArrayRef<Type> views) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.sym_name = builder.getStringAttr(name);
  properties.bindings =
      builder.getArrayAttr(SmallVector<Attribute>(bindings.begin(), bindings.end()));
  Block &body = state.addRegion()->emplaceBlock();
  for (BindingAttr binding : bindings)
    switch (binding.getKind()) {
    case ArgKind::View:
      body.addArgument(views.front(), state.location);
      views = views.drop_front();
      break;
    case ArgKind::Pointer:
      body.addArgument(getGlobalPointer(builder.getContext()), state.location);
      break;
    case ArgKind::Scalar:
      body.addArgument(builder.getI64Type(), state.location);
      break;
    }
}

void KernelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (auto [binding, argument] : llvm::zip(getBindings(), region.getArguments()))
    setName(argument, cast<BindingAttr>(binding).getName());
}

Value KernelOp::getArgument(StringRef name) {
  for (auto [binding, argument] : llvm::zip(getBindings(), getBody().getArguments()))
    if (cast<BindingAttr>(binding).getName() == name)
      return argument;
  return {};
}

KernelOp StageOp::getKernel() { return cast<KernelOp>((*this)->getParentOp()); }
StageOp RoleOp::getStage() { return cast<StageOp>((*this)->getParentOp()); }

void StageOp::build(OpBuilder &builder, OperationState &state, StringRef label) {
  state.getOrAddProperties<Properties>().label = builder.getStringAttr(label);
  state.addRegion()->emplaceBlock();
}

void PipeOp::build(OpBuilder &builder, OperationState &state, StringRef label, uint32_t slots,
                   ArrayRef<BufType> bufs) {
  state.getOrAddProperties<Properties>().label = builder.getStringAttr(label);
  state.addTypes(PipeType::get(builder.getContext(), slots, bufs));
}

void PipeOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getPipe(), getLabel()); }

LogicalResult PipeOp::verify() {
  // pipe-c2
  Operation *parent = (*this)->getParentOp();
  if (isa<StageOp>(parent) || parent->hasAttr(kInfoAttrName))
    return success();
  return emitOpError() << "wanted a tile.stage around it, found '"
                       << parent->getName().getStringRef() << "'";
}

void RoleOp::build(OpBuilder &builder, OperationState &state, StringRef label, unsigned firstWarp,
                   unsigned lastWarp) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.label = builder.getStringAttr(label);
  properties.firstWarp = builder.getI32IntegerAttr(firstWarp);
  properties.lastWarp = builder.getI32IntegerAttr(lastWarp);
  state.addRegion()->emplaceBlock();
}

unsigned moec::tile::getRegistersPerThread(unsigned threads) {
  return registersPerCta / threads / 8 * 8;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static void addIterArgs(OperationState &state, Block &body, ValueRange inits) {
  for (Value init : inits)
    body.addArgument(init.getType(), init.getLoc());
  state.addOperands(inits);
  state.addTypes(inits.getTypes());
}

static void buildTiles(OpBuilder &builder, OperationState &state, unsigned rows, unsigned cols,
                       TileOrder order, ValueRange inits, TileBody makeBody) {
  auto &properties = state.getOrAddProperties<ForTilesOp::Properties>();
  properties.rows = builder.getI32IntegerAttr(rows);
  properties.cols = builder.getI32IntegerAttr(cols);
  properties.order = TileOrderAttr::get(builder.getContext(), order);
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(state.addRegion());
  for (unsigned i = 0; i < 5; ++i)
    body->addArgument(builder.getI32Type(), state.location);
  addIterArgs(state, *body, inits);
  auto args = body->getArguments();
  TileStep step{args[0], args[1], args[2], args[3], args[4]};
  SmallVector<Value> values = makeBody(builder, state.location, step, args.drop_front(5));
  YieldOp::create(builder, state.location, values);
}

void ForTilesOp::build(OpBuilder &builder, OperationState &state, Value offsets, Value experts,
                       unsigned rows, unsigned cols, TileOrder order, ValueRange inits,
                       TileBody body) {
  state.addOperands({offsets, experts});
  buildTiles(builder, state, rows, cols, order, inits, body);
  state.getOrAddProperties<Properties>().operandSegmentSizes = {1, 1, 0, int32_t(inits.size())};
}

void ForTilesOp::build(OpBuilder &builder, OperationState &state, Value total, unsigned rows,
                       unsigned cols, TileOrder order, ValueRange inits, TileBody body) {
  state.addOperands(total);
  buildTiles(builder, state, rows, cols, order, inits, body);
  state.getOrAddProperties<Properties>().operandSegmentSizes = {0, 0, 1, int32_t(inits.size())};
}

TileStep ForTilesOp::getStep() {
  auto args = getBody().front().getArguments();
  return {args[0], args[1], args[2], args[3], args[4]};
}

YieldOp ForTilesOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }
YieldOp RingOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

void ForTilesOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  static constexpr llvm::StringLiteral names[] = {"expert", "row", "valid", "col", "tiles"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

void RingOp::build(OpBuilder &builder, OperationState &state, Value pipe, unsigned count,
                   ValueRange inits, RingBody makeBody) {
  state.getOrAddProperties<Properties>().count = builder.getI32IntegerAttr(count);
  state.addOperands(pipe);
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(state.addRegion());
  auto type = cast<PipeType>(pipe.getType());
  body->addArgument(TicketType::get(builder.getContext(), type.getBufs()), state.location);
  body->addArgument(builder.getI32Type(), state.location);
  addIterArgs(state, *body, inits);
  auto args = body->getArguments();
  SmallVector<Value> values =
      makeBody(builder, state.location, args[0], args[1], args.drop_front(2));
  YieldOp::create(builder, state.location, values);
}

void RingOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  setName(region.getArgument(0), "ticket");
  setName(region.getArgument(1), "k");
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

Value moec::tile::getPipeOf(Value slot) {
  Value source = slot;
  if (isa<SlotType>(slot.getType()))
    source = slot.getDefiningOp()->getOperand(0); // of acquire or wait
  if (auto ticket = dyn_cast<BlockArgument>(source))
    source = cast<RingOp>(ticket.getOwner()->getParentOp()).getPipe();
  return source;
}

/// One operand that is always there and two that may be.
template <typename Op>
static void addOperands(OperationState &state, Value first, Value second, Value third) {
  state.getOrAddProperties<typename Op::Properties>().operandSegmentSizes = {1, second ? 1 : 0,
                                                                             third ? 1 : 0};
  for (Value value : {first, second, third})
    if (value)
      state.addOperands(value);
}

template <typename Op>
static void buildEnter(OperationState &state, Value source, IntegerAttr index, Value number,
                       Value phase) {
  state.getOrAddProperties<typename Op::Properties>().index = index;
  addOperands<Op>(state, source, number, phase);
  state.addTypes(getSlotType(source.getType()));
}

template <typename Op>
static void buildLeave(OperationState &state, Value slot, IntegerAttr index, IntegerAttr after,
                       Value number = {}, Value condition = {}) {
  auto &properties = state.getOrAddProperties<typename Op::Properties>();
  properties.index = index;
  properties.after = after;
  addOperands<Op>(state, slot, number, condition);
}

void AcquireOp::build(OpBuilder &, OperationState &state, Value source) {
  buildEnter<AcquireOp>(state, source, {}, {}, {});
}
void AcquireOp::build(OpBuilder &builder, OperationState &state, Value pipe, unsigned index,
                      Value phase) {
  buildEnter<AcquireOp>(state, pipe, builder.getI32IntegerAttr(index), {}, phase);
}
void AcquireOp::build(OpBuilder &, OperationState &state, Value pipe, Value number, Value phase) {
  buildEnter<AcquireOp>(state, pipe, {}, number, phase);
}
void WaitOp::build(OpBuilder &, OperationState &state, Value source) {
  buildEnter<WaitOp>(state, source, {}, {}, {});
}
void WaitOp::build(OpBuilder &builder, OperationState &state, Value pipe, unsigned index,
                   Value phase) {
  buildEnter<WaitOp>(state, pipe, builder.getI32IntegerAttr(index), {}, phase);
}
void WaitOp::build(OpBuilder &, OperationState &state, Value pipe, Value number, Value phase) {
  buildEnter<WaitOp>(state, pipe, {}, number, phase);
}
void CommitOp::build(OpBuilder &builder, OperationState &state, Value slot, unsigned after) {
  buildLeave<CommitOp>(state, slot, {}, builder.getI32IntegerAttr(after));
}
void CommitOp::build(OpBuilder &builder, OperationState &state, Value pipe, IntegerAttr index) {
  buildLeave<CommitOp>(state, pipe, index, builder.getI32IntegerAttr(0));
}
void CommitOp::build(OpBuilder &builder, OperationState &state, Value pipe, Value number,
                     unsigned after, Value condition) {
  buildLeave<CommitOp>(state, pipe, {}, builder.getI32IntegerAttr(after), number, condition);
}
void ReleaseOp::build(OpBuilder &builder, OperationState &state, Value slot, unsigned after) {
  buildLeave<ReleaseOp>(state, slot, {}, builder.getI32IntegerAttr(after));
}
void ReleaseOp::build(OpBuilder &builder, OperationState &state, Value pipe, IntegerAttr index) {
  buildLeave<ReleaseOp>(state, pipe, index, builder.getI32IntegerAttr(0));
}
void ReleaseOp::build(OpBuilder &builder, OperationState &state, Value pipe, Value number,
                      unsigned after, Value condition) {
  buildLeave<ReleaseOp>(state, pipe, {}, builder.getI32IntegerAttr(after), number, condition);
}

void SlotBufOp::build(OpBuilder &builder, OperationState &state, Value slot, unsigned index) {
  state.getOrAddProperties<Properties>().index = builder.getI32IntegerAttr(index);
  state.addOperands(slot);
  state.addTypes(cast<SlotType>(slot.getType()).getBufs()[index]);
}

LogicalResult SlotBufOp::verify() {
  // slot_buf-c1
  ArrayRef<BufType> bufs = getSlot().getType().getBufs();
  if (getIndex() >= bufs.size())
    return emitOpError() << "slot has " << bufs.size() << " buffers, none of number " << getIndex();
  if (getBuf().getType() != bufs[getIndex()])
    return emitOpError() << "buffer " << getIndex() << " of the slot is " << bufs[getIndex()]
                         << ", not " << getBuf().getType();
  return success();
}

void SlotBufOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getBuf(), "buf"); }
