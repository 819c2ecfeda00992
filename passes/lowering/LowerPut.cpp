//===- LowerPut.cpp - Fragments into shared memory ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bf16 goes by stmatrix: lane l names the row l mod 8 of the 8x8 matrix l / 8, and the
// matrices of one instruction are (columns, rows) 0, 0; 0, 1; 1, 0; 1, 1 in units of
// 8. f32 goes pair by pair into rows with a pad that keeps the banks apart.
//===----------------------------------------------------------------------===//

#include "passes/check/ClosedForm.h"
#include "passes/lowering/MapInParts.h"
#include "passes/lowering/RoleContext.h"

using namespace mlir;

namespace moec::lowering {
namespace {

/// Bytes of 8 bf16, the row of a matrix; what a swizzle exchanges.
constexpr int64_t kChunk = 16;

class Put {
public:
  /// `registers` of `columns` columns.
  Put(tile::PutOp op, Emitter &emit, RoleContext &context, const Registers &registers,
      int64_t columns)
      : op(op), emit(emit), context(context), buf(op.getBuf().getType()), registers(registers),
        pitch(buf.getSwizzle() ? 128 : buf.getRowBytes() + buf.getPad()), columns(columns),
        splitsM(op.getSplit() == tile::Split::M) {}

  LogicalResult lower() {
    if (failed(check()))
      return failure();
    if (buf.getElementType().isF32())
      op.getTranspose() ? putWordsTransposed() : putPairs();
    else
      op.getTranspose() ? putMatricesTransposed() : putMatrices();
    return success();
  }

  /// Of every second chunk of a panel: 16 columns go at once.
  SmallVector<Value> getChunkAddresses() {
    SmallVector<Value> values;
    for (int64_t inPanel = 0; inPanel < getChunksOfPanel(); inPanel += 2)
      values.push_back(getChunkAddress(inPanel));
    return values;
  }
  void lowerPart(ValueRange chunkAddresses) {
    addresses = chunkAddresses;
    putMatrices();
  }

private:
  int64_t getChunksOfPanel() const { return buf.getPanelColumns() * 2 / kChunk; }

  /// Columns of the buffer that each warpgroup skips.
  int64_t getColumnStride() {
    if (op.getTranspose())
      return splitsM ? 64 : 0;
    return splitsM ? 0 : columns;
  }
  int64_t getRowStride() {
    if (op.getTranspose())
      return splitsM ? 0 : columns;
    return splitsM ? 64 : 0;
  }

  LogicalResult check() {
    int64_t panel = buf.getPanelColumns();
    bool aligned = op.getRow() % 8 == 0 && op.getCol() % 16 == 0 &&
                   (!buf.getSwizzle() || (op.getTranspose() ? op.getCol() % panel == 0 : true));
    // A warpgroup starts at a panel of its own, or the panels are one.
    if (aligned &&
        (!buf.getSwizzle() || getColumnStride() % panel == 0 || context.getPlace().warps() == 4))
      return success();
    return op.emitError() << kUnsupported << "a put to (" << op.getRow() << ", " << op.getCol()
                          << ") of " << buf;
  }

  /// Bytes from the buffer's start to a chunk-aligned place, without swizzle.
  int64_t getBytes(int64_t row, int64_t column) const {
    int64_t panel = buf.getPanelColumns(), size = buf.getElementBytes();
    if (!buf.getSwizzle())
      return row * pitch + column * size;
    return column / panel * buf.getPanelBytes() + row * pitch + column % panel * size;
  }

  Value packed(int64_t pair) { return emit.packBf16(registers[2 * pair], registers[2 * pair + 1]); }

  std::string getKey(StringRef what) {
    std::string key;
    llvm::raw_string_ostream(key) << what << buf << getRowStride() << ' ' << getColumnStride();
    return key;
  }

  /// Address of this lane's row in a buffer at 0: `row` of the fragment's place, chunk
  /// `chunk` of it.
  Value getAddress(Emitter &at, Value row, Value chunk) {
    if (buf.getSwizzle())
      chunk = at.bitXor(chunk, at.bitAnd(context.lane(), 7));
    Value bytes = at.add(at.mul(row, pitch), at.mul(chunk, kChunk));
    if (int64_t stride = getBytes(getRowStride(), getColumnStride()))
      bytes = at.add(bytes, at.mul(context.warpgroup(), stride));
    return at.offset(context.shared(), bytes);
  }

  void store(Value address, int64_t bytes, int64_t firstPair, bool transpose) {
    int64_t pairs = std::min<int64_t>(4, int64_t(registers.size()) / 2 - firstPair);
    SmallVector<Value> values;
    for (int64_t i = 0; i < pairs; ++i)
      values.push_back(packed(firstPair + i));
    emit.storeMatrix(emit.offset(address, context.getOffset(op.getBuf()) + bytes), values,
                     transpose);
  }

  /// Where columns of the first panel are put, from chunk `inPanel` on, in a buffer at 0.
  Value getChunkAddress(int64_t inPanel) {
    return context.atTop(getKey("put " + std::to_string(inPanel)), [&](Emitter &at) {
      Value row = at.add(at.mul(context.warpOfGroup(), 16), at.bitAnd(context.lane(), 15));
      return getAddress(at, row, at.bitOr(at.shiftRight(context.lane(), 4), inPanel));
    });
  }

  /// Four matrices: 16 rows, 16 columns.
  void putMatrices() {
    for (int64_t column = 0; column < columns; column += 16) {
      int64_t chunk = (op.getCol() + column) * 2 / kChunk;
      int64_t inPanel = buf.getSwizzle() ? chunk % getChunksOfPanel() : 0;
      Value address = addresses.empty() ? getChunkAddress(inPanel) : addresses[inPanel / 2];
      int64_t place = op.getCol() + column - inPanel * kChunk / 2;
      store(address, getBytes(op.getRow(), place), column / 4, /*transpose=*/false);
    }
  }

  /// The buffer's rows are the fragment's columns: 16 of them, and the 16 rows of the
  /// warp as two chunks.
  void putMatricesTransposed() {
    Value address = context.atTop(getKey("put transposed"), [&](Emitter &at) {
      Value lane = context.lane();
      Value row = at.add(at.bitAnd(lane, 7), at.mul(at.shiftRight(lane, 4), 8));
      Value chunk = at.add(at.mul(context.warpOfGroup(), 2), at.bitAnd(at.shiftRight(lane, 3), 1));
      return getAddress(at, row, chunk);
    });
    for (int64_t column = 0; column < columns; column += 16)
      store(address, getBytes(op.getRow() + column, op.getCol()), column / 4, /*transpose=*/true);
  }

  /// Address of register 0, of f32.
  Value getWordAddress(StringRef what) {
    return context.atTop(getKey(what), [&](Emitter &at) {
      Value row = at.add(at.mul(context.warpOfGroup(), 16), at.shiftRight(context.lane(), 2));
      Value column = at.mul(at.bitAnd(context.lane(), 3), 2);
      if (op.getTranspose())
        std::swap(row, column);
      Value bytes = at.add(at.mul(row, pitch), at.mul(column, 4));
      if (int64_t stride = getBytes(getRowStride(), getColumnStride()))
        bytes = at.add(bytes, at.mul(context.warpgroup(), stride));
      return at.offset(context.shared(), bytes);
    });
  }

  void putPairs() {
    Value address = getWordAddress("put f32");
    int64_t base = context.getOffset(op.getBuf());
    for (int64_t i = 0; i < int64_t(registers.size()); i += 2) {
      int64_t row = op.getRow() + i % 4 / 2 * 8, column = op.getCol() + i / 4 * 8;
      emit.storePair(emit.offset(address, base + getBytes(row, column)), registers[i],
                     registers[i + 1]);
    }
  }

  void putWordsTransposed() {
    Value address = getWordAddress("put f32 transposed");
    int64_t base = context.getOffset(op.getBuf());
    for (int64_t i = 0; i < int64_t(registers.size()); ++i) {
      int64_t row = op.getRow() + i / 4 * 8 + i % 2, column = op.getCol() + i % 4 / 2 * 8;
      emit.store(registers[i], emit.offset(address, base + getBytes(row, column)));
    }
  }

  tile::PutOp op;
  Emitter &emit;
  RoleContext &context;
  tile::BufType buf;
  Registers registers;
  int64_t pitch;        ///< bytes from a row to the next
  int64_t columns;      ///< of the registers
  ValueRange addresses; ///< of the chunks of a part
  bool splitsM;
};
} // namespace

LogicalResult lowerPut(tile::PutOp op, RoleContext &context) {
  OpBuilder builder(op);
  Emitter emit(builder, op.getLoc());
  if (tile::MapOp map = getMapInParts(op.getFrag())) {
    lowerInParts(map, op, emit, context);
    return success();
  }
  int64_t columns = cast<tile::FragType>(op.getFrag().getType()).getColumns();
  return Put(op, emit, context, context.fragments.lookup(op.getFrag()), columns).lower();
}

SmallVector<Value> getPartAddresses(tile::PutOp op, Emitter &emit, RoleContext &context) {
  int64_t columns = cast<tile::FragType>(op.getFrag().getType()).getColumns();
  return Put(op, emit, context, {}, columns).getChunkAddresses();
}

void lowerPutOfPart(tile::PutOp op, Emitter &emit, RoleContext &context, const Registers &registers,
                    ValueRange addresses) {
  Put(op, emit, context, registers, int64_t(registers.size()) * 2).lowerPart(addresses);
}

} // namespace moec::lowering
