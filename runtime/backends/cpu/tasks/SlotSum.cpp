//===- SlotSum.cpp - A token's result from its rows ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In f32, slot after slot, then the shared expert, then the token itself: the order
// is the token's own, so that the bits do not depend on how many ranks there are.
// Rows come weighted.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"
#include "runtime/backends/cpu/tasks/TokenResults.h"

namespace moec::rt::cpu {

Status runSlotSum(TaskContext &context) {
  Machine &machine = context.machine;
  uint32_t self = context.rank.number, topK = machine.plan.topK;
  uint32_t tokens = context.rank.sets.tokens();
  RegionView route = context.view(context.reads(0)[0]);
  // The rows that rank p returned are read through the region of Y(self, p).
  std::vector<RegionView> returned(machine.plan.ranks);
  std::vector<uint64_t> passed(machine.plan.ranks); // of Y(self, p), in its order
  for (const plan::ConcreteRegion &region : context.reads(1))
    returned[region.items.second] = context.view(region);
  TokenResults results(context, 2);
  for (uint32_t token = 0; token < tokens; ++token) {
    ChoiceEntry entry =
        choiceEntry(context.read(route, token, Content::Choice, {self, token}), topK);
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t from = upperHalf(entry.destination(slot));
      if (from >= returned.size() || !returned[from].base)
        return context.fault("needs the rows of rank ", from, ", which it does not read");
      uint64_t place = passed[from]++;
      if (returned[from].layout == plan::BufferLayout::Slot)
        place = uint64_t(token) * topK + slot;
      results.add(context.read(returned[from], place, Content::Row, {self, token, slot}));
    }
    results.endToken();
  }
  results.write();
  return Status();
}

} // namespace moec::rt::cpu
