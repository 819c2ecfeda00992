//===- MapInParts.cpp - Arithmetic on accumulators, part by part ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/MapInParts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "passes/lowering/ApproximateMath.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moec::lowering {

/// Columns that one instruction puts.
static constexpr int64_t kPutColumns = 16;

static int64_t getColumns(Value frag) { return cast<tile::FragType>(frag.getType()).getColumns(); }

/// An activation with biases is long: a part is as small as can be put.
static bool isLong(tile::MapOp map) {
  auto isBias = [](Value frag) {
    auto values = frag.getDefiningOp<tile::ColValuesOp>();
    return values && values.getWhole() && values.getFrag().hasOneUse();
  };
  return llvm::count_if(map.getFrags(), isBias) > 1;
}

static int64_t getParts(tile::MapOp map) {
  return isLong(map) ? getColumns(map.getResult()) / kPutColumns : 2;
}

tile::MapOp getMapInParts(Value frag) {
  auto map = frag.getDefiningOp<tile::MapOp>();
  if (!map || !frag.hasOneUse())
    return {};
  auto put = dyn_cast<tile::PutOp>(*frag.user_begin());
  if (!put || put.getTranspose() || put.getRow() || put.getCol() ||
      (put.getSplit() != tile::Split::M && !isLong(map)))
    return {};
  tile::BufType buf = put.getBuf().getType();
  int64_t panels = isLong(map) ? 1 : 2;
  bool parts = buf.getSwizzle() && getColumns(frag) % (panels * buf.getPanelColumns()) == 0;
  return parts && map->getBlock() == put->getBlock() ? map : tile::MapOp();
}

bool isLoadedInParts(tile::ColValuesOp op) {
  if (!op.getWhole() || !op.getFrag().hasOneUse())
    return false;
  auto map = dyn_cast<tile::MapOp>(*op.getFrag().user_begin());
  return map && getMapInParts(map.getResult());
}

/// Moves a loaded value that nothing uses yet to where it is wanted: with the biases of a whole
/// tile ahead of the first activation, an elaborate one finds no registers.
static void sinkLoad(OpBuilder &builder, Value value) {
  auto element = value.getDefiningOp<LLVM::ExtractElementOp>();
  auto load = element ? element.getVector().getDefiningOp<LLVM::LoadOp>() : LLVM::LoadOp();
  if (!load || llvm::any_of(load->getUsers(), [](Operation *user) { return !user->use_empty(); }))
    return;
  load->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  for (Operation *user : llvm::to_vector(load->getUsers()))
    user->moveAfter(load);
}

/// The region once a register.
static Registers mapRegisters(tile::MapOp op, Emitter &emit, ArrayRef<Registers> inputs) {
  Block &body = op.getBody().front();
  Registers results;
  for (size_t i = 0; i < inputs.front().size(); ++i) {
    IRMapping map;
    for (auto [arg, registers] : llvm::zip_equal(body.getArguments(), inputs)) {
      sinkLoad(emit.builder, registers[i]);
      map.map(arg, registers[i]);
    }
    for (Operation &inner : body.without_terminator())
      emit.builder.clone(inner, map);
    results.push_back(map.lookupOrDefault(op.getYield().getValues().front()));
  }
  return results;
}

void lowerMap(tile::MapOp op, Emitter &emit, RoleContext &context) {
  // The arithmetic is made cheap before it is copied.
  approximateMath(op, /*divisions=*/true);
  if (getMapInParts(op.getResult()))
    return;
  SmallVector<Registers> inputs;
  for (Value frag : op.getFrags())
    inputs.push_back(context.fragments.lookup(frag));
  context.fragments[op.getResult()] = mapRegisters(op, emit, inputs);
}

Value getFirstColumn(tile::ColValuesOp op, Emitter &emit, RoleContext &context) {
  Value column = emit.mul(emit.bitAnd(context.lane(), 3), 2);
  if (op.getSplit() == tile::Split::N)
    column = emit.add(column, emit.mul(context.warpgroup(), getColumns(op.getFrag())));
  return column;
}

/// The columns of a thread lie in pairs, eight columns apart.
Registers loadPairs(Emitter &emit, tile::ColValuesOp op, Value column, int64_t columns) {
  Value at = emit.add(op.getFirst(), column);
  Value start = emit.offset(op.getBase(), emit.shiftLeft(emit.widen(at, emit.i64Type()), 2));
  Registers registers;
  for (int64_t group = 0; group < columns / 8; ++group) {
    auto [left, right] = emit.loadPair(emit.offset(start, 32 * group));
    registers.append({left, right, left, right});
  }
  return registers;
}

namespace {
/// The loop over the parts. The moves for the next round stand in a branch, or the last
/// round would do them too; and the loop ends by an address, the same in all threads, that is
/// moved on by an op that LLVM does not look into: where it sees that branch and end are
/// decided by the same, the loop is left in its middle, and ptxas makes two of it.
class PartLoop {
public:
  PartLoop(tile::MapOp map, tile::PutOp put, Emitter &emit, RoleContext &context)
      : map(map), put(put), emit(emit), context(context), buf(put.getBuf().getType()),
        parts(getParts(map)), columns(getColumns(put.getFrag()) / parts),
        bytes(columns * buf.getPanelBytes() / buf.getPanelColumns()), count(size_t(columns) / 2) {}

  void lower() {
    SmallVector<Value> init = {emit.i32(0), context.shared()};
    SmallVector<SmallVector<Value>> later(parts - 1);
    SmallVector<Value> addresses = getPartAddresses(put, emit, context);
    if (!isLong(map))
      llvm::append_range(init, addresses);
    size_t state = init.size();
    Value end = emit.pointerToInt(emit.offset(context.shared(), parts * bytes));
    for (Value frag : map.getFrags()) {
      const Registers registers = context.fragments.lookup(frag);
      if (registers.empty()) // loaded in each round
        continue;
      llvm::append_range(init, ArrayRef(registers).take_front(count));
      for (auto [i, values] : llvm::enumerate(later))
        llvm::append_range(values, ArrayRef(registers).slice((i + 1) * count, count));
    }
    emit.loopWhile(
        init,
        [&](ValueRange now) -> Emitter::Test {
          ValueRange targets = now.slice(2, state - 2), carried = now.drop_front(state);
          Registers results = mapRegisters(map, emit, getInputs(now[0], carried));
          SmallVector<Value> places(targets);
          if (isLong(map))
            places.push_back(getAddress(now[0], addresses.front()));
          lowerPutOfPart(put, emit, context, results, places);
          SmallVector<Value> next = {emit.add(now[0], 1), advance(now[1])};
          llvm::append_range(next, takeLater(now[0], targets, carried, later));
          return {emit.compare(Compare::Less, emit.pointerToInt(next[1]), end), next};
        },
        [&](ValueRange next) -> SmallVector<Value> { return llvm::to_vector(next); });
  }

private:
  Value advance(Value address) {
    return tile::PtxAdvanceOp::create(emit.builder, emit.loc, address.getType(), address, bytes);
  }

  /// Where a part goes that is a piece of a panel: the swizzle exchanges the chunks of a row.
  Value getAddress(Value part, Value first) {
    Value chunk = emit.mul(emit.bitAnd(part, buf.getPanelColumns() / columns - 1), 2 * columns);
    Value both = emit.bitAnd(emit.pointerToInt(first), chunk);
    Value bytes = emit.sub(chunk, emit.shiftLeft(both, 1)); // what an exclusive or adds
    Value panel = emit.shiftRight(part, llvm::Log2_64(buf.getPanelColumns() / columns));
    return emit.offset(first, emit.add(bytes, emit.mul(panel, buf.getPanelBytes())));
  }

  /// Where the next part goes and what it is; the last one has none.
  SmallVector<Value> takeLater(Value part, ValueRange targets, ValueRange carried,
                               ArrayRef<SmallVector<Value>> later, int64_t number = 0) {
    Value isFollowed = emit.compare(Compare::Equal, part, number);
    SmallVector<Value> now(targets);
    llvm::append_range(now, carried);
    auto branch = scf::IfOp::create(emit.builder, emit.loc, ValueRange(now).getTypes(), isFollowed,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(branch.thenBlock());
    SmallVector<Value> next = llvm::map_to_vector(targets, [&](Value at) { return advance(at); });
    llvm::append_range(next, later.front());
    scf::YieldOp::create(emit.builder, emit.loc, next);
    emit.builder.setInsertionPointToStart(branch.elseBlock());
    if (later.size() > 1)
      now = takeLater(part, targets, carried, later.drop_front(), number + 1);
    scf::YieldOp::create(emit.builder, emit.loc, now);
    return llvm::to_vector(ValueRange(branch.getResults()));
  }

  SmallVector<Registers> getInputs(Value part, ValueRange carried) {
    SmallVector<Registers> inputs;
    for (Value frag : map.getFrags()) {
      auto biases = frag.getDefiningOp<tile::ColValuesOp>();
      if (biases && isLoadedInParts(biases)) {
        Value column = emit.add(getFirstColumn(biases, emit, context), emit.mul(part, columns));
        inputs.push_back(loadPairs(emit, biases, column, columns));
        continue;
      }
      inputs.push_back(llvm::to_vector(carried.take_front(count)));
      carried = carried.drop_front(count);
    }
    return inputs;
  }

  tile::MapOp map;
  tile::PutOp put;
  Emitter &emit;
  RoleContext &context;
  tile::BufType buf;
  int64_t parts;
  int64_t columns; ///< of a part
  int64_t bytes;   ///< from a part to the next
  size_t count;    ///< of registers of a part
};
} // namespace

void lowerInParts(tile::MapOp map, tile::PutOp put, Emitter &emit, RoleContext &context) {
  PartLoop(map, put, emit, context).lower();
}

} // namespace moec::lowering
