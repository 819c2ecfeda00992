//===- LowerFlags.cpp - Flags, counters, meetings of CTAs -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A flag is a u64, its epoch in the high word. A late peer must not hang the ranks
// behind it: the wait ends, says whom it waited for, and the step goes on to its end.
//===----------------------------------------------------------------------===//

#include "passes/lowering/GridBarrier.h"
#include "passes/lowering/RoleContext.h"

using namespace mlir;

namespace moec::lowering {

/// Between two looks at a flag.
static constexpr int64_t kNapNanoseconds = 64;
/// Code of an expired wait.
static constexpr int64_t kExpired = 1;

namespace {
class FlagWait {
public:
  FlagWait(tile::FlagWaitOp op, Emitter &emit, RoleContext &context)
      : op(op), emit(emit), context(context) {}

  void lower() {
    // Where a wait has expired, later ones only look.
    Value code = tile::PtxLdAcquireOp::create(emit.builder, emit.loc, emit.i32Type(),
                                              tile::Scope::GPU, op.getStatus());
    Value patient = emit.compare(Compare::Equal, code, 0);
    Value patience = emit.select(patient, op.getDeadline(), emit.i64(0));
    Value end = emit.add(emit.globalTimer(), patience);
    emit.loopFor(emit.i32(0), op.getCount(), emit.i32(32), [&](Value first) {
      Value index = emit.add(first, context.lane());
      Value exists = emit.compare(Compare::Less, index, op.getCount());
      // Lanes without a flag look at the first one.
      Value mine = emit.select(exists, index, first);
      SmallVector<Value> seen = poll(mine, exists, end);
      Value missing = emit.bitAnd(exists, emit.compare(Compare::Equal, seen[1], 0));
      emit.ifThen(missing, [&] { report(mine, seen[0]); });
    });
  }

private:
  /// Until all lanes are content or time is up. Returns the epoch seen and whether it
  /// is enough, i32.
  SmallVector<Value> poll(Value index, Value exists, Value end) {
    Value bytes = emit.shiftLeft(emit.widen(index, emit.i64Type()), 3);
    Value flag = emit.offset(op.getFlags(), bytes);
    return emit.loopWhile(
        {},
        [&](ValueRange) -> Emitter::Test {
          Value word = tile::PtxLdAcquireOp::create(emit.builder, emit.loc, emit.i64Type(),
                                                    tile::Scope::Sys, flag);
          Value epoch = emit.narrow(emit.shiftRight(word, 32));
          Value ahead = emit.sub(epoch, op.getEpoch());
          Value enough = emit.compare(Compare::SignedAtLeast, ahead, 0);
          Value content = emit.bitOr(enough, emit.bitXor(exists, emit.i1(true)));
          Value all = emit.voteAll(content);
          Value late = emit.voteAny(emit.compare(Compare::Greater, emit.globalTimer(), end));
          Value over = emit.bitOr(all, late);
          return {emit.bitXor(over, emit.i1(true)), {epoch, emit.widen(enough, emit.i32Type())}};
        },
        [&](ValueRange) -> SmallVector<Value> {
          emit.sleep(kNapNanoseconds);
          return {};
        });
  }

  /// The first who comes writes the record; see RankState.
  void report(Value peer, Value epoch) {
    Value status = op.getStatus();
    Value before =
        tile::PtxAtomOp::create(emit.builder, emit.loc, emit.i32Type(), tile::AtomicKind::Exch,
                                tile::Sem::Relaxed, tile::Scope::GPU, status, emit.i32(kExpired));
    emit.ifThen(emit.compare(Compare::Equal, before, 0), [&] {
      emit.store(emit.i32(op.getFlag()), emit.offset(status, 4));
      emit.store(peer, emit.offset(status, 8));
      emit.store(epoch, emit.offset(status, 12));
    });
  }

  tile::FlagWaitOp op;
  Emitter &emit;
  RoleContext &context;
};
} // namespace

static void lowerSignal(tile::SignalOp op, Emitter &emit) {
  Value high = emit.shiftLeft(emit.widen(op.getEpoch(), emit.i64Type()), 32);
  Value word = emit.bitOr(high, emit.widen(op.getPayload(), emit.i64Type()));
  tile::PtxStReleaseOp::create(emit.builder, emit.loc, tile::Scope::Sys, op.getCell(), word);
}

static void lowerArrive(tile::ArriveOp op, Emitter &emit) {
  Value limit = emit.sub(op.getTotal(), 1);
  Value before =
      tile::PtxAtomOp::create(emit.builder, emit.loc, emit.i32Type(), tile::AtomicKind::Inc,
                              tile::Sem::AcqRel, tile::Scope::GPU, op.getCounter(), limit);
  op.getLast().replaceAllUsesWith(emit.compare(Compare::Equal, before, limit));
}

LogicalResult lowerFlagOp(Operation *op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op->getLoc());
  if (auto wait = dyn_cast<tile::FlagWaitOp>(op))
    FlagWait(wait, emit, context).lower();
  else if (auto signal = dyn_cast<tile::SignalOp>(op))
    lowerSignal(signal, emit);
  else if (auto arrive = dyn_cast<tile::ArriveOp>(op))
    lowerArrive(arrive, emit);
  else
    emitGridBarrier(emit, context.getPlace(), cast<tile::GridSyncOp>(op).getCounter());
  return success();
}

} // namespace moec::lowering
