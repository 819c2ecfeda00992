//===- TileVerifiers.cpp - Constraints of kernels, roles, loops and pipes -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each check carries the id of its constraint in TileOps.td. What holds between
// the roles of a stage is proved by -tile-check-pipes.
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec::tile;

static constexpr unsigned warpsPerGroup = 4;
static constexpr int64_t bufferAlignment = 1024;

//===----------------------------------------------------------------------===//
// Launch
//===----------------------------------------------------------------------===//

LogicalResult LaunchOp::verify() {
  // launch-c1
  ArrayRef<int64_t> limits = getMaxRows();
  bool grow = !limits.empty() && limits.back() == -1;
  for (size_t i = 0; grow && i + 1 < limits.size(); ++i)
    grow = limits[i] > (i ? limits[i - 1] : -1);
  if (grow && limits.size() == getKernels().size())
    return success();
  return emitOpError() << "must have a limit for each of its " << getKernels().size()
                       << " kernels, growing, the last -1";
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // launch-c2: a kernel, or the function that it has become.
  for (Attribute name : getKernels()) {
    Operation *kernel = symbols.lookupNearestSymbolFrom(*this, cast<SymbolRefAttr>(name));
    if (!kernel || !(isa<KernelOp>(kernel) || kernel->getName().getStringRef() == "llvm.func"))
      return emitOpError() << "launches " << name << ", which is no kernel of the module";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(KernelOp kernel) {
  // kernel-c1
  auto arguments = kernel.getBody().getArguments();
  if (arguments.size() != kernel.getBindings().size())
    return kernel.emitOpError() << "must bind each of its " << arguments.size()
                                << " arguments, not " << kernel.getBindings().size();
  for (auto [argument, attribute] : llvm::zip(arguments, kernel.getBindings())) {
    auto binding = cast<BindingAttr>(attribute);
    Type type = argument.getType();
    bool fits = binding.getKind() == ArgKind::View      ? isa<ViewType>(type)
                : binding.getKind() == ArgKind::Pointer ? isPointer(type, 1)
                                                        : type.isSignlessInteger(64);
    if (!fits)
      return kernel.emitOpError() << "argument '" << binding.getName() << "' is a "
                                  << stringifyArgKind(binding.getKind()) << ", but has type "
                                  << type;
  }
  return success();
}

LogicalResult KernelOp::verify() {
  if (failed(verifyArguments(*this)))
    return failure();
  // kernel-c2
  if (getWarps() < warpsPerGroup || getWarps() > 32 || getWarps() % warpsPerGroup)
    return emitOpError() << "must have 4 to 32 warps, whole warpgroups, not " << getWarps();
  // kernel-c3
  unsigned stages = llvm::range_size(getStages());
  if (std::optional<uint32_t> counter = getGridCounter()) {
    if (*counter >= getBody().getNumArguments() ||
        !isPointer(getBody().getArgument(*counter).getType(), 1))
      return emitOpError() << "counter of the meetings of its CTAs must be a pointer argument, not "
                           << *counter;
  } else if (stages > 1) {
    return emitOpError() << "has " << stages << " stages and no counter for the meetings of its "
                         << "CTAs between them";
  }
  return success();
}

/// Buffers of one stage, and barriers of all, as -tile-assign lays them out.
static LogicalResult verifyShared(KernelOp kernel) {
  int64_t most = 0, barriers = 0;
  for (StageOp stage : kernel.getStages()) {
    int64_t bytes = 0;
    for (PipeOp pipe : stage.getPipes()) {
      barriers += 16 * pipe.getType().getSlots();
      for (BufType buf : pipe.getType().getBufs())
        bytes += llvm::alignTo(buf.getBytes(), bufferAlignment) * pipe.getType().getSlots();
    }
    most = std::max(most, bytes);
  }
  // kernel-c4
  if (most + barriers > maxSharedBytes)
    return kernel.emitOpError() << "needs " << most + barriers
                                << " bytes of shared memory, more than " << maxSharedBytes;
  return success();
}

static LogicalResult verifyRegisters(KernelOp kernel) {
  SmallVector<RoleOp> owners(kernel.getWarps() / warpsPerGroup);
  for (StageOp stage : kernel.getStages())
    for (RoleOp role : stage.getRoles()) {
      if (!role.getRegs())
        continue;
      unsigned first = role.getFirstWarp() / warpsPerGroup;
      unsigned last = std::min<unsigned>(role.getLastWarp() / warpsPerGroup, owners.size() - 1);
      for (unsigned group = first; group <= last; ++group) {
        RoleOp &owner = owners[group];
        // kernel-c5
        if (owner && owner.getRegs() != role.getRegs()) {
          InFlightDiagnostic error = role.emitOpError()
                                     << "has " << *role.getRegs() << " registers, but warpgroup "
                                     << group << " has " << *owner.getRegs() << " already";
          error.attachNote(owner.getLoc()) << "because of this role";
          return error;
        }
        owner = role;
      }
    }
  // kernel-c6: what is not said keeps its share.
  unsigned share = getRegistersPerThread(kernel.getThreads()), sum = 0;
  for (RoleOp owner : owners)
    sum += owner ? *owner.getRegs() : 0;
  bool all = llvm::all_of(owners, [](RoleOp owner) { return bool(owner); });
  if (sum > share * owners.size() || (!all && sum >= share * owners.size()))
    return kernel.emitOpError() << "gives " << sum << " registers to a thread of each of "
                                << owners.size() << " warpgroups together, which have "
                                << share * owners.size();
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<StageOp>(op)) // kernel-c7
      return op.emitError() << "'" << op.getName() << "' does not belong in a tile.kernel";
  if (failed(verifyShared(*this)) || failed(verifyRegisters(*this)))
    return failure();
  // kernel-c8: a launch of more threads has fewer registers than such a product needs.
  LogicalResult result = success();
  walk([&](MmaOp mma) {
    if (succeeded(result) && getThreads() > 384 && mma.getAcc().getType().getColumns() == 256)
      result =
          mma.emitOpError() << "of 256 columns must be in a kernel of at most 384 threads, not "
                            << getThreads();
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Stage, role
//===----------------------------------------------------------------------===//

static LogicalResult verifyWarps(StageOp stage) {
  SmallVector<RoleOp> owners(stage.getKernel().getWarps());
  for (RoleOp role : stage.getRoles()) {
    if (role.getLastWarp() >= owners.size())
      continue; // role-c1 says so
    for (unsigned warp = role.getFirstWarp(); warp <= role.getLastWarp(); ++warp) {
      // stage-c1
      if (owners[warp]) {
        InFlightDiagnostic error = role.emitOpError()
                                   << "takes warp " << warp << ", which has a role already";
        error.attachNote(owners[warp].getLoc()) << "this one";
        return error;
      }
      owners[warp] = role;
    }
  }
  return success();
}

LogicalResult StageOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<PipeOp, RoleOp>(op)) // stage-c2
      return op.emitError() << "'" << op.getName() << "' does not belong in a tile.stage";
  if (failed(verifyWarps(*this)))
    return failure();
  // stage-c3
  ForTilesOp first;
  LogicalResult result = success();
  walk([&](ForTilesOp loop) {
    if (!first)
      first = loop;
    if (failed(result) || (loop.getRows() == first.getRows() && loop.getCols() == first.getCols() &&
                           loop.getOrder() == first.getOrder()))
      return;
    InFlightDiagnostic error = loop.emitOpError() << "must have the schedule of its stage";
    error.attachNote(first.getLoc()) << "as here";
    result = error;
  });
  return result;
}

LogicalResult RoleOp::verify() {
  // role-c1
  unsigned warps = getStage().getKernel().getWarps();
  if (getFirstWarp() > getLastWarp() || getLastWarp() >= warps)
    return emitOpError() << "must have warps of 0 to " << warps - 1 << ", not " << getFirstWarp()
                         << " to " << getLastWarp();
  // role-c2
  if (getRegs() && (*getRegs() % 8 || *getRegs() < 24 || *getRegs() > 256))
    return emitOpError() << "must have a multiple of 8 of 24 to 256 registers, not " << *getRegs();
  // role-c6
  constexpr unsigned lastFirst = 13;
  if (getNumWarps() > 1 && getNumWarps() < warps && getFirstWarp() > lastFirst)
    return emitOpError() << "of " << getNumWarps() << " warps must begin at warp " << lastFirst
                         << " or before, for want of named barriers, not at " << getFirstWarp();
  return success();
}

LogicalResult RoleOp::verifyRegions() {
  Operation *stage = (*this)->getParentOp(), *kernel = stage->getParentOp();
  LogicalResult result = success();
  walk([&](Operation *op) {
    for (Value operand : op->getOperands()) {
      Operation *owner = operand.getParentRegion()->getParentOp();
      bool argument = owner == kernel && isa<BlockArgument>(operand);
      bool pipe = owner == stage && operand.getDefiningOp<PipeOp>();
      // role-c3
      if (succeeded(result) && !argument && !pipe && !(*this)->isAncestor(owner))
        result = op->emitError() << "uses a value from outside its role that is neither an "
                                 << "argument of the kernel nor a pipe of the stage";
    }
    // role-c4
    bool wide = isa<MmaOp, MmaWaitOp, PutOp, ZeroOp, RowValuesOp, ColValuesOp, MapOp, HalfOp>(op);
    if (succeeded(result) && wide &&
        (getFirstWarp() % warpsPerGroup || getNumWarps() % warpsPerGroup))
      result = op->emitError() << "'" << op->getName()
                               << "' needs a role of whole warpgroups, not of warps "
                               << getFirstWarp() << " to " << getLastWarp();
  });
  if (failed(result))
    return failure();
  return verifyStoreOrder(getBody().front()); // role-c5
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

template <typename Loop> static LogicalResult verifyCarried(Loop loop, unsigned own) {
  Block &body = loop.getBody().front();
  SmallVector<Type> wanted = llvm::to_vector(loop.getInits().getTypes());
  if (body.getNumArguments() == own + wanted.size() &&
      llvm::equal(wanted, llvm::drop_begin(body.getArgumentTypes(), own)) &&
      llvm::equal(wanted, loop.getResultTypes()) &&
      llvm::equal(wanted, loop.getYield()->getOperandTypes()))
    return success();
  return loop.emitOpError() << "must yield and return the types of the values that it carries";
}

LogicalResult ForTilesOp::verifyRegions() {
  // for_tiles-c1
  if (bool(getOffsets()) != bool(getExperts()) || bool(getOffsets()) == bool(getTotal()))
    return emitOpError() << "must have offsets and their number, or a total";
  // for_tiles-c2
  if (int32_t(getRows()) < 1 || int32_t(getCols()) < 1)
    return emitOpError() << "must have tiles of at least one row and one column of them";
  return verifyCarried(*this, 5); // for_tiles-c3
}

LogicalResult RingOp::verifyRegions() {
  // ring-c1
  if (int32_t(getCount()) < 1)
    return emitOpError() << "must have at least one block, not " << int32_t(getCount());
  return verifyCarried(*this, 2); // ring-c2
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

static LogicalResult verifyIndex(Operation *op, Value pipe, std::optional<uint32_t> index,
                                 Value number) {
  auto type = dyn_cast<PipeType>(pipe.getType());
  if (!type)
    return index || number ? op->emitOpError() << "must not name a slot: it has one" : success();
  if (index && number)
    return op->emitOpError() << "must name its slot once";
  if (!index && !number && type.getSlots() != 1)
    return op->emitOpError() << "must name one of the " << type.getSlots()
                             << " slots, or be in a ring";
  if (index && *index >= type.getSlots())
    return op->emitOpError() << "must name one of the " << type.getSlots() << " slots, not "
                             << *index;
  return success();
}

LogicalResult AcquireOp::verify() {
  return verifyIndex(*this, getSource(), getIndex(), getNumber()); // acquire-c1
}
LogicalResult WaitOp::verify() {
  return verifyIndex(*this, getSource(), getIndex(), getNumber()); // wait-c1
}

LogicalResult CommitOp::verify() {
  // commit-c1
  if (isa<SlotType>(getSlot().getType()) && !getSlot().getDefiningOp<AcquireOp>())
    return emitOpError() << "must be of a slot that the role has acquired";
  return verifyIndex(*this, getSlot(), getIndex(), getNumber()); // commit-c2
}
LogicalResult ReleaseOp::verify() {
  // release-c1
  if (isa<SlotType>(getSlot().getType()) && !getSlot().getDefiningOp<WaitOp>())
    return emitOpError() << "must be of a slot that the role has waited for";
  return verifyIndex(*this, getSlot(), getIndex(), getNumber()); // release-c2
}
