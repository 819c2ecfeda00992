//===- Put.cpp - Rows and records into a peer's memory ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace moec::rt::cpu {

/// Bytes of one block of a copy: enough to be worth another core.
static constexpr size_t blockBytes = 128 << 10;

/// The token and slot that item `index` of a set is.
static Item itemOf(const plan::ConcreteItems &set, const ItemList &list, uint32_t index,
                   uint32_t topK) {
  if (!list.isListed)
    return {set.first, anyToken};
  uint32_t item = list.items[index];
  if (set.kind == plan::ItemSetKind::Y)
    return {set.first, item / topK, item % topK};
  return {set.first, item};
}

/// What is put after the experts ran is on its way back.
static bool returns(const plan::Plan &plan, const Task &task) {
  return std::any_of(plan.ops.begin(), plan.ops.begin() + task.opNumber, [](const plan::Op &op) {
    return op.kind == plan::OpKind::Compute && op.task == plan::TaskKind::Experts;
  });
}

static void count(Machine &machine, const Task &task, uint32_t source, uint32_t peer,
                  uint64_t bytes) {
  std::vector<uint64_t> &matrix =
      returns(machine.plan, task) ? machine.report.combineBytes : machine.report.dispatchBytes;
  matrix[size_t(source) * machine.plan.ranks + peer] += bytes;
}

/// Where the items lie in a region: their positions in a frame, if it has one.
static Result<std::vector<uint32_t>> placesOf(TaskContext &context, const RegionView &view,
                                              const plan::ConcreteRegion &region,
                                              const ItemList &list) {
  std::vector<uint32_t> places(list.count);
  if (!region.frame) {
    for (uint32_t i = 0; i < list.count; ++i)
      places[i] = static_cast<uint32_t>(recordOf(view, list, i));
    return places;
  }
  if (plan::wholeOf(region.items) == region.frame) {
    std::iota(places.begin(), places.end(), list.begin);
    return places;
  }
  MOEC_ASSIGN_OR_RETURN(const ItemList *frame, context.items(*region.frame));
  if (!frame->isListed || !list.isListed)
    return context.fault("needs the items of ", plan::textOf(*region.frame), ", of which rank ",
                         context.rank.number, " knows only how many there are");
  uint32_t place = 0; // both ascend
  for (uint32_t i = 0; i < list.count; ++i) {
    while (place < frame->count && frame->items[place] < list.items[i])
      ++place;
    if (place == frame->count || frame->items[place] != list.items[i])
      return context.fault("takes item ", list.items[i], ", which is not in ",
                           plan::textOf(*region.frame));
    places[i] = place;
  }
  return places;
}

/// What goes where: the records from `first` to `end` of `list`, at `places` of `source`,
/// to `targets`.
struct Copies {
  const ItemList &list;
  const RegionView &source;
  std::vector<uint32_t> places, targets;
  uint32_t first, end;
};

static void copyTo(TaskContext &context, const RegionView &target, const Copies &copies) {
  const auto &[list, source, places, targets, first, end] = copies;
  const plan::ConcreteItems &set = context.task.writes[0].items;
  size_t bytes = source.recordBytes;
  if (context.isProbed()) { // record by record: others may go on in between
    for (uint32_t i = first; i < end; ++i) {
      Item item = itemOf(set, list, i, context.machine.plan.topK);
      const std::byte *record = context.read(source, places[i], Content::Any, item);
      context.put(target, targets[i], record, item);
      context.pause();
    }
    return;
  }
  uint32_t perBlock = static_cast<uint32_t>(std::max<size_t>(blockBytes / bytes, 1));
  context.machine.pool.parallelFor((end - first + perBlock - 1) / perBlock, [&](uint32_t block) {
    uint32_t last = std::min(end, first + (block + 1) * perBlock);
    for (uint32_t i = first + block * perBlock; i < last; ++i)
      std::memcpy(context.peek(target, targets[i]), context.peek(source, places[i]), bytes);
  });
}

Status runPut(TaskContext &context, uint32_t turn, uint32_t turns) {
  const Task &task = context.task;
  const plan::ConcreteRegion &from = task.reads[0], &into = task.writes[0];
  RegionView source = context.view(from);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(into.items));
  bool isIndexed = source.layout == plan::BufferLayout::Slot ||
                   context.view(into).layout == plan::BufferLayout::Slot ||
                   (context.isProbed() && into.items.kind != plan::ItemSetKind::S);
  if (isIndexed && !list->isListed)
    return context.fault("needs the items of ", plan::textOf(into.items), ", of which rank ",
                         context.rank.number, " knows only how many there are");
  MOEC_ASSIGN_OR_RETURN(std::vector<uint32_t> places, placesOf(context, source, from, *list));
  // Of every peer the same ones.
  MOEC_ASSIGN_OR_RETURN(std::vector<uint32_t> targets,
                        placesOf(context, context.view(into), into, *list));
  auto first = static_cast<uint32_t>(uint64_t(list->count) * turn / turns);
  auto end = static_cast<uint32_t>(uint64_t(list->count) * (turn + 1) / turns);
  Copies copies{*list, source, std::move(places), std::move(targets), first, end};
  for (uint32_t peer = task.peer; peer < task.peer + task.peers; ++peer) {
    if (task.op->kind == plan::OpKind::Put)
      count(context.machine, task, context.rank.number, peer,
            (end - first) * uint64_t(source.recordBytes));
    copyTo(context, context.view(into, peer), copies);
  }
  return Status();
}

} // namespace moec::rt::cpu
