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

using namespace mlir;

namespace moec::lowering {

static constexpr int64_t kParts = 2;

static int64_t getColumns(Value frag) { return cast<tile::FragType>(frag.getType()).getColumns(); }

tile::MapOp getMapInParts(Value frag) {
  auto map = frag.getDefiningOp<tile::MapOp>();
  if (!map || !frag.hasOneUse())
    return {};
  auto put = dyn_cast<tile::PutOp>(*frag.user_begin());
  if (!put || put.getTranspose() || put.getRow() || put.getCol() ||
      put.getSplit() != tile::Split::M)
    return {};
  tile::BufType buf = put.getBuf().getType();
  bool parts = buf.getSwizzle() && getColumns(frag) % (kParts * buf.getPanelColumns()) == 0;
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
        columns(getColumns(put.getFrag()) / kParts),
        bytes(columns / buf.getPanelColumns() * buf.getPanelBytes()), count(size_t(columns) / 2) {}

  void lower() {
    SmallVector<Value> init = {emit.i32(0), context.shared()}, later;
    llvm::append_range(init, getPartAddresses(put, emit, context));
    size_t state = init.size();
    Value end = emit.pointerToInt(emit.offset(context.shared(), kParts * bytes));
    for (Value frag : map.getFrags()) {
      const Registers registers = context.fragments.lookup(frag);
      if (registers.empty()) // loaded in each round
        continue;
      llvm::append_range(init, ArrayRef(registers).take_front(count));
      llvm::append_range(later, ArrayRef(registers).take_back(count));
    }
    emit.loopWhile(
        init,
        [&](ValueRange now) -> Emitter::Test {
          ValueRange targets = now.slice(2, state - 2), carried = now.drop_front(state);
          Registers results = mapRegisters(map, emit, getInputs(now[0], carried));
          lowerPutOfPart(put, emit, context, results, targets);
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

  /// Where the next part goes and what it is; the last one has none.
  SmallVector<Value> takeLater(Value part, ValueRange targets, ValueRange carried,
                               ArrayRef<Value> later) {
    Value isFollowed = emit.compare(Compare::Equal, part, 0);
    SmallVector<Value> now(targets);
    llvm::append_range(now, carried);
    auto branch = scf::IfOp::create(emit.builder, emit.loc, ValueRange(now).getTypes(), isFollowed,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(branch.thenBlock());
    SmallVector<Value> next = llvm::map_to_vector(targets, [&](Value at) { return advance(at); });
    llvm::append_range(next, later);
    scf::YieldOp::create(emit.builder, emit.loc, next);
    emit.builder.setInsertionPointToStart(branch.elseBlock());
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
  int64_t columns; ///< of a part
  int64_t bytes;   ///< from a part to the next
  size_t count;    ///< of registers of a part
};
} // namespace

void lowerInParts(tile::MapOp map, tile::PutOp put, Emitter &emit, RoleContext &context) {
  PartLoop(map, put, emit, context).lower();
}

} // namespace moec::lowering
