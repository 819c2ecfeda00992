//===- GridBarrier.cpp - All CTAs of a rank meet --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counter never has to be reset: in each meeting the arrivals add 2^31 in all,
// so its top bit flips when the last has come and the other bits are 0 again.
//===----------------------------------------------------------------------===//

#include "passes/lowering/GridBarrier.h"
#include "dialects/tile/TileOps.h"

using namespace mlir;

namespace moec::lowering {

static constexpr int64_t kTopBit = int64_t(1) << 31;
/// Between two looks at the counter.
static constexpr int64_t kNapNanoseconds = 32;

/// One thread a CTA.
static void meetOthers(Emitter &emit, Value counter) {
  Value others = emit.sub(emit.gridX(), 1);
  Value isFirst = emit.compare(Compare::Equal, emit.ctaX(), 0);
  Value share = emit.select(isFirst, emit.sub(emit.i32(int32_t(kTopBit)), others), emit.i32(1));
  Value before =
      tile::PtxAtomOp::create(emit.builder, emit.loc, emit.i32Type(), tile::AtomicKind::Add,
                              tile::Sem::AcqRel, tile::Scope::GPU, counter, share);
  emit.loopWhile(
      {},
      [&](ValueRange) -> Emitter::Test {
        Value now = tile::PtxLdAcquireOp::create(emit.builder, emit.loc, emit.i32Type(),
                                                 tile::Scope::GPU, counter);
        Value flipped = emit.bitAnd(emit.bitXor(now, before), int32_t(kTopBit));
        return {emit.compare(Compare::Equal, flipped, 0), {}};
      },
      [&](ValueRange) -> SmallVector<Value> {
        emit.sleep(kNapNanoseconds);
        return {};
      });
}

static void meetAsFirst(Emitter &emit, unsigned firstWarp, Value counter) {
  Value leader = emit.compare(Compare::Equal, emit.threadId(), int64_t(firstWarp) * 32);
  emit.ifThen(leader, [&] { meetOthers(emit, counter); });
}

void emitGridBarrier(Emitter &emit, const RolePlace &place, Value counter) {
  emit.fenceProxy(Proxy::All);
  emit.roleBarrier(place);
  meetAsFirst(emit, place.first, counter);
  emit.roleBarrier(place);
  emit.fenceProxy(Proxy::All);
}

/// Where two branches meet a second time. Number 0 is free from the start of a kernel on, where all
/// warps wait at it for the mbarriers to be made.
static constexpr unsigned kSecondBarrier = 0;

/// Who leads waits for the other, meets, and lets it go on.
static void meetInTwoBranches(Emitter &emit, const BranchPlace &branch, Value counter) {
  unsigned all = branch.warpsOfCta * 32;
  if (!branch.leads()) {
    emit.barrierArrive(kAllWarpsBarrier, all);
    emit.barrier(kSecondBarrier, all);
    return;
  }
  emit.barrier(kAllWarpsBarrier, all);
  meetAsFirst(emit, branch.first, counter);
  if (branch.last != branch.first)
    emit.barrier(kAllWarpsBarrier, (branch.last - branch.first + 1) * 32);
  emit.barrierArrive(kSecondBarrier, all);
}

void emitGridBarrier(Emitter &emit, const BranchPlace &branch, Value counter) {
  RolePlace whole{0, branch.warpsOfCta - 1, branch.warpsOfCta, 0};
  if (branch.branches == 1)
    return emitGridBarrier(emit, whole, counter);
  emit.fenceProxy(Proxy::All);
  if (branch.branches == 2) {
    meetInTwoBranches(emit, branch, counter);
  } else {
    emit.meetingOfRoles(whole);
    if (branch.leads())
      meetAsFirst(emit, 0, counter);
    emit.meetingOfRoles(whole);
  }
  emit.fenceProxy(Proxy::All);
}

} // namespace moec::lowering
