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
  Value tile; ///< number among the tiles of all experts
  Value expert;
  Value base;  ///< number of the expert's first tile
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
    loop->replaceAllUsesWith(ValueRange(results).drop_front(5));
    loop.erase();
  }

private:
  static SmallVector<Value> pack(const Position &at) {
    return {at.tile, at.expert, at.base, at.first, at.end};
  }
  static Position unpack(ValueRange values) {
    return {values[0], values[1], values[2], values[3], values[4]};
  }

  Position getStart() {
    Value zero = emit.i32(0);
    if (loop.getTotal())
      return {emit.ctaX(), zero, zero, zero, loop.getTotal()};
    return {emit.ctaX(), zero, zero, loadOffset(zero), loadOffset(emit.i32(1))};
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
    Value experts = loop.getTotal() ? emit.i32(1) : loop.getExperts();
    SmallVector<Value> found = emit.loopWhile(
        {at.expert, at.base, at.first, at.end},
        [&](ValueRange here) -> Emitter::Test {
          Position step{at.tile, here[0], here[1], here[2], here[3]};
          Value behind = emit.add(step.base, emit.mul(getRowTiles(step), loop.getCols()));
          Value left = emit.compare(Compare::Less, step.expert, experts);
          Value later = emit.compare(Compare::AtLeast, at.tile, behind);
          return {emit.bitAnd(left, later), {here[0], here[1], here[2], here[3], behind}};
        },
        [&](ValueRange here) -> SmallVector<Value> {
          Value next = emit.add(here[0], 1);
          // Behind the last expert: no rows, and no load behind the array.
          Value end = loop.getTotal() ? here[3] : loadOffset(emit.min(emit.add(next, 1), experts));
          return {next, here[4], here[3], end};
        });
    SmallVector<Value> passed = {at.tile, found[0], found[1], found[2], found[3]};
    llvm::append_range(passed, values.drop_front(5));
    return {emit.compare(Compare::Less, found[0], experts), passed};
  }

  SmallVector<Value> runTile(ValueRange values) {
    Position at = unpack(values);
    Value rowTiles = getRowTiles(at);
    Value local = emit.sub(at.tile, at.base);
    Value rowTile, column;
    switch (loop.getOrder()) {
    case tile::TileOrder::RowsFirst:
      column = emit.divide(local, rowTiles);
      rowTile = emit.sub(local, emit.mul(column, rowTiles));
      break;
    case tile::TileOrder::ColumnsFirst:
      rowTile = emit.divide(local, loop.getCols());
      column = emit.sub(local, emit.mul(rowTile, loop.getCols()));
      break;
    }
    Value row = emit.add(at.first, emit.mul(rowTile, loop.getRows()));
    Value valid = emit.min(emit.sub(at.end, row), loop.getRows());
    SmallVector<Value> step = {at.expert, row, valid, column, emit.mul(rowTiles, loop.getCols())};
    llvm::append_range(step, values.drop_front(5));
    SmallVector<Value> next = {emit.add(at.tile, emit.gridX()), at.expert, at.base, at.first,
                               at.end};
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
