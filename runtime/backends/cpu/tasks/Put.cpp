//===- Put.cpp - Rows and records into a peer's memory ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <cstring>

namespace moec::rt::cpu {

/// Bytes of one block of a copy: enough to be worth another core.
static constexpr size_t blockBytes = 128 << 10;

/// The token and slot that item `index` of a set is.
static Item itemOf(const plan::ConcreteItems &set, const ItemList &list, uint32_t index,
                   uint32_t topK) {
  uint32_t item = list.items[index];
  if (set.kind == plan::ItemSetKind::Y)
    return {set.first, item / topK, item % topK};
  return {set.first, item};
}

static void count(Machine &machine, const Task &task, uint32_t source, uint64_t bytes) {
  bool returns = task.writes[0].items.kind == plan::ItemSetKind::Y;
  std::vector<uint64_t> &matrix =
      returns ? machine.report.combineBytes : machine.report.dispatchBytes;
  matrix[size_t(source) * machine.plan.ranks + task.peer] += bytes;
}

Status runPut(TaskContext &context) {
  const plan::ConcreteRegion &from = context.task.reads[0], &into = context.task.writes[0];
  uint32_t topK = context.machine.plan.topK;
  RegionView source = context.view(from), target = context.view(into, context.task.peer);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(into.items));
  bool isIndexed = source.layout == plan::BufferLayout::Slot ||
                   target.layout == plan::BufferLayout::Slot || context.isProbed();
  if (isIndexed && !list->isListed)
    return context.fault("needs the items of ", itemsName(into.items), ", of which rank ",
                         context.rank.number, " knows only how many there are");
  size_t bytes = source.recordBytes;
  count(context.machine, context.task, context.rank.number, list->count * bytes);

  if (context.isProbed()) { // record by record: others may go on in between
    for (uint32_t i = 0; i < list->count; ++i) {
      Item item = itemOf(into.items, *list, i, topK);
      const std::byte *record =
          context.read(source, recordOf(source, *list, i), Content::Any, item);
      context.put(target, recordOf(target, *list, i), record, item);
      context.pause();
    }
    return Status();
  }
  uint32_t perBlock = static_cast<uint32_t>(std::max<size_t>(blockBytes / bytes, 1));
  context.machine.pool.parallelFor((list->count + perBlock - 1) / perBlock, [&](uint32_t block) {
    uint32_t last = std::min(list->count, (block + 1) * perBlock);
    for (uint32_t i = block * perBlock; i < last; ++i)
      std::memcpy(context.peek(target, recordOf(target, *list, i)),
                  context.peek(source, recordOf(source, *list, i)), bytes);
  });
  return Status();
}

} // namespace moec::rt::cpu
