//===- Assign.cpp - Addresses, barriers, registers and argument blocks ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/PipeParties.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILEASSIGNPASS
#include "passes/Passes.h.inc"

using namespace lowering;

static constexpr unsigned warpsPerGroup = 4;
/// What TMA and wgmma ask of a swizzled buffer; the others get it too.
static constexpr int64_t bufferAlignment = 1024;
static constexpr int64_t barrierBytes = 8;
static constexpr uint32_t tensorMapBytes = 128;
static constexpr uint32_t fieldBytes = 8;
static constexpr uint32_t blockAlignment = 128;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

static int64_t getSlotBytes(tile::PipeType pipe) {
  int64_t bytes = 0;
  for (tile::BufType buf : pipe.getBufs())
    bytes += llvm::alignTo(buf.getBytes(), bufferAlignment);
  return bytes;
}

static IntegerAttr i32Attr(Operation *op, int64_t value) {
  return IntegerAttr::get(IntegerType::get(op->getContext(), 32), value);
}

static LogicalResult assignArrivals(tile::PipeOp pipe) {
  PipeParties parties = getParties(pipe);
  int64_t full = 0, empty = 0, bytes = 0;
  for (PipeParty &producer : parties.producers) {
    if (producer.loads && producer.writes)
      return pipe.emitError() << kUnsupported << "role '" << producer.role.getLabel()
                              << "' fills a slot both by TMA and by its threads";
    full += producer.fullArrivals();
    bytes += producer.txBytes;
  }
  for (PipeParty &consumer : parties.consumers)
    empty += consumer.emptyArrivals();
  if (!full || !empty)
    return pipe.emitError() << "pipe '" << pipe.getLabel() << "' has no "
                            << (full ? "reader" : "writer");
  pipe.setFullCountAttr(i32Attr(pipe, full));
  pipe.setEmptyCountAttr(i32Attr(pipe, empty));
  pipe.setTxBytesAttr(i32Attr(pipe, bytes));
  return success();
}

/// Buffers of different stages overlap. Barriers do not: all are initialised once,
/// before the first stage. That the sum fits is a rule of the kernel.
static LogicalResult assignShared(tile::KernelOp kernel) {
  int64_t end = 0;
  SmallVector<tile::PipeOp> pipes;
  for (tile::StageOp stage : kernel.getStages()) {
    int64_t offset = 0;
    for (tile::PipeOp pipe : stage.getPipes()) {
      pipe.setOffsetAttr(i32Attr(pipe, offset));
      offset += getSlotBytes(pipe.getType()) * pipe.getType().getSlots();
      pipes.push_back(pipe);
    }
    end = std::max(end, offset);
  }
  for (tile::PipeOp pipe : pipes) {
    if (failed(assignArrivals(pipe)))
      return failure();
    pipe.setBarrierAttr(i32Attr(pipe, end));
    end += 2 * barrierBytes * pipe.getType().getSlots();
  }
  kernel.setSmemAttr(i32Attr(kernel, end));
  return success();
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

namespace {
/// One budget for each warpgroup of a kernel, the same in all stages.
class Budgets {
public:
  explicit Budgets(tile::KernelOp kernel)
      : kernel(kernel), groups(llvm::divideCeil(kernel.getWarps(), warpsPerGroup)) {
    kernel->walk([&](tile::RoleOp role) { look(role); });
  }

  void assign() {
    unsigned multiplying = llvm::count_if(groups, [](Group &group) { return group.multiplies; });
    if (multiplying == 0)
      return; // nothing that needs more than an equal share
    unsigned helpers = groups.size() - multiplying;
    unsigned share = tile::getRegistersPerThread(kernel.getThreads());
    bool threadsWork = llvm::any_of(groups, [](Group &g) { return !g.multiplies && g.works; });
    // Several stages meet, and schedules of several products are alive in turn.
    auto stages = kernel.getOps<tile::StageOp>();
    threadsWork |= std::distance(stages.begin(), stages.end()) > 1;
    unsigned helper = threadsWork ? workingHelper : idleHelper;
    unsigned left = share * groups.size() - helper * helpers;
    unsigned math = std::min<unsigned>(most, llvm::alignDown(left / multiplying, 8));
    for (Group &group : groups)
      if (!group.budget)
        group.budget = group.multiplies ? math : helper;
    kernel->walk([&](tile::RoleOp role) { set(role); });
  }

private:
  struct Group {
    bool multiplies = false;
    bool works = false; ///< its threads do more than start copies
    std::optional<unsigned> budget;
  };
  /// TMA needs few registers; sixteen row pointers, or scalar code, need more.
  static constexpr unsigned idleHelper = 40, workingHelper = 72;
  static constexpr unsigned most = 232;

  MutableArrayRef<Group> groupsOf(tile::RoleOp role) {
    unsigned first = role.getFirstWarp() / warpsPerGroup;
    return MutableArrayRef<Group>(groups).slice(first,
                                                role.getLastWarp() / warpsPerGroup - first + 1);
  }

  void look(tile::RoleOp role) {
    bool multiplies = false, gathers = false, onPipes = false;
    role->walk([&](Operation *op) {
      multiplies |= isa<tile::MmaOp>(op);
      gathers |= isa<tile::GatherOp>(op);
      auto scatter = dyn_cast<tile::ScatterOp>(op);
      gathers |= scatter && scatter.getByThreads();
      onPipes |= isa<tile::AcquireOp, tile::WaitOp>(op);
    });
    for (Group &group : groupsOf(role)) {
      group.multiplies |= multiplies;
      group.works |= gathers || !onPipes;
      if (role.getRegs())
        group.budget = *role.getRegs();
    }
  }

  /// A role over warpgroups of different budgets has none of its own.
  void set(tile::RoleOp role) {
    MutableArrayRef<Group> own = groupsOf(role);
    if (llvm::all_of(own, [&](Group &group) { return group.budget == own.front().budget; }))
      role.setRegsAttr(i32Attr(role, *own.front().budget));
  }

  tile::KernelOp kernel;
  SmallVector<Group> groups;
};
} // namespace

//===----------------------------------------------------------------------===//
// Argument blocks
//===----------------------------------------------------------------------===//

/// Tensor maps first, because of their alignment, then 8-byte fields.
static void assignArguments(tile::KernelOp kernel) {
  SmallVector<Attribute> bindings(kernel.getBindings().getValue());
  uint32_t end = 0;
  auto place = [&](bool views, uint32_t bytes) {
    for (Attribute &attribute : bindings) {
      auto binding = cast<tile::BindingAttr>(attribute);
      if ((binding.getKind() == tile::ArgKind::View) != views)
        continue;
      attribute = binding.at(end);
      end += bytes;
    }
  };
  place(/*views=*/true, tensorMapBytes);
  place(/*views=*/false, fieldBytes);
  kernel.setBindingsAttr(ArrayAttr::get(kernel.getContext(), bindings));
  end = std::max<uint32_t>(llvm::alignTo(end, blockAlignment), blockAlignment);
  kernel.setArgBytesAttr(i32Attr(kernel, end));
}

namespace {
struct TileAssignPass : impl::TileAssignPassBase<TileAssignPass> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<tile::KernelOp>()) {
      if (failed(assignShared(kernel)))
        return signalPassFailure();
      Budgets(kernel).assign();
      assignArguments(kernel);
    }
  }
};
} // namespace
} // namespace moec
