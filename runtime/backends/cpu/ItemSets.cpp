//===- ItemSets.cpp - What a rank knows of the item sets -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/ItemSets.h"

#include <numeric>

namespace moec::rt::cpu {

void ItemSets::beginStep(uint32_t tokens) {
  for (std::vector<Entry> *entries : {&sent, &sentRows, &received, &receivedRows, &passed,
                                      &passedRows, &sentToNodes, &receivedForNode, &others})
    for (Entry &entry : *entries)
      entry.isKnown = false;
  own.isKnown = true;
  own.list.count = tokens;
  own.list.isListed = true;
  size_t listed = own.list.items.size();
  if (listed < tokens) {
    own.list.items.resize(tokens);
    std::iota(own.list.items.begin() + listed, own.list.items.end(), uint32_t(listed));
  }
}

const ItemSets::Entry *ItemSets::findPassed(const std::vector<Entry> &entries,
                                            const plan::ConcreteItems &items) const {
  bool isMine = isOnLane(items.first) && isOnNode(items.second);
  return isMine ? known(&entries[place(items.first, items.second)]) : nullptr;
}

/// What this rank hands on it knows item by item, so that comes before what a flag told.
const ItemList *ItemSets::find(const plan::ConcreteItems &items) const {
  bool isOwn = items.first == rank, isHere = items.second == rank;
  const Entry *entry = nullptr;
  switch (items.kind) {
  case plan::ItemSetKind::A:
    entry = isOwn ? &own : &others[items.first];
    break;
  case plan::ItemSetKind::D:
    entry = isOwn ? &sent[items.second] : findPassed(passed, items);
    if (!entry && isHere)
      entry = &received[items.first];
    break;
  case plan::ItemSetKind::Y:
    entry = isOwn ? &sentRows[items.second] : findPassed(passedRows, items);
    if (!entry && isHere)
      entry = &receivedRows[items.first];
    break;
  case plan::ItemSetKind::M:
    if (isOwn)
      entry = &sentToNodes[items.second];
    else if (isOnLane(items.first) && items.second == rank / lanes)
      entry = &receivedForNode[items.first / lanes];
    break;
  }
  entry = known(entry);
  return entry ? &entry->list : nullptr;
}

ItemList &ItemSets::open(Entry &entry) {
  entry.isKnown = true;
  entry.list.items.clear();
  return entry.list;
}

void ItemSets::close(ItemList &list) {
  list.count = static_cast<uint32_t>(list.items.size());
  list.isListed = true;
}

bool ItemSets::receiveCount(const plan::ConcreteItems &items, uint32_t count) {
  bool isTokens = items.kind == plan::ItemSetKind::D && items.second == rank;
  bool isForNode =
      items.kind == plan::ItemSetKind::M && isOnLane(items.first) && items.second == rank / lanes;
  bool isAll = items.kind == plan::ItemSetKind::A && items.first != rank;
  if (!isTokens && !isForNode && !isAll)
    return false;
  ItemList &list = isAll      ? open(others[items.first])
                   : isTokens ? receivedFrom(items.first)
                              : receivedForNodeFrom(items.first);
  list.count = count;
  list.isListed = false;
  return true;
}

} // namespace moec::rt::cpu
