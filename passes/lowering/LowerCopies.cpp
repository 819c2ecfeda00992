//===- LowerCopies.cpp - Loads, gathers, stores, scatters -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/check/ClosedForm.h"
#include "passes/lowering/RoleContext.h"
#include "passes/lowering/ScatterByThreads.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {

//===----------------------------------------------------------------------===//
// By tensor map
//===----------------------------------------------------------------------===//

/// The map that a view stands for.
static Value getMap(Value view) {
  return view.getDefiningOp<UnrealizedConversionCastOp>().getInputs().front();
}

/// Coordinates of a box, innermost first as the instruction wants them, `column`
/// columns behind the first.
static SmallVector<Value> getCoordinates(Emitter &emit, tile::ViewType view, ValueRange coords,
                                         Value valid, int64_t column) {
  SmallVector<Value> result = {emit.add(coords.back(), column)};
  if (!view.getRagged()) {
    for (Value outer : llvm::reverse(coords.drop_back()))
      result.push_back(outer);
    return result;
  }
  // The second dimension ends behind `valid` rows, see #tile.tensor_map.
  int64_t rows = view.getRows();
  if (!valid)
    valid = emit.i32(rows);
  result.push_back(emit.sub(emit.i32(rows), valid));
  result.push_back(emit.add(coords.front(), valid));
  return result;
}

/// Calls `move` for each box that makes up a buffer: address and coordinates.
static void forEachBox(Emitter &emit, RoleContext &context, Value buf, tile::ViewType view,
                       ValueRange coords, Value valid,
                       llvm::function_ref<void(Value, ValueRange)> move) {
  auto type = cast<tile::BufType>(buf.getType());
  int64_t boxes = type.getColumns() / view.getColumns();
  Value start = context.getAddress(emit, buf);
  for (int64_t box = 0; box < boxes; ++box)
    move(emit.offset(start, box * (type.getBytes() / boxes)),
         getCoordinates(emit, view, coords, valid, box * view.getColumns()));
}

static void lowerLoad(tile::LoadOp op, Emitter &emit, RoleContext &context) {
  SlotPlace slot = getSlotPlaceOf(op.getBuf());
  Value full = context.getFullBarrier(emit, slot);
  Value map = getMap(op.getView());
  forEachBox(emit, context, op.getBuf(), op.getView().getType(), op.getCoords(), op.getValid(),
             [&](Value shared, ValueRange at) { emit.tensorLoad(shared, map, at, full); });
}

static void lowerStore(tile::StoreOp op, Emitter &emit, RoleContext &context) {
  Value map = getMap(op.getView());
  forEachBox(emit, context, op.getBuf(), op.getView().getType(), op.getCoords(), op.getValid(),
             [&](Value shared, ValueRange at) { emit.tensorStore(map, shared, at); });
  emit.commitStores();
}

//===----------------------------------------------------------------------===//
// Row by row
//===----------------------------------------------------------------------===//

static constexpr int64_t kPieceBytes = 16; // of one cp.async

static void lowerScatter(tile::ScatterOp op, Emitter &emit, RoleContext &context) {
  tile::BufType buf = op.getBuf().getType();
  if (op.getByThreads())
    return lowerScatterByThreads(op, emit, context);
  int64_t pitch = buf.getRowBytes() + buf.getPad();
  Value base = context.getAddress(emit, op.getBuf());
  emit.loopFor(context.threadOfRole(), op.getValid(), emit.i32(context.getPlace().threads()),
               [&](Value row) {
                 emit.bulkStore(makeTarget(op, emit, row), emit.offset(base, emit.mul(row, pitch)),
                                op.getBytes());
               });
  emit.commitStores();
}

/// How the threads of a role share the 16-byte pieces of a buffer: thread t takes piece
/// t mod `pieces` of rows t / `pieces`, and then every `step` rows.
struct Pieces {
  Pieces(tile::BufType buf, const RolePlace &place)
      : pieces(buf.getRowBytes() / kPieceBytes), step(place.threads() / pieces) {}
  int64_t pieces, step;
};

static Value getPiece(Emitter &emit, RoleContext &context, const Pieces &share) {
  return emit.bitAnd(context.threadOfRole(), share.pieces - 1);
}

static LogicalResult lowerGatherRows(tile::GatherRowsOp op, Emitter &emit, RoleContext &context) {
  auto buf = cast<tile::BufType>(op.getBuf());
  Pieces share(buf, context.getPlace());
  if ((share.pieces & (share.pieces - 1)) || (buf.getSwizzle() && share.pieces != 8) ||
      share.step % 8 || buf.getRows() % share.step)
    return op.emitError() << kUnsupported << "a gather of rows of " << buf.getRowBytes()
                          << " bytes by " << context.getPlace().threads() << " threads";
  Value row = emit.divide(context.threadOfRole(), share.pieces);
  Value column = emit.mul(getPiece(emit, context, share), kPieceBytes);
  op.getStart().replaceAllUsesWith(emit.offset(op.getBase(), emit.widen(column, emit.i64Type())));
  Value first = emit.shiftLeft(emit.widen(emit.add(op.getFirst(), row), emit.i64Type()), 2);
  Value indices = emit.offset(op.getIndices(), first);
  // From this thread's first row to the last one, which may lie before it.
  Value last = emit.sub(emit.sub(op.getValid(), 1), row);
  for (auto [i, number] : llvm::enumerate(op.getNumbers())) {
    // Rows behind the end repeat the last one: nobody reads them, and they exist.
    Value at = emit.signedMin(last, i * share.step);
    Value bytes = emit.shiftLeft(emit.widenSigned(at, emit.i64Type()), 2);
    number.replaceAllUsesWith(emit.load(emit.i32Type(), emit.offset(indices, bytes)));
  }
  return success();
}

/// Where the first piece of this thread goes, in a buffer at offset 0.
static Value getPieceAddress(RoleContext &context, tile::BufType buf) {
  std::string key = "piece";
  llvm::raw_string_ostream(key) << buf;
  return context.atTop(key, [&](Emitter &emit) {
    Pieces share(buf, context.getPlace());
    Value row = emit.divide(context.threadOfRole(), share.pieces);
    Value piece = getPiece(emit, context, share);
    if (buf.getSwizzle())
      piece = emit.bitXor(piece, emit.bitAnd(row, 7));
    Value bytes =
        emit.add(emit.mul(row, buf.getRowBytes() + buf.getPad()), emit.mul(piece, kPieceBytes));
    return emit.offset(context.shared(), bytes);
  });
}

static void lowerGatherCopy(tile::GatherCopyOp op, Emitter &emit, RoleContext &context) {
  tile::BufType buf = op.getBuf().getType();
  Pieces share(buf, context.getPlace());
  Value size;
  if (op.getK()) {
    Value column = emit.add(emit.mul(op.getK(), buf.getRowBytes()),
                            emit.mul(getPiece(emit, context, share), kPieceBytes));
    Value exists = emit.compare(Compare::Less, column, op.getPitch());
    size = emit.select(exists, emit.i32(kPieceBytes), emit.i32(0));
  }
  Value target = context.inBuffer(emit, getPieceAddress(context, buf), op.getBuf());
  int64_t step = share.step * (buf.getRowBytes() + buf.getPad());
  for (auto [i, number] : llvm::enumerate(op.getNumbers())) {
    Value bytes = emit.mul(emit.widen(number, emit.i64Type()), op.getPitch());
    emit.asyncCopy(emit.offset(target, i * step), emit.offset(op.getStart(), bytes), size);
  }
}

LogicalResult lowerCopy(Operation *op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op->getLoc());
  if (auto load = dyn_cast<tile::LoadOp>(op))
    lowerLoad(load, emit, context);
  else if (auto store = dyn_cast<tile::StoreOp>(op))
    lowerStore(store, emit, context);
  else if (auto scatter = dyn_cast<tile::ScatterOp>(op))
    lowerScatter(scatter, emit, context);
  else if (auto rows = dyn_cast<tile::GatherRowsOp>(op))
    return lowerGatherRows(rows, emit, context);
  else if (auto copy = dyn_cast<tile::GatherCopyOp>(op))
    lowerGatherCopy(copy, emit, context);
  else
    emit.waitStores(0, /*onlyRead=*/false);
  return success();
}

} // namespace moec::lowering
