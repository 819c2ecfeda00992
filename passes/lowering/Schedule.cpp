//===- Schedule.cpp - Loops over the tiles of a CTA -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/Schedule.h"
#include "passes/lowering/Emitter.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace moec::lowering {
namespace {

/// The tile that is next and the expert around it. All i32.
struct Position {
  Value tile; ///< number among the tiles of the expert and those behind it
  Value expert;
  Value first; ///< first row of the expert
  Value end;   ///< row behind its last
};

class TileLoop {
public:
  explicit TileLoop(tile::ForTilesOp loop)
      : loop(loop), builder(loop), emit(builder, loop.getLoc()) {}

  void lower() {
    Position start = getStart();
    SmallVector<Value> init = pack(start);
    llvm::append_range(init, loop.getInits());
    SmallVector<Value> results = emit.loopWhile(
        init, [&](ValueRange values) { return findTile(values); },
        [&](ValueRange values) { return runTile(values); });
    loop->replaceAllUsesWith(ValueRange(results).drop_front(fields));
    loop.erase();
  }

private:
  static constexpr unsigned fields = 4; ///< of a position

  static SmallVector<Value> pack(const Position &at) {
    return {at.tile, at.expert, at.first, at.end};
  }
  static Position unpack(ValueRange values) { return {values[0], values[1], values[2], values[3]}; }

  Position getStart() {
    Value zero = emit.i32(0);
    if (loop.getTotal())
      return {emit.ctaX(), zero, zero, loop.getTotal()};
    return {emit.ctaX(), zero, loadOffset(zero), loadOffset(emit.i32(1))};
  }

  Value loadOffset(Value index) {
    Value bytes = emit.shiftLeft(emit.widen(index, emit.i64Type()), 2);
    return emit.load(emit.i32Type(), emit.offset(loop.getOffsets(), bytes));
  }

  /// Number of row tiles of an expert.
  Value getRowTiles(const Position &at) {
    Value rows = emit.sub(at.end, at.first);
    return emit.divide(emit.add(rows, loop.getRows() - 1), loop.getRows());
  }

  /// Steps over the experts whose tiles are all before ours.
  Emitter::Test findTile(ValueRange values) {
    Position at = unpack(values);
    if (loop.getTotal()) {
      Value tiles = emit.mul(getRowTiles(at), loop.getCols());
      return {emit.compare(Compare::Less, at.tile, tiles), llvm::to_vector(values)};
    }
    Value experts = loop.getExperts();
    SmallVector<Value> found = emit.loopWhile(
        pack(at),
        [&](ValueRange here) -> Emitter::Test {
          Position step = unpack(here);
          Value tiles = emit.mul(getRowTiles(step), loop.getCols());
          Value left = emit.compare(Compare::Less, step.expert, experts);
          Value later = emit.compare(Compare::AtLeast, step.tile, tiles);
          SmallVector<Value> passed = pack(step);
          passed.push_back(tiles);
          return {emit.bitAnd(left, later), passed};
        },
        [&](ValueRange passed) -> SmallVector<Value> {
          Position step = unpack(passed);
          Value next = emit.add(step.expert, 1);
          // Behind the last expert: no rows, and no load behind the array.
          Value end = loadOffset(emit.min(emit.add(next, 1), experts));
          return {emit.sub(step.tile, passed.back()), next, step.end, end};
        });
    SmallVector<Value> passed(ArrayRef(found).take_front(fields));
    llvm::append_range(passed, values.drop_front(fields));
    return {emit.compare(Compare::Less, unpack(passed).expert, experts), passed};
  }

  SmallVector<Value> runTile(ValueRange values) {
    Position at = unpack(values);
    Value rowTiles = getRowTiles(at);
    Value rowTile, column;
    switch (loop.getOrder()) {
    case tile::TileOrder::RowsFirst:
      std::tie(column, rowTile) = emit.divideShort(at.tile, rowTiles);
      break;
    case tile::TileOrder::ColumnsFirst:
      rowTile = emit.divide(at.tile, loop.getCols());
      column = emit.sub(at.tile, emit.mul(rowTile, loop.getCols()));
      break;
    }
    Value row = emit.add(at.first, emit.mul(rowTile, loop.getRows()));
    Value valid = emit.min(emit.sub(at.end, row), loop.getRows());
    SmallVector<Value> step = {at.expert, row, valid, column, emit.mul(rowTiles, loop.getCols())};
    llvm::append_range(step, values.drop_front(fields));
    SmallVector<Value> next = {emit.add(at.tile, emit.gridX()), at.expert, at.first, at.end};
    llvm::append_range(next, takeBody(step));
    return next;
  }

  /// Moves the body here, its arguments being `values`; returns what it yields.
  SmallVector<Value> takeBody(ValueRange values) {
    Block &body = loop.getBody().front();
    SmallVector<Value> yielded = llvm::to_vector(loop.getYield().getValues());
    for (auto [arg, value] : llvm::zip_equal(body.getArguments(), values)) {
      for (Value &out : yielded)
        if (out == arg)
          out = value;
      arg.replaceAllUsesWith(value);
    }
    loop.getYield().erase();
    Block *here = builder.getBlock();
    here->getOperations().splice(builder.getInsertionPoint(), body.getOperations());
    builder.setInsertionPointToEnd(here);
    return yielded;
  }

  tile::ForTilesOp loop;
  OpBuilder builder;
  Emitter emit;
};
} // namespace

void lowerTiles(tile::ForTilesOp loop) { TileLoop(loop).lower(); }

} // namespace moec::lowering
