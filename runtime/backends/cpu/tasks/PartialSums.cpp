//===- PartialSums.cpp - Sums before rows travel ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In f32 and in a fixed order, rounded to the type in which rows travel where a sum
// travels itself. Rows come weighted.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Sums.h"
#include "runtime/backends/cpu/tasks/Tasks.h"
#include "runtime/backends/cpu/tasks/TokenResults.h"

#include <algorithm>

namespace moec::rt::cpu {

//===----------------------------------------------------------------------===//
// Of a rank
//===----------------------------------------------------------------------===//

static Status sumSource(TaskContext &context, size_t index, std::vector<Sum> &sums) {
  uint32_t self = context.rank.number;
  RegionView out = context.view(context.writes(0)[index]);
  MOEC_ASSIGN_OR_RETURN(std::vector<TokenRows> tokens, readRows(context, index));
  uint64_t end = tokens.empty() ? 0 : tokens.back().place + 1;
  if (out.layout != plan::BufferLayout::Seq || end > out.records)
    return context.fault("wanted sums one after another, at most ", out.records, ", found ", end);
  for (TokenRows &token : tokens) {
    Item item{token.source, token.token, self};
    sums.push_back(
        {std::move(token.rows), context.write(out, token.place, Content::RankSum, item)});
    context.pause();
  }
  return Status();
}

Status runRankSum(TaskContext &context) {
  std::vector<Sum> sums;
  for (size_t i = 0; i < context.reads(0).size(); ++i)
    MOEC_RETURN_IF_ERROR(sumSource(context, i, sums));
  addAll(context.machine, sums);
  return Status();
}

//===----------------------------------------------------------------------===//
// Of a node
//===----------------------------------------------------------------------===//

Status runNodeSum(TaskContext &context) {
  const plan::Plan &plan = context.machine.plan;
  uint32_t topK = plan.topK, lanes = plan.lanes();
  const plan::ConcreteRegion &tokens = context.reads(0)[0];
  uint32_t source = tokens.items.first, node = tokens.items.second;
  RegionView records = context.view(tokens), out = context.view(context.writes(0)[0]);
  std::vector<RegionView> parts(lanes);
  std::vector<uint64_t> passed(lanes); // of each rank's sums
  for (const plan::ConcreteRegion &region : context.reads(1)) {
    RegionView part = context.view(region);
    if (!context.rank.sets.isOnNode(region.items.second) || region.items.first != source ||
        part.layout != plan::BufferLayout::Seq)
      return context.fault("wanted sums of ranks of this node for rank ", source);
    parts[region.items.second % lanes] = part;
    if (!region.frame)
      continue;
    MOEC_ASSIGN_OR_RETURN(const ItemList *piece, context.items(region.items));
    passed[region.items.second % lanes] = piece->begin;
  }
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(tokens.items));
  bool isPlain = records.layout == plan::BufferLayout::Seq &&
                 out.layout == plan::BufferLayout::Seq &&
                 context.writes(0)[0].items == tokens.items;
  uint64_t end = uint64_t(list->begin) + list->count;
  if (!isPlain || end > records.records || end > out.records)
    return context.fault("wanted records and sums of the same tokens one after another, at most ",
                         out.records, ", found ", end);
  std::vector<Sum> sums(list->count);
  for (uint32_t i = 0; i < list->count; ++i) {
    uint64_t place = list->begin + i;
    NodeRecord record = nodeRecord(context.peek(records, place), topK);
    context.read(records, place, Content::NodeRecord, {source, record.token(), node});
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      bool adds = false;
      for (uint32_t entry = 0; entry < std::min(record.count(), topK); ++entry)
        adds |= record.lane(entry) == lane;
      if (!adds)
        continue;
      if (passed[lane] >= parts[lane].records)
        return context.fault("needs more sums of lane ", lane, " than it reads");
      sums[i].rows.push_back(context.read(parts[lane], passed[lane]++, Content::RankSum,
                                          {source, record.token(), node * lanes + lane}));
    }
    sums[i].target = context.write(out, place, Content::NodeSum, {source, record.token(), node});
    context.pause();
  }
  addAll(context.machine, sums);
  return Status();
}

//===----------------------------------------------------------------------===//
// Of a token
//===----------------------------------------------------------------------===//

namespace {

/// The result of each token from the sums that came back.
class PartSum {
public:
  explicit PartSum(TaskContext &context)
      : context(context), machine(context.machine), self(context.rank.number),
        ofNodes(machine.plan.sumTree == plan::SumTree::NodePartial),
        parts(ofNodes ? machine.plan.nodes : machine.plan.ranks), passed(parts.size()),
        results(context, 2) {}
  Status run();

private:
  Status readToken(uint32_t token);

  TaskContext &context;
  Machine &machine;
  uint32_t self;
  bool ofNodes;
  std::vector<RegionView> parts; ///< by rank or node
  std::vector<uint64_t> passed;  ///< of each part's sums
  RegionView route;
  TokenResults results;
};

Status PartSum::readToken(uint32_t token) {
  uint32_t topK = machine.plan.topK, lanes = machine.plan.lanes();
  ChoiceEntry entry = choiceEntry(context.read(route, token, Content::Choice, {self, token}), topK);
  for (uint32_t part = 0; part < parts.size(); ++part) {
    bool adds = false;
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t from = upperHalf(entry.destination(slot));
      adds |= (ofNodes ? from / lanes : from) == part;
    }
    if (!adds)
      continue;
    if (!parts[part].base || passed[part] >= parts[part].records)
      return context.fault("needs a sum of ", ofNodes ? "node " : "rank ", part,
                           ", which it does not read");
    results.add(context.read(parts[part], passed[part]++,
                             ofNodes ? Content::NodeSum : Content::RankSum, {self, token, part}));
  }
  results.endToken();
  return Status();
}

Status PartSum::run() {
  route = context.view(context.reads(0)[0]);
  for (const plan::ConcreteRegion &region : context.reads(1)) {
    parts[region.items.second] = context.view(region);
    if (parts[region.items.second].layout != plan::BufferLayout::Seq)
      return context.fault("wanted sums one after another");
  }
  for (uint32_t token = 0, tokens = context.rank.sets.tokens(); token < tokens; ++token)
    MOEC_RETURN_IF_ERROR(readToken(token));
  results.write();
  return Status();
}

} // namespace

Status runPartSum(TaskContext &context) { return PartSum(context).run(); }

} // namespace moec::rt::cpu
