//===- Pack.cpp - What a token brings along --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records hold slots and local experts of the destination, not logical experts: a
// destination that chose for itself would take a row that another replica owns.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <bit>

namespace moec::rt::cpu {

uint32_t packRecord(const ChoiceEntry &entry, uint32_t token, uint32_t destination,
                    uint32_t *words) {
  uint32_t topK = entry.topK, count = 0;
  std::fill_n(words, 2 + 2 * topK, 0);
  for (uint32_t slot = 0; slot < topK; ++slot) {
    if (upperHalf(entry.destination(slot)) != destination)
      continue;
    words[2 + count] = packHalves(slot, lowerHalf(entry.destination(slot)));
    words[2 + topK + count] = std::bit_cast<uint32_t>(entry.weight(slot));
    ++count;
  }
  words[0] = token;
  words[1] = count;
  return count;
}

Status runPack(TaskContext &context) {
  const plan::ConcreteRegion &target = context.writes(0)[0];
  uint32_t self = context.rank.number, topK = context.machine.plan.topK;
  uint32_t destination = target.items.second;
  RegionView route = context.view(context.reads(0)[0]), record = context.view(target);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(target.items));
  for (uint32_t i = 0; i < list->count; ++i) {
    uint32_t token = list->items[i];
    ChoiceEntry entry =
        choiceEntry(context.read(route, token, Content::Choice, {self, token}), topK);
    uint32_t *words = reinterpret_cast<uint32_t *>(context.write(
        record, recordOf(record, *list, i), Content::Record, {self, token, destination}));
    packRecord(entry, token, destination, words);
    context.pause();
  }
  return Status();
}

} // namespace moec::rt::cpu
