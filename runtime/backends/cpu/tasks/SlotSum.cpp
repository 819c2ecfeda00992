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

#include <algorithm>

namespace moec::rt::cpu {

Status runSlotSum(TaskContext &context) {
  Machine &machine = context.machine;
  const Layer &layer = machine.layer();
  uint32_t self = context.rank.number, topK = machine.plan.topK;
  uint32_t tokens = context.rank.sets.tokens();
  RegionView route = context.view(context.reads(0)[0]), out = context.view(context.writes(0)[0]);
  // The rows that rank p returned are read through the region of Y(self, p).
  std::vector<RegionView> returned(machine.plan.ranks);
  std::vector<uint64_t> passed(machine.plan.ranks); // of Y(self, p), in its order
  for (const plan::ConcreteRegion &region : context.reads(1))
    returned[region.items.second] = context.view(region);
  bool hasShared = layer.shared.has_value(); // the plan's reads agree with the layer
  RegionView shared = hasShared ? context.view(context.reads(2)[0]) : RegionView();
  RegionView x = layer.residual ? context.view(context.reads(hasShared ? 3 : 2)[0]) : RegionView();

  std::vector<const std::byte *> rows, sharedRows, ownRows;
  std::vector<float *> results;
  for (uint32_t token = 0; token < tokens; ++token) {
    Item item{self, token};
    ChoiceEntry entry = choiceEntry(context.read(route, token, Content::Choice, item), topK);
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t from = upperHalf(entry.destination(slot));
      if (from >= returned.size() || !returned[from].base)
        return context.fault("needs the rows of rank ", from, ", which it does not read");
      uint64_t place = passed[from]++;
      if (returned[from].layout == plan::BufferLayout::Slot)
        place = uint64_t(token) * topK + slot;
      rows.push_back(context.read(returned[from], place, Content::Row, {self, token, slot}));
    }
    if (hasShared)
      sharedRows.push_back(context.read(shared, token, Content::Shared, item));
    if (layer.residual)
      ownRows.push_back(context.read(x, token, Content::Token, item));
    results.push_back(reinterpret_cast<float *>(context.write(out, token, Content::Result, item)));
    context.pause();
  }
  machine.pool.parallelFor(tokens, [&](uint32_t token) {
    float *sum = results[token];
    std::fill_n(sum, layer.hidden, 0.f);
    for (uint32_t slot = 0; slot < topK; ++slot)
      machine.kernels->addRow(sum, rows[size_t(token) * topK + slot], layer.combineType,
                              layer.hidden);
    if (hasShared)
      machine.kernels->addRow(sum, sharedRows[token], DType::F32, layer.hidden);
    if (layer.residual)
      machine.kernels->addRow(sum, ownRows[token], layer.tokensType, layer.hidden);
  });
  return Status();
}

} // namespace moec::rt::cpu
