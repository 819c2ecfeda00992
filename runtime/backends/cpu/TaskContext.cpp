//===- TaskContext.cpp - How a task sees its memory ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/TaskContext.h"

namespace moec::rt::cpu {

RegionView TaskContext::view(const plan::ConcreteRegion &region, uint32_t onRank) const {
  const plan::Buffer &buffer = machine.plan.buffers[region.buffer];
  const HeapLayout::Place &place = machine.layout.buffers[region.buffer];
  RegionView view;
  if (buffer.space == plan::BufferSpace::Input && rank.input)
    view.base = rank.input;
  else if (buffer.space == plan::BufferSpace::Output && rank.output)
    view.base = rank.output;
  else
    view.base = rank.peers[onRank] + place.offset + region.region * place.regionBytes;
  view.recordBytes = buffer.bytesPerRecord;
  view.records = place.records;
  view.layout = buffer.layout;
  view.rank = onRank;
  view.buffer = region.buffer;
  view.region = region.region;
  return view;
}

Result<const ItemList *> TaskContext::items(const plan::ConcreteItems &set) const {
  if (const ItemList *list = rank.sets.find(set))
    return list;
  return fault("names ", plan::textOf(set), ", which rank ", rank.number, " does not know yet");
}

std::span<const plan::ConcreteRegion>
TaskContext::operandRegions(const std::vector<plan::ConcreteRegion> &all,
                            const std::vector<plan::Region> &operands, uint32_t operand) const {
  size_t first = 0, count = 1;
  for (uint32_t i = 0; i <= operand; ++i) {
    first += i ? count : 0;
    count = plan::pointCount(machine.plan, operands[i].each);
  }
  return std::span(all).subspan(first, count);
}

} // namespace moec::rt::cpu
