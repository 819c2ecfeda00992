//===- Route.cpp - Which experts, and where --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Router.h"
#include "runtime/backends/cpu/tasks/Rows.h"
#include "runtime/backends/cpu/tasks/Tasks.h"

#include <algorithm>

namespace moec::rt::cpu {

/// Tokens of one block of the choice, a few microseconds of work.
static constexpr uint32_t blockTokens = 16;

static void writeEntry(const Machine &machine, uint32_t source, uint32_t token,
                       const ChoiceEntry &entry) {
  const Homes &homes = machine.homes.of(source);
  for (uint32_t slot = 0; slot < entry.topK; ++slot) {
    const Home &home = homeOf(homes[entry.expert(slot)], token, source);
    entry.destination(slot) = packHalves(home.rank, home.local);
  }
}

/// D(r,p) and Y(r,p) for every p, M(r,b) for every b.
static void listItems(const Machine &machine, Rank &rank, const std::vector<ChoiceEntry> &entries) {
  uint32_t ranks = machine.plan.ranks, topK = machine.plan.topK;
  uint32_t lanes = machine.plan.lanes();
  std::vector<ItemList *> tokens(ranks), rows(ranks), ofNodes(machine.plan.nodes);
  for (uint32_t node = 0; node < ofNodes.size(); ++node)
    ofNodes[node] = &rank.sets.sentToNode(node);
  for (uint32_t peer = 0; peer < ranks; ++peer) {
    tokens[peer] = &rank.sets.sentTo(peer);
    rows[peer] = &rank.sets.rowsSentTo(peer);
  }
  for (uint32_t token = 0; token < entries.size(); ++token)
    for (uint32_t slot = 0; slot < topK; ++slot) {
      uint32_t peer = upperHalf(entries[token].destination(slot));
      std::vector<uint32_t> &sent = tokens[peer]->items;
      if (sent.empty() || sent.back() != token)
        sent.push_back(token);
      std::vector<uint32_t> &sentToNode = ofNodes[peer / lanes]->items;
      if (sentToNode.empty() || sentToNode.back() != token)
        sentToNode.push_back(token);
      rows[peer]->items.push_back(token * topK + slot);
    }
  for (uint32_t peer = 0; peer < ranks; ++peer) {
    ItemSets::close(*tokens[peer]);
    ItemSets::close(*rows[peer]);
  }
  for (ItemList *list : ofNodes)
    ItemSets::close(*list);
}

/// The caller wants choices and weights too.
static void reportChoices(const Rank &rank, uint32_t token, const ChoiceEntry &entry) {
  for (uint32_t slot = 0; slot < entry.topK; ++slot) {
    if (rank.io.topk_indices)
      rank.io.topk_indices[size_t(token) * entry.topK + slot] = entry.expert(slot);
    if (rank.io.topk_weights)
      rank.io.topk_weights[size_t(token) * entry.topK + slot] = entry.weight(slot);
  }
}

Status runRoute(TaskContext &context) {
  Machine &machine = context.machine;
  const Layer &layer = machine.layer();
  Rank &rank = context.rank;
  uint32_t tokens = rank.sets.tokens(), topK = machine.plan.topK, experts = layer.experts;
  RegionView x = context.view(context.reads(0)[0]), route = context.view(context.writes(0)[0]);

  std::vector<const std::byte *> rows;
  std::vector<ChoiceEntry> entries;
  for (uint32_t token = 0; token < tokens; ++token) {
    Item item{rank.number, token};
    rows.push_back(context.read(x, token, Content::Token, item));
    entries.push_back(choiceEntry(context.write(route, token, Content::Choice, item), topK));
  }
  std::vector<float> &logits = machine.scratch.logits;
  logits.resize(std::max(logits.size(), size_t(tokens) * experts));
  std::vector<std::byte *> &outputs = machine.scratch.outputs;
  outputs.resize(tokens);
  for (uint32_t token = 0; token < tokens; ++token)
    outputs[token] = reinterpret_cast<std::byte *>(&logits[size_t(token) * experts]);
  multiplyRows(machine, rows, layer.hidden, machine.weights.router(),
               {outputs.data(), DType::F32, experts});

  RouterRule rule(layer.router, experts, machine.weights.routerBias(),
                  machine.weights.selectionBias());
  machine.pool.parallelFor((tokens + blockTokens - 1) / blockTokens, [&](uint32_t block) {
    thread_local RouterRule::Workspace work;
    uint32_t last = std::min(tokens, (block + 1) * blockTokens);
    for (uint32_t token = block * blockTokens; token < last; ++token) {
      const ChoiceEntry &entry = entries[token];
      rule.choose({&logits[size_t(token) * experts], experts}, work, &entry.expert(0),
                  &entry.weight(0));
      writeEntry(machine, rank.number, token, entry);
      reportChoices(rank, token, entry);
    }
  });
  listItems(machine, rank, entries);
  return Status();
}

} // namespace moec::rt::cpu
