//===- SlotAccess.cpp - How a role fills and empties its pipes --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/SlotAccess.h"

using namespace mlir;

namespace moec::lowering {

Value getPipe(Value slot) {
  Value source = slot;
  if (auto acquire = slot.getDefiningOp<tile::AcquireOp>())
    source = acquire.getSource();
  else if (auto wait = slot.getDefiningOp<tile::WaitOp>())
    source = wait.getSource();
  if (auto ticket = dyn_cast<BlockArgument>(source))
    if (auto ring = dyn_cast<tile::RingOp>(ticket.getOwner()->getParentOp()))
      return ring.getPipe();
  return source;
}

Value getSlot(Value buf) { return buf.getDefiningOp<tile::SlotBufOp>().getSlot(); }

static void note(SlotAccess &use, Operation *user) {
  use.tensorLoads |= isa<tile::LoadOp>(user);
  use.copies |= isa<tile::GatherOp, tile::GatherCopyOp>(user);
  use.puts |= isa<tile::PutOp>(user);
  use.products |= isa<tile::MmaOp>(user);
  use.stores |= isa<tile::StoreOp>(user);
  auto scatter = dyn_cast<tile::ScatterOp>(user);
  use.scatters |= scatter && !scatter.getByThreads();
}

SlotAccesses::SlotAccesses(Operation *root) {
  root->walk([&](tile::SlotBufOp buf) {
    SlotAccess &use = uses[getPipe(buf.getSlot())];
    for (Operation *user : buf->getUsers())
      note(use, user);
  });
}

} // namespace moec::lowering
