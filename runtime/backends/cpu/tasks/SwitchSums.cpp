//===- SwitchSums.cpp - Sums that the switch makes -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A switch adds in f32 what is at one place of all ranks, in an order of its own, and
// rounds once to the type of the rows. Here the order is that of the ranks: one of those
// that a switch may choose.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Sums.h"
#include "runtime/backends/cpu/tasks/Tasks.h"
#include "runtime/backends/cpu/tasks/TokenResults.h"

namespace moec::rt::cpu {

//===----------------------------------------------------------------------===//
// Of a rank
//===----------------------------------------------------------------------===//

/// Zero where the rank has no row of a token.
static Status sumAllTokens(TaskContext &context, size_t index, std::vector<Sum> &sums) {
  const plan::ConcreteRegion &output = context.writes(0)[index];
  uint32_t source = output.items.first, self = context.rank.number;
  RegionView out = context.view(output);
  MOEC_ASSIGN_OR_RETURN(const ItemList *all, context.items(output.items));
  MOEC_ASSIGN_OR_RETURN(std::vector<TokenRows> tokens, readRows(context, index));
  if (all->count > out.records)
    return context.fault("wanted at most ", out.records, " sums, found ", all->count);
  size_t next = 0; // tokens ascend
  for (uint32_t token = 0; token < all->count; ++token) {
    Sum &sum = sums.emplace_back();
    if (next < tokens.size() && tokens[next].token == token)
      sum.rows = std::move(tokens[next++].rows);
    sum.target = context.write(out, token, Content::RankSum, {source, token, self});
    context.pause();
  }
  if (next < tokens.size())
    return context.fault("wanted records of tokens below ", all->count, " in ascending order");
  return Status();
}

Status runFullSum(TaskContext &context) {
  std::vector<Sum> sums;
  for (size_t i = 0; i < context.reads(0).size(); ++i)
    MOEC_RETURN_IF_ERROR(sumAllTokens(context, i, sums));
  addAll(context.machine, sums);
  return Status();
}

//===----------------------------------------------------------------------===//
// Of all ranks
//===----------------------------------------------------------------------===//

Status runPull(TaskContext &context) {
  Machine &machine = context.machine;
  uint32_t self = context.rank.number, ranks = machine.plan.ranks;
  const plan::ConcreteRegion &from = context.task.reads[0];
  RegionView out = context.view(context.task.writes[0]);
  MOEC_ASSIGN_OR_RETURN(const ItemList *list, context.items(from.items));
  std::vector<RegionView> parts;
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    parts.push_back(context.view(from, rank));
    machine.report.combineBytes[size_t(rank) * ranks + self] +=
        uint64_t(list->count) * out.recordBytes;
  }
  std::vector<Sum> sums(list->count);
  for (uint32_t token = 0; token < list->count; ++token) {
    for (uint32_t rank = 0; rank < ranks; ++rank)
      sums[token].rows.push_back(
          context.read(parts[rank], token, Content::RankSum, {self, token, rank}));
    sums[token].target = context.write(out, token, Content::SwitchSum, {self, token});
    context.pause();
  }
  addAll(machine, sums);
  return Status();
}

//===----------------------------------------------------------------------===//
// Of a token
//===----------------------------------------------------------------------===//

Status runSwitchSum(TaskContext &context) {
  uint32_t self = context.rank.number, tokens = context.rank.sets.tokens();
  RegionView total = context.view(context.reads(0)[0]);
  TokenResults results(context, 1);
  for (uint32_t token = 0; token < tokens; ++token) {
    results.add(context.read(total, token, Content::SwitchSum, {self, token}));
    results.endToken();
  }
  results.write();
  return Status();
}

} // namespace moec::rt::cpu
