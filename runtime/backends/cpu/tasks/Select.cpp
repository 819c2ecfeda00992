//===- Select.cpp - A rank's part of what was sent to all ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The routes of a source say for each slot on which rank it runs, and as which of its
// experts: what Pack would have said there is found here.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

namespace moec::rt::cpu {

static bool goesTo(const ChoiceEntry &entry, uint32_t rank) {
  for (uint32_t slot = 0; slot < entry.topK; ++slot)
    if (upperHalf(entry.destination(slot)) == rank)
      return true;
  return false;
}

static Status selectSource(TaskContext &context, size_t index) {
  uint32_t self = context.rank.number, topK = context.machine.plan.topK;
  const plan::ConcreteRegion &input = context.reads(0)[index];
  uint32_t source = input.items.first;
  RegionView routes = context.view(input), records = context.view(context.writes(0)[index]);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(input.items));
  uint32_t tokens = list->count;
  if (records.layout != plan::BufferLayout::Seq || tokens > routes.records ||
      tokens > records.records)
    return context.fault("wanted records one after another, of at most ", records.records,
                         " tokens, found ", tokens);
  // What this rank sends to itself it knows from its own routing.
  ItemList own, ownRows;
  bool isOwn = source == self;
  ItemList &selected = isOwn ? own : context.rank.sets.receivedFrom(source);
  ItemList &rows = isOwn ? ownRows : context.rank.sets.rowsReceivedFrom(source);
  for (uint32_t token = 0; token < tokens; ++token) {
    ChoiceEntry entry =
        choiceEntry(context.read(routes, token, Content::Choice, {source, token}), topK);
    if (!goesTo(entry, self))
      continue;
    std::byte *record =
        context.write(records, selected.items.size(), Content::Record, {source, token, self});
    auto *words = reinterpret_cast<uint32_t *>(record);
    uint32_t count = packRecord(entry, token, self, words);
    for (uint32_t i = 0; i < count; ++i)
      rows.items.push_back(token * topK + upperHalf(words[2 + i]));
    selected.items.push_back(token);
    context.pause();
  }
  ItemSets::close(selected);
  ItemSets::close(rows);
  return Status();
}

Status runSelect(TaskContext &context) {
  for (size_t i = 0; i < context.reads(0).size(); ++i)
    MOEC_RETURN_IF_ERROR(selectSource(context, i));
  return Status();
}

} // namespace moec::rt::cpu
