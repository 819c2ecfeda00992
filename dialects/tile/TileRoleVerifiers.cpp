//===- TileRoleVerifiers.cpp - Constraints of copies, products and flags --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each check carries the id of its constraint in TileRoleOps.td.
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moec::tile;

//===----------------------------------------------------------------------===//
// Shared rules
//===----------------------------------------------------------------------===//

/// Whether the buffer's slot is of this kind; of buffers that lost their slot in a
/// later form nothing is said.
template <typename Enter> static bool isInSlotOf(Value buf) {
  auto slotBuf = buf.getDefiningOp<SlotBufOp>();
  Operation *enter = slotBuf ? slotBuf.getSlot().getDefiningOp() : nullptr;
  return !enter || isa<Enter>(enter);
}

static LogicalResult verifyWritten(Operation *op, Value buf) {
  if (isInSlotOf<AcquireOp>(buf))
    return success();
  return op->emitOpError() << "must write a buffer of an acquired slot";
}

static LogicalResult verifyRead(Operation *op, Value buf) {
  if (isInSlotOf<WaitOp>(buf))
    return success();
  return op->emitOpError() << "must read a buffer of an awaited slot";
}

/// A view moves boxes into or out of a buffer.
template <typename Copy> static LogicalResult verifyBox(Copy op) {
  ViewType view = op.getView().getType();
  BufType buf = op.getBuf().getType();
  // load-c1, store-c1
  if (op.getCoords().size() != view.getBox().size())
    return op.emitOpError() << "must have a coordinate for each of the " << view.getBox().size()
                            << " dimensions, not " << op.getCoords().size();
  // load-c2, store-c2
  if (view.getElementType() != buf.getElementType() || view.getSwizzle() != buf.getSwizzle() ||
      view.getRows() != buf.getRows() || view.getColumns() != buf.getPanelColumns() ||
      buf.getPad() != 0)
    return op.emitOpError() << "must move boxes of the size of a panel, but moves " << view
                            << " and " << buf;
  // load-c3, store-c3
  if (view.getRagged() != bool(op.getValid()))
    return op.emitOpError() << (view.getRagged()
                                    ? "must say how many rows a ragged view has here"
                                    : "must not count rows of a view that is not ragged");
  return success();
}

/// Warpgroups of the role around `op`, while there is one.
static std::optional<unsigned> getWarpgroups(Operation *op) {
  auto role = op->getParentOfType<RoleOp>();
  return role ? std::optional(role.getNumWarpgroups()) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

LogicalResult LoadOp::verify() {
  if (failed(verifyBox(*this)))
    return failure();
  return verifyWritten(*this, getBuf()); // load-c4
}

LogicalResult StoreOp::verify() {
  if (failed(verifyBox(*this)))
    return failure();
  return verifyRead(*this, getBuf()); // store-c4
}

LogicalResult GatherOp::verify() {
  // gather-c1
  if (int64_t(getPitch()) <= 0 || getPitch() % 16)
    return emitOpError() << "must have rows of a multiple of 16 bytes, not " << int64_t(getPitch());
  // gather-c2
  BufType buf = getBuf().getType();
  if (!buf.getSwizzle() || buf.getPanels() != 1)
    return emitOpError() << "must fill a buffer of one swizzled panel, not " << buf;
  return verifyWritten(*this, getBuf()); // gather-c3
}

static LogicalResult verifyByThreads(ScatterOp op) {
  BufType buf = op.getBuf().getType();
  int64_t pieces = buf.getRowBytes() / ScatterOp::kPieceBytes;
  bool even = buf.getRowBytes() % ScatterOp::kPieceBytes == 0 && pieces > 1 &&
              (pieces % lanesPerWarp == 0 || lanesPerWarp % pieces == 0);
  if (!buf.getPad() || !even)
    return op.emitOpError() << "by threads must read rows with a pad, of 2, 4, 8, 16 or a multiple "
                               "of 32 times 16 bytes, not "
                            << buf;
  int64_t together = buf.getRows() < lanesPerWarp ? op.getRowsAtOnce() : lanesPerWarp;
  if (buf.getRows() % together)
    return op.emitOpError() << "by threads must read a multiple of " << together << " rows, not "
                            << buf;
  return success();
}

LogicalResult ScatterOp::verifyRegions() {
  // scatter-c1
  BufType buf = getBuf().getType();
  if (buf.getSwizzle())
    return emitOpError() << "must read a buffer whose rows lie together, not " << buf;
  // scatter-c2
  auto yield = cast<YieldOp>(getTarget().front().getTerminator());
  if (getTarget().front().getNumArguments() != 1 ||
      !getTarget().front().getArgument(0).getType().isSignlessInteger(32) ||
      yield.getNumOperands() != 1 || !isPointer(yield.getOperand(0).getType(), 1))
    return emitOpError() << "must compute a pointer to global memory from an i32";
  // scatter-c3
  APInt bytes;
  if (matchPattern(getBytes(), m_ConstantInt(&bytes)) &&
      (bytes.urem(16) || bytes.sgt(buf.getRowBytes()) || bytes.isNonPositive()))
    return emitOpError() << "must copy a multiple of 16 bytes of rows of " << buf.getRowBytes()
                         << ", not " << bytes.getSExtValue();
  if (failed(verifyRead(*this, getBuf()))) // scatter-c4
    return failure();
  return getByThreads() ? verifyByThreads(*this) : success(); // scatter-c5
}

//===----------------------------------------------------------------------===//
// Products and fragments
//===----------------------------------------------------------------------===//

LogicalResult MmaOp::verify() {
  BufType a = getA().getType(), b = getB().getType();
  // mma-c1
  if (!a.getElementType().isBF16() || !b.getElementType().isBF16() || !a.getSwizzle() ||
      !b.getSwizzle() || a.getColumns() != b.getColumns())
    return emitOpError() << "must have swizzled bf16 operands of the same depth, not " << a
                         << " and " << b;
  // mma-c2
  if (std::optional<unsigned> groups = getWarpgroups(*this)) {
    FragType acc = getAcc().getType();
    bool onM = getSplit() == Split::M;
    int64_t aEnd = getARow() + acc.getRows() * (onM ? *groups : 1);
    int64_t bEnd = getBRow() + acc.getColumns() * (onM ? 1 : *groups);
    if (getARow() % 8 || getBRow() % 8 || aEnd > a.getRows() || bEnd > b.getRows())
      return emitOpError() << "must take whole groups of 8 of the " << a.getRows() << " and "
                           << b.getRows() << " rows that there are, not rows " << getARow()
                           << " to " << aEnd - 1 << " and " << getBRow() << " to " << bEnd - 1;
  }
  // mma-c3
  if (failed(verifyRead(*this, getA())))
    return failure();
  return verifyRead(*this, getB());
}

LogicalResult HalfOp::verify() {
  // half-c1
  if (getWhich() > 1 || getFrag().getType().getColumns() % 16)
    return emitOpError() << "must take half 0 or 1 of a multiple of 16 columns";
  return success();
}

LogicalResult MapOp::verifyRegions() {
  // map-c1
  Block &body = getBody().front();
  bool fits = !getFrags().empty() && body.getNumArguments() == getFrags().size() &&
              llvm::all_of(body.getArgumentTypes(), [](Type type) { return type.isF32(); }) &&
              llvm::all_of(getFrags().getTypes(),
                           [&](Type type) { return type == getResult().getType(); }) &&
              getYield().getNumOperands() == 1 && getYield().getOperand(0).getType().isF32();
  if (!fits)
    return emitOpError() << "must compute one f32 from an element of each of its fragments, all "
                         << "of one type";
  // map-c2
  for (Operation &op : body)
    if (!isa<YieldOp>(op) && (op.getNumRegions() || !isMemoryEffectFree(&op)))
      return op.emitError() << "'" << op.getName() << "' is no scalar arithmetic, and must not be "
                            << "in a tile.map";
  return success();
}

LogicalResult PutOp::verify() {
  BufType buf = getBuf().getType();
  // put-c1
  if (!(buf.getElementType().isBF16() || (buf.getElementType().isF32() && !buf.getSwizzle())))
    return emitOpError() << "must fill a buffer of bf16, or of f32 without swizzle, not " << buf;
  // put-c2
  if (std::optional<unsigned> groups = getWarpgroups(*this)) {
    FragType frag = getFrag().getType();
    bool onM = getSplit() == Split::M;
    int64_t m = frag.getRows() * (onM ? *groups : 1), n = frag.getColumns() * (onM ? 1 : *groups);
    int64_t rows = getRow() + (getTranspose() ? n : m), cols = getCol() + (getTranspose() ? m : n);
    if (rows > buf.getRows() || cols > buf.getColumns())
      return emitOpError() << "must stay in a buffer of " << buf.getRows() << " x "
                           << buf.getColumns() << ", but reaches " << rows << " x " << cols;
  }
  return verifyWritten(*this, getBuf()); // put-c3
}

//===----------------------------------------------------------------------===//
// Flags and counters
//===----------------------------------------------------------------------===//

/// Whether one thread of the warp was elected to come here.
static bool isElected(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent && !isa<RoleOp>(parent);
       parent = parent->getParentOp())
    for (Value operand : parent->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (producer->getName().getStringRef() == "nvvm.elect.sync")
          return true;
  return false;
}

LogicalResult FlagWaitOp::verify() {
  // flag_wait-c1
  if (isElected(*this))
    return emitOpError() << "needs all lanes of its warp, and must not be under an election";
  return success();
}

LogicalResult GridSyncOp::verify() {
  // grid_sync-c1
  if (isElected(*this))
    return emitOpError() << "needs all warps of its role, and must not be under an election";
  // grid_sync-c2
  auto role = (*this)->getParentOfType<RoleOp>();
  if (role && llvm::range_size(role.getStage().getRoles()) != 1)
    return emitOpError() << "must be in the only role of its stage";
  return success();
}

namespace {
/// Follows a role and notes whether stores are under way.
class StoreOrder {
public:
  LogicalResult visit(Block &block) {
    for (Operation &op : block)
      if (failed(visit(&op)))
        return failure();
    return success();
  }

private:
  LogicalResult visit(Operation *op) {
    if (isa<StoreOp, ScatterOp>(op))
      running = op;
    else if (isa<WaitStoresOp>(op))
      running = nullptr;
    else if (isa<SignalOp, ArriveOp>(op) && running)
      return refuse(op);
    if (isa<ScatterOp, MapOp>(op))
      return success();
    // What a loop leaves under way its next turn begins with.
    for (int turn = 0; turn < 2; ++turn)
      for (Region &region : op->getRegions())
        for (Block &block : region)
          if (failed(visit(block)))
            return failure();
    return success();
  }

  LogicalResult refuse(Operation *op) {
    InFlightDiagnostic error = op->emitOpError()
                               << "publishes stores that may not have arrived: tile.wait_stores "
                               << "must stand between";
    error.attachNote(running->getLoc()) << "this one";
    return error;
  }

  Operation *running = nullptr;
};
} // namespace

LogicalResult moec::tile::verifyStoreOrder(Block &role) { return StoreOrder().visit(role); }
