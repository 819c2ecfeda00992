//===- ScatterByThreads.cpp - Rows stored by the lanes of warps -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A warp takes 32 rows at a time: each lane finds the address of one of them, all
// at once, and leaves it in the pad behind the row; then the warp goes through the
// rows. (Shuffles instead have code for lanes that part, which none of these do.)
//===----------------------------------------------------------------------===//

#include "passes/lowering/ScatterByThreads.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace moec::lowering {
namespace {

constexpr int64_t kLanes = tile::lanesPerWarp;
constexpr int64_t kPiece = tile::ScatterOp::kPieceBytes;

class RowScatter {
public:
  RowScatter(tile::ScatterOp op, Emitter &emit, RoleContext &context)
      : op(op), emit(emit), context(context), buf(op.getBuf().getType()),
        pitch(buf.getRowBytes() + buf.getPad()), lanesOfRow(op.getLanesOfRow()) {}

  void lower() {
    shared = context.getAddress(emit, op.getBuf());
    lane = context.lane();
    // The same in all lanes, which the number of a thread does not say.
    Value warp = emit.sub(emit.warpId(), int64_t(context.getPlace().first));
    emit.loopFor(emit.mul(warp, kLanes), op.getValid(),
                 emit.i32(context.getPlace().warps() * kLanes),
                 [&](Value first) { scatterRows(first); });
  }

private:
  /// Rows `first` to `first` + 31, as far as they exist.
  void scatterRows(Value first) {
    Value count = emit.min(emit.sub(op.getValid(), first), kLanes);
    Value rows = emit.offset(shared, emit.mul(first, pitch));
    auto leaveTarget = [&] {
      // A row that does not exist gets the address of the last one, for nobody to use.
      Value target = makeTarget(op, emit, emit.add(first, emit.min(emit.sub(count, 1), lane)));
      Value bits = LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64Type(), target);
      Value pad = emit.offset(emit.offset(rows, emit.mul(lane, pitch)), buf.getRowBytes());
      LLVM::StoreOp::create(emit.builder, emit.loc, bits, pad, 8);
    };
    if (buf.getRows() < kLanes)
      emit.ifThen(emit.compare(Compare::Less, lane, buf.getRows()), leaveTarget);
    else
      leaveTarget();
    emit.fenceProxy(Proxy::Shared); // before a copy of a later stage comes there
    emit.warpSync();
    int64_t rowsOfTurn = kLanes / lanesOfRow;
    Value rowOfLane = emit.divide(lane, lanesOfRow);
    int64_t rowsAtOnce = op.getRowsAtOnce();
    emit.loopFor(emit.i32(0), count, emit.i32(rowsAtOnce), [&](Value row) {
      SmallVector<Value> numbers;
      // Rows behind `valid` are read too, those of the buffer (scatter-c5).
      for (int64_t turn = 0; turn < rowsAtOnce; turn += rowsOfTurn)
        numbers.push_back(emit.add(emit.add(row, turn), rowOfLane));
      copyRows(rows, numbers, count);
    });
  }

  /// All loads, then the stores of rows below `count`.
  void copyRows(Value rows, ArrayRef<Value> numbers, Value count) {
    int64_t passes = buf.getRowBytes() / kPiece / lanesOfRow;
    Value piece = emit.mul(emit.bitAnd(lane, lanesOfRow - 1), kPiece);
    auto type = VectorType::get(4, emit.i32Type());
    struct Copy {
      Value exists, target, words;
    };
    SmallVector<Copy> copies;
    for (Value row : numbers) {
      Value exists = emit.compare(Compare::Less, row, count);
      Value source = emit.offset(rows, emit.mul(row, pitch));
      Value address = LLVM::LoadOp::create(emit.builder, emit.loc, emit.globalPointerType(),
                                           emit.offset(source, buf.getRowBytes()), 8);
      for (int64_t pass = 0; pass < passes; ++pass) {
        Value at = emit.add(piece, pass * lanesOfRow * kPiece);
        Value inRow = emit.compare(Compare::Less, at, op.getBytes());
        Value words =
            LLVM::LoadOp::create(emit.builder, emit.loc, type, emit.offset(source, at), kPiece);
        Value place = emit.offset(address, emit.widen(at, emit.i64Type()));
        copies.push_back({emit.bitAnd(exists, inRow), place, words});
      }
    }
    for (const Copy &copy : copies)
      emit.ifThen(copy.exists, [&] {
        LLVM::StoreOp::create(emit.builder, emit.loc, copy.words, copy.target, kPiece);
      });
  }

  tile::ScatterOp op;
  Emitter &emit;
  RoleContext &context;
  tile::BufType buf;
  int64_t pitch;      ///< bytes from a row to the next, in the buffer
  int64_t lanesOfRow; ///< that share a row
  Value shared, lane;
};
} // namespace

Value makeTarget(tile::ScatterOp op, Emitter &emit, Value row) {
  IRMapping map;
  map.map(op.getTarget().front().getArgument(0), row);
  for (Operation &inner : op.getTarget().front().without_terminator())
    emit.builder.clone(inner, map);
  return map.lookupOrDefault(op.getTarget().front().getTerminator()->getOperand(0));
}

void lowerScatterByThreads(tile::ScatterOp op, Emitter &emit, RoleContext &context) {
  RowScatter(op, emit, context).lower();
}

} // namespace moec::lowering
