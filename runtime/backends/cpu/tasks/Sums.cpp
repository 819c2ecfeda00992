//===- Sums.cpp - Rows that are added up -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Sums.h"

#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <cstring>

namespace moec::rt::cpu {

void addAll(Machine &machine, const std::vector<Sum> &sums) {
  const Layer &layer = machine.layer();
  machine.pool.parallelFor(static_cast<uint32_t>(sums.size()), [&](uint32_t i) {
    thread_local std::vector<float> total;
    total.assign(layer.hidden, 0.f);
    for (const std::byte *row : sums[i].rows)
      machine.kernels->addRow(total.data(), row, layer.combineType, layer.hidden);
    if (layer.combineType == DType::F32) {
      std::memcpy(sums[i].target, total.data(), layer.hidden * sizeof(float));
      return;
    }
    auto *halves = reinterpret_cast<uint16_t *>(sums[i].target);
    std::transform(total.begin(), total.end(), halves, toBF16);
  });
}

Result<std::vector<TokenRows>> readRows(TaskContext &context, size_t index) {
  uint32_t self = context.rank.number, topK = context.machine.plan.topK;
  const plan::ConcreteRegion &tokens = context.reads(0)[index];
  uint32_t source = tokens.items.first;
  RegionView records = context.view(tokens), rows = context.view(context.reads(1)[index]);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(tokens.items));
  bool isPlain =
      records.layout == plan::BufferLayout::Seq && rows.layout == plan::BufferLayout::Slot;
  uint64_t end = uint64_t(list->begin) + list->count;
  if (!isPlain || end > records.records)
    return context.fault("wanted records one after another, rows in their slots, at most ",
                         records.records, " tokens, found ", end);
  std::vector<TokenRows> found(list->count);
  for (uint32_t i = 0; i < list->count; ++i) {
    uint32_t place = found[i].place = list->begin + i;
    const uint32_t *words = reinterpret_cast<const uint32_t *>(context.peek(records, place));
    uint32_t token = words[0], count = words[1];
    if (token >= context.machine.layout.maxTokens || count == 0 || count > topK)
      return context.fault("wanted a record of a token with 1 to ", topK, " slots, found token ",
                           token, " with ", count);
    context.read(records, place, Content::Record, {source, token, self});
    found[i].source = source;
    found[i].token = token;
    for (uint32_t entry = 0; entry < count; ++entry) {
      uint32_t slot = upperHalf(words[2 + entry]);
      if (slot >= topK)
        return context.fault("wanted a slot below ", topK, " in a record, found ", slot);
      found[i].rows.push_back(
          context.read(rows, uint64_t(token) * topK + slot, Content::Row, {source, token, slot}));
    }
  }
  return found;
}

} // namespace moec::rt::cpu
