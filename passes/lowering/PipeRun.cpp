//===- PipeRun.cpp - Abstract run of the roles of a stage -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/PipeRun.h"
#include "passes/lowering/PipeUsage.h"

using namespace mlir;

namespace moec::lowering {

namespace {
/// One entry into or exit from a slot.
struct Event {
  Operation *op = nullptr;
  Value pipe;
  unsigned slot = 0;
};

/// What a role does, loops unrolled.
class Trace {
public:
  Trace(tile::RoleOp role, unsigned turns) : turns(turns) {
    role->walk([&](Operation *op) {
      if (isa<tile::AcquireOp, tile::WaitOp, tile::CommitOp, tile::ReleaseOp>(op))
        note(op, role);
    });
    visit(role.getBody().front());
  }

  ArrayRef<Event> getEvents() const { return events; }

private:
  /// `op` and what it stands in: loops that touch no pipe are not gone through.
  void note(Operation *op, Operation *role) {
    for (; op != role; op = op->getParentOp()) {
      SmallVector<Operation *> &ops = touching[op->getBlock()];
      if (!ops.empty() && ops.back() == op)
        return;
      ops.push_back(op);
    }
  }

  void visit(Block &block) {
    auto ops = touching.find(&block);
    if (ops != touching.end())
      for (Operation *op : ops->second)
        visit(op);
  }

  void visit(Operation *op) {
    if (isa<tile::AcquireOp, tile::WaitOp>(op))
      return enter(op);
    if (isa<tile::CommitOp, tile::ReleaseOp>(op))
      return leave(op);
    for (Region &region : op->getRegions()) {
      int64_t trips = getStaticTrips(op).value_or(turns);
      for (int64_t k = 0; k < trips; ++k) {
        blockOf[op] = k;
        for (Block &block : region)
          visit(block);
      }
      flush(op);
    }
  }

  void enter(Operation *op) {
    Value slot = op->getResult(0);
    Value pipe = tile::getPipeOf(slot);
    auto ticket = dyn_cast<BlockArgument>(op->getOperand(0));
    int64_t block = ticket ? blockOf.lookup(ticket.getOwner()->getParentOp()) : 0;
    unsigned number = block % cast<tile::PipeType>(pipe.getType()).getSlots();
    slots[slot] = number;
    events.push_back({op, pipe, number});
  }

  /// Of the slot of `after` blocks ago; the rest follows behind the ring.
  void leave(Operation *op) {
    Value slot = op->getOperand(0);
    SmallVector<Event> &late = pending[op->getParentOp()];
    late.push_back({op, tile::getPipeOf(slot), slots.lookup(slot)});
    auto after = op->getAttrOfType<IntegerAttr>("after");
    if (!after || late.size() > unsigned(after.getInt())) {
      events.push_back(late.front());
      late.erase(late.begin());
    }
  }

  void flush(Operation *loop) { events.append(std::exchange(pending[loop], {})); }

  unsigned turns;
  DenseMap<Block *, SmallVector<Operation *>> touching; ///< pipes, by block, in order
  SmallVector<Event> events;
  DenseMap<Operation *, int64_t> blockOf;
  DenseMap<Value, unsigned> slots;
  DenseMap<Operation *, SmallVector<Event>> pending;
};

/// How often each role has left each slot, by filling it or by reading it.
class Progress {
public:
  /// `op` is a commit or release of role number `role`.
  void leave(unsigned role, const Event &event) {
    (isa<tile::CommitOp>(event.op) ? filled : read)[{event.pipe, event.slot}][role]++;
  }
  void join(unsigned role, const Event &event) {
    (isa<tile::AcquireOp>(event.op) ? filled : read)[{event.pipe, event.slot}].try_emplace(role, 0);
  }
  /// The writer enters for the n-th time when the readers have left n times; the
  /// reader when the writers have left n + 1 times.
  bool mayEnter(const Event &event, unsigned earlier) {
    bool writes = isa<tile::AcquireOp>(event.op);
    auto &others = (writes ? read : filled)[{event.pipe, event.slot}];
    return llvm::all_of(others,
                        [&](auto &other) { return other.second >= earlier + (writes ? 0 : 1); });
  }

private:
  using Slot = std::pair<Value, unsigned>;
  DenseMap<Slot, DenseMap<unsigned, unsigned>> filled, read;
};
} // namespace

SmallVector<Operation *> findDeadlock(tile::StageOp stage, unsigned turns) {
  SmallVector<Trace> traces;
  for (tile::RoleOp role : stage.getRoles())
    traces.emplace_back(role, turns);
  Progress progress;
  SmallVector<size_t> next(traces.size());
  SmallVector<DenseMap<std::pair<Value, unsigned>, unsigned>> entered(traces.size());
  for (auto [role, trace] : llvm::enumerate(traces))
    for (const Event &event : trace.getEvents())
      if (isa<tile::AcquireOp, tile::WaitOp>(event.op))
        progress.join(role, event);
  for (bool moved = true; moved;) {
    moved = false;
    for (auto [role, trace] : llvm::enumerate(traces)) {
      for (; next[role] < trace.getEvents().size(); ++next[role], moved = true) {
        const Event &event = trace.getEvents()[next[role]];
        if (isa<tile::CommitOp, tile::ReleaseOp>(event.op)) {
          progress.leave(role, event);
          continue;
        }
        unsigned &earlier = entered[role][{event.pipe, event.slot}];
        if (!progress.mayEnter(event, earlier))
          break;
        ++earlier;
      }
    }
  }
  SmallVector<Operation *> blocked;
  for (auto [role, trace] : llvm::enumerate(traces))
    if (next[role] < trace.getEvents().size())
      blocked.push_back(trace.getEvents()[next[role]].op);
  return blocked;
}

} // namespace moec::lowering
