//===- RoleContext.cpp - What the ops of a role are lowered with ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/RoleContext.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moec::lowering {

RoleContext::RoleContext(Operation *role, OpBuilder &builder)
    : uses(role), role(role), place(RolePlace::of(role)) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&role->getRegion(0).front());
  top = UnrealizedConversionCastOp::create(builder, role->getLoc(), TypeRange(), ValueRange());
}

void RoleContext::finish() { top->erase(); }

Value RoleContext::atTop(StringRef key, llvm::function_ref<Value(Emitter &)> make) {
  // `make` may ask for values of its own: no reference into the map is held.
  if (Value known = values.lookup(key))
    return known;
  OpBuilder builder(top);
  Emitter emit(builder, role->getLoc());
  Value made = make(emit);
  values[key] = made;
  return made;
}

Value RoleContext::thread() {
  return atTop("thread", [](Emitter &emit) { return emit.threadId(); });
}
Value RoleContext::threadOfRole() {
  return atTop("thread of role",
               [&](Emitter &emit) { return emit.sub(thread(), int64_t(place.first) * 32); });
}
Value RoleContext::lane() {
  return atTop("lane", [&](Emitter &emit) { return emit.bitAnd(thread(), 31); });
}
Value RoleContext::warpOfGroup() {
  return atTop("warp of group", [&](Emitter &emit) { return emit.bitAnd(emit.warpId(), 3); });
}
Value RoleContext::warpgroup() {
  return atTop("warpgroup", [&](Emitter &emit) {
    return emit.sub(emit.shiftRight(emit.warpId(), 2), place.first / 4);
  });
}
Value RoleContext::isLaneZero() {
  return atTop("lane zero", [&](Emitter &emit) { return emit.compare(Compare::Equal, lane(), 0); });
}
Value RoleContext::leadsWarpgroup() {
  return atTop("leads", [&](Emitter &emit) {
    return emit.compare(Compare::Equal, emit.bitAnd(thread(), 127), 0);
  });
}
Value RoleContext::shared() {
  return atTop("shared", [](Emitter &emit) { return emit.sharedBase(); });
}

//===----------------------------------------------------------------------===//
// Places in shared memory
//===----------------------------------------------------------------------===//

/// Of a buffer: what swizzle 128 repeats after.
static constexpr int64_t kBufferAlignment = 1024;

int64_t getBufOffsetInSlot(tile::PipeType pipe, unsigned index) {
  int64_t offset = 0;
  for (tile::BufType buf : pipe.getBufs().take_front(index))
    offset += llvm::alignTo(buf.getBytes(), kBufferAlignment);
  return offset;
}

int64_t getSlotBytes(tile::PipeType pipe) {
  return getBufOffsetInSlot(pipe, pipe.getBufs().size());
}

static Value getNumber(Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<tile::AcquireOp, tile::WaitOp, tile::CommitOp, tile::ReleaseOp>(
          [](auto op) { return op.getNumber(); })
      .Default(Value());
}

SlotPlace getSlotPlace(Operation *op) {
  if (auto pipe = op->getOperand(0).getDefiningOp<tile::PipeOp>()) {
    auto index = op->getAttrOfType<IntegerAttr>("index");
    return {pipe, index ? unsigned(index.getInt()) : 0, getNumber(op)};
  }
  return getSlotPlace(op->getOperand(0).getDefiningOp()); // a commit or release of a slot
}

SlotPlace getSlotPlaceOf(Value buf) { return getSlotPlace(getSlot(buf).getDefiningOp()); }

int64_t RoleContext::getOffset(Value buf) {
  SlotPlace slot = getSlotPlaceOf(buf);
  assert(!slot.number && "only a ring of copies has slots by number");
  auto type = slot.pipe.getType();
  unsigned index = buf.getDefiningOp<tile::SlotBufOp>().getIndex();
  return *slot.pipe.getOffset() + slot.index * getSlotBytes(type) + getBufOffsetInSlot(type, index);
}

Value RoleContext::sharedAt(int64_t offset) {
  return atTop("shared + " + std::to_string(offset), [&](Emitter &emit) -> Value {
    return tile::PtxAdvanceOp::create(emit.builder, emit.loc, emit.sharedPointerType(), shared(),
                                      offset);
  });
}

/// Of slot 0 `first` bytes into shared memory, and each `stride` bytes behind the one before.
Value RoleContext::atSlot(Emitter &emit, const SlotPlace &slot, int64_t first, int64_t stride) {
  if (slot.number)
    return emit.offset(sharedAt(first), emit.mul(slot.number, stride));
  return emit.offset(shared(), first + slot.index * stride);
}

static int64_t getFirstOffset(SlotPlace slot, Value buf) {
  unsigned index = buf.getDefiningOp<tile::SlotBufOp>().getIndex();
  return *slot.pipe.getOffset() + getBufOffsetInSlot(slot.pipe.getType(), index);
}

Value RoleContext::getAddress(Emitter &emit, Value buf) {
  SlotPlace slot = getSlotPlaceOf(buf);
  return atSlot(emit, slot, getFirstOffset(slot, buf), getSlotBytes(slot.pipe.getType()));
}

Value RoleContext::inBuffer(Emitter &emit, Value base, Value buf) {
  SlotPlace slot = getSlotPlaceOf(buf);
  int64_t stride = getSlotBytes(slot.pipe.getType()), first = getFirstOffset(slot, buf);
  if (slot.number)
    return emit.offset(emit.offset(base, emit.mul(slot.number, stride)), first);
  return emit.offset(base, first + slot.index * stride);
}

static constexpr int64_t kBarrierBytes = 8;

Value RoleContext::getFullBarrier(Emitter &emit, SlotPlace slot) {
  return emit.offset(getEmptyBarrier(emit, slot),
                     -kBarrierBytes * int64_t(slot.pipe.getType().getSlots()));
}
Value RoleContext::getEmptyBarrier(Emitter &emit, SlotPlace slot) {
  int64_t behindFull = kBarrierBytes * slot.pipe.getType().getSlots();
  return atSlot(emit, slot, *slot.pipe.getBarrier() + behindFull, kBarrierBytes);
}

} // namespace moec::lowering
