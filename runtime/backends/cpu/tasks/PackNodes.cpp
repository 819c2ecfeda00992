//===- PackNodes.cpp - What a token brings along to a node -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two tiers: a record for a node says of each slot on which lane it runs, and is split
// there into the records of its ranks.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>
#include <bit>

namespace moec::rt::cpu {

Status runPackNodes(TaskContext &context) {
  const plan::ConcreteRegion &target = context.writes(0)[0];
  uint32_t self = context.rank.number, topK = context.machine.plan.topK;
  uint32_t lanes = context.machine.plan.lanes(), node = target.items.second;
  RegionView route = context.view(context.reads(0)[0]), record = context.view(target);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(target.items));
  for (uint32_t i = 0; i < list->count; ++i) {
    uint32_t token = list->items[i];
    ChoiceEntry entry =
        choiceEntry(context.read(route, token, Content::Choice, {self, token}), topK);
    NodeRecord words = nodeRecord(
        context.write(record, recordOf(record, *list, i), Content::NodeRecord, {self, token, node}),
        topK);
    std::fill_n(&words.token(), 2 + 3 * topK, 0);
    words.token() = token;
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t destination = upperHalf(entry.destination(slot));
      if (destination / lanes != node)
        continue;
      uint32_t at = words.count()++;
      words.slot(at) = packHalves(slot, lowerHalf(entry.destination(slot)));
      words.weight(at) = std::bit_cast<uint32_t>(entry.weight(slot));
      words.lane(at) = destination % lanes;
    }
    context.pause();
  }
  return Status();
}

namespace {

/// Cuts the records of one source's tokens for this node into those of its ranks.
class Splitter {
public:
  explicit Splitter(TaskContext &context)
      : context(context), topK(context.machine.plan.topK), lanes(context.machine.plan.lanes()) {}
  Status run();

private:
  Status openLists(uint32_t source);
  Status splitRecord(uint32_t source, const NodeRecord &from);
  uint32_t peerOf(uint32_t lane) const { return context.rank.number / lanes * lanes + lane; }

  TaskContext &context;
  uint32_t topK, lanes;
  std::vector<RegionView> targets;      ///< by lane
  std::vector<ItemList *> tokens, rows; ///< by lane
};

Status Splitter::openLists(uint32_t source) {
  targets.assign(lanes, {});
  tokens.assign(lanes, nullptr);
  rows.assign(lanes, nullptr);
  for (const plan::ConcreteRegion &region : context.writes(0)) {
    uint32_t peer = region.items.second, lane = peer % lanes;
    if (region.items.first != source || !context.rank.sets.isOnNode(peer) || tokens[lane])
      return context.fault("writes ", plan::textOf(region.items),
                           ", which is no part of what rank ", source, " sent to this node");
    targets[lane] = context.view(region);
    if (targets[lane].layout != plan::BufferLayout::Seq)
      return context.fault("wanted records one after another");
    tokens[lane] = &context.rank.sets.passedOn(source, peer);
    rows[lane] = &context.rank.sets.rowsPassedOn(source, peer);
  }
  if (std::find(tokens.begin(), tokens.end(), nullptr) != tokens.end())
    return context.fault("wanted records for each rank of the node");
  return Status();
}

Status Splitter::splitRecord(uint32_t source, const NodeRecord &from) {
  uint32_t token = from.token(), count = from.count();
  if (token >= context.machine.layout.maxTokens || count == 0 || count > topK)
    return context.fault("wanted a record of a token below ", context.machine.layout.maxTokens,
                         " with 1 to ", topK, " slots from rank ", source, ", found token ", token,
                         " with ", count);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    uint32_t *words = nullptr;
    for (uint32_t i = 0; i < count; ++i) {
      if (from.lane(i) != lane)
        continue;
      if (!words) {
        size_t place = tokens[lane]->items.size();
        if (place >= targets[lane].records)
          return context.fault("wanted at most ", targets[lane].records, " tokens of rank ",
                               source);
        words = reinterpret_cast<uint32_t *>(
            context.write(targets[lane], place, Content::Record, {source, token, peerOf(lane)}));
        std::fill_n(words, 2 + 2 * topK, 0);
        words[0] = token;
        tokens[lane]->items.push_back(token);
      }
      words[2 + words[1]] = from.slot(i);
      words[2 + topK + words[1]] = from.weight(i);
      ++words[1];
      rows[lane]->items.push_back(token * topK + upperHalf(from.slot(i)));
    }
  }
  return Status();
}

Status Splitter::run() {
  const plan::ConcreteRegion &input = context.reads(0)[0];
  uint32_t source = input.items.first;
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(input.items));
  RegionView records = context.view(input);
  if (!context.rank.sets.isOnLane(source) || records.layout != plan::BufferLayout::Seq)
    return context.fault("wanted records of a rank on this lane, one after another");
  if (list->count > records.records)
    return context.fault("wanted at most ", records.records, " tokens of rank ", source, ", found ",
                         list->count);
  uint32_t count = list->count;
  MOEC_RETURN_IF_ERROR(openLists(source));
  // Of its own tokens for its own node a rank knows all; the others' are in the records.
  ItemList own;
  bool isOwn = source == context.rank.number;
  ItemList &forNode = isOwn ? own : context.rank.sets.receivedForNodeFrom(source);
  for (uint32_t i = 0; i < count; ++i) {
    NodeRecord record = nodeRecord(context.peek(records, i), topK);
    context.read(records, i, Content::NodeRecord, {source, record.token(), input.items.second});
    MOEC_RETURN_IF_ERROR(splitRecord(source, record));
    forNode.items.push_back(record.token());
    context.pause();
  }
  ItemSets::close(forNode);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    ItemSets::close(*tokens[lane]);
    ItemSets::close(*rows[lane]);
  }
  return Status();
}

} // namespace

Status runSplit(TaskContext &context) { return Splitter(context).run(); }

} // namespace moec::rt::cpu
