//===- RolledRing.cpp - A ring of copies as a loop over blocks ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/RolledRing.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "passes/lowering/Emitter.h"
#include "passes/lowering/RingBlocks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moec::lowering {

unsigned getPieces(tile::GatherOp gather) {
  auto role = gather->getParentOfType<tile::RoleOp>();
  unsigned pieces = gather.getBuf().getType().getBytes() / 16, threads = role.getNumWarps() * 32;
  return pieces % threads == 0 ? pieces / threads : 0;
}

static tile::CommitOp getCommit(tile::RingOp ring) {
  auto commits = ring.getBody().front().getOps<tile::CommitOp>();
  return llvm::hasSingleElement(commits) ? *commits.begin() : tile::CommitOp();
}

bool isRolled(tile::RingOp ring) {
  if (!ring.getInits().empty() || !fillsSlots(ring) || !getCommit(ring))
    return false;
  Block &body = ring.getBody().front();
  auto loads = body.getOps<tile::LoadOp>();
  // With two parities the circle of slots is a third thing that a loop would carry.
  RingShape shape = getShape(ring);
  unsigned most = shape.rest() && !llvm::isPowerOf2_32(shape.slots) ? 0 : 1;
  return std::distance(loads.begin(), loads.end()) <= most &&
         llvm::all_of(body.without_terminator(), [](Operation &op) {
           return isa<tile::AcquireOp, tile::LoadOp, tile::GatherOp, tile::CommitOp>(op) ||
                  isPure(&op);
         });
}

namespace {
/// The place of a block. The loop carries it where `slots` is no power of two; else it
/// follows from the block's number.
struct Turn {
  Value number; ///< of the slot
  Value late, early;
  SmallVector<Value> starts; ///< of gathers, see tile.gather_copy
};

class Rolling {
public:
  Rolling(tile::RingOp ring, OpBuilder &builder)
      : ring(ring), commit(getCommit(ring)), shape(getShape(ring)), builder(builder),
        make(builder, ring.getLoc()) {}

  void emit(const Phases &phases) {
    startGathers();
    Turn first{make.i32(0), phases.late, phases.early, {}};
    for (Gather &gather : gathers)
      first.starts.push_back(gather.rows.getStart());
    unsigned lag = commit.getAfter();
    auto loop = scf::ForOp::create(builder, ring.getLoc(), make.i32(0), make.i32(shape.count + lag),
                                   make.i32(1), pack(first));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Turn turn = unpack(loop.getRegionIterArgs(), phases, loop.getInductionVar());
    emitTurn(turn, loop.getInductionVar());
    if (!loop.getRegionIterArgs().empty()) // else it is there
      scf::YieldOp::create(builder, ring.getLoc(), pack(getNext(turn)));
  }

private:
  struct Gather {
    tile::GatherOp op;
    tile::GatherRowsOp rows;
  };

  bool isCarried() const { return !llvm::isPowerOf2_32(shape.slots); }

  SmallVector<Value> pack(const Turn &turn) const {
    SmallVector<Value> values;
    if (isCarried()) {
      values = {turn.number, turn.late};
      if (turn.early)
        values.push_back(turn.early);
    }
    llvm::append_range(values, turn.starts);
    return values;
  }
  /// `phases`: of the first round.
  Turn unpack(ValueRange values, const Phases &phases, Value block) {
    if (isCarried()) {
      Value early = phases.early ? values[2] : Value();
      return {values[0], values[1], early, llvm::to_vector(values.drop_front(early ? 3 : 2))};
    }
    Value round = make.shiftRight(block, llvm::Log2_32(shape.slots));
    auto flipped = [&](Value parity) { return make.bitXor(parity, make.bitAnd(round, 1)); };
    Value early = phases.early ? flipped(phases.early) : Value();
    return {getSlot(block), flipped(phases.late), early, llvm::to_vector(values)};
  }
  Value getSlot(Value block) { return make.bitAnd(block, shape.slots - 1); }

  void startGathers() {
    for (auto gather : ring.getBody().front().getOps<tile::GatherOp>()) {
      SmallVector<Type> numbers(getPieces(gather), make.i32Type());
      gathers.push_back({gather, tile::GatherRowsOp::create(
                                     builder, gather.getLoc(), make.globalPointerType(), numbers,
                                     gather.getBase(), gather.getPitchAttr(), gather.getIndices(),
                                     gather.getFirst(), gather.getValid(),
                                     TypeAttr::get(gather.getBuf().getType()))});
    }
  }

  void emitTurn(const Turn &turn, Value block) {
    unsigned lag = commit.getAfter();
    if (!lag) {
      emitCopies(turn, block);
      tile::CommitOp::create(builder, commit.getLoc(), ring.getPipe(), turn.number, 0, Value());
      return;
    }
    make.ifThen(make.compare(Compare::Less, block, shape.count), [&] { emitCopies(turn, block); });
    // `lag` slots back in the circle: the difference that is negative is the greater one.
    Value due = isCarried()
                    ? make.min(make.sub(turn.number, lag), make.add(turn.number, shape.slots - lag))
                    : getSlot(make.sub(block, lag));
    tile::CommitOp::create(builder, commit.getLoc(), ring.getPipe(), due, lag,
                           make.compare(Compare::AtLeast, block, lag));
  }

  void emitCopies(const Turn &turn, Value block) {
    IRMapping map;
    map.map(ring.getBlock(), block);
    unsigned gather = 0;
    for (Operation &op : ring.getBody().front().without_terminator()) {
      if (isa<tile::AcquireOp>(op)) {
        auto slot = tile::AcquireOp::create(builder, op.getLoc(), ring.getPipe(), turn.number,
                                            getParity(turn));
        map.map(op.getResult(0), slot.getSlot());
      } else if (isa<tile::GatherOp>(op)) {
        emitGather(gathers[gather], turn.starts[gather], block, map);
        ++gather;
      } else if (!isa<tile::CommitOp>(op)) {
        builder.clone(op, map);
      }
    }
  }

  Value getParity(const Turn &turn) {
    if (!turn.early)
      return turn.late;
    Value isEarly = make.compare(Compare::Less, turn.number, shape.rest());
    return make.select(isEarly, turn.early, turn.late);
  }

  void emitGather(Gather &gather, Value start, Value block, IRMapping &map) {
    tile::BufType buf = gather.op.getBuf().getType();
    bool ragged = gather.op.getPitch() % buf.getRowBytes() != 0;
    tile::GatherCopyOp::create(builder, gather.op.getLoc(), start, gather.rows.getNumbers(),
                               ragged ? block : Value(), map.lookup(gather.op.getBuf()),
                               gather.op.getPitch());
  }

  Turn getNext(const Turn &turn) {
    Turn after;
    if (isCarried()) {
      Value next = make.add(turn.number, 1);
      after.number = make.min(next, make.sub(next, shape.slots)); // 0 behind the last
      Value wraps = make.compare(Compare::Equal, after.number, 0);
      auto flipped = [&](Value parity) {
        return make.select(wraps, make.bitXor(parity, 1), parity);
      };
      after.late = flipped(turn.late);
      if (turn.early)
        after.early = flipped(turn.early);
    }
    for (auto [start, gather] : llvm::zip_equal(turn.starts, gathers))
      after.starts.push_back(
          tile::PtxAdvanceOp::create(builder, ring.getLoc(), start.getType(), start,
                                     gather.op.getBuf().getType().getRowBytes()));
    return after;
  }

  tile::RingOp ring;
  tile::CommitOp commit;
  RingShape shape;
  OpBuilder &builder;
  Emitter make;
  SmallVector<Gather> gathers;
};
} // namespace

void emitRolled(tile::RingOp ring, const Phases &phases, OpBuilder &builder) {
  Rolling(ring, builder).emit(phases);
}

} // namespace moec::lowering
