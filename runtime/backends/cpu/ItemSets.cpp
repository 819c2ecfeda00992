//===- ItemSets.cpp - What a rank knows of the item sets -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/ItemSets.h"

#include <numeric>

namespace moec::rt::cpu {

void ItemSets::beginStep(uint32_t tokens) {
  for (std::vector<Entry> *entries : {&sent, &sentRows, &received, &receivedRows})
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

const ItemList *ItemSets::find(const plan::ConcreteItems &items) const {
  const Entry *entry = nullptr;
  switch (items.kind) {
  case plan::ItemSetKind::A:
    entry = items.first == rank ? &own : nullptr;
    break;
  case plan::ItemSetKind::D:
    if (items.first == rank)
      entry = &sent[items.second];
    else if (items.second == rank)
      entry = &received[items.first];
    break;
  case plan::ItemSetKind::Y:
    if (items.first == rank)
      entry = &sentRows[items.second];
    else if (items.second == rank)
      entry = &receivedRows[items.first];
    break;
  case plan::ItemSetKind::M:
    break;
  }
  return entry && entry->isKnown ? &entry->list : nullptr;
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

void ItemSets::receiveCount(uint32_t peer, uint32_t count) {
  ItemList &list = open(received[peer]);
  list.count = count;
  list.isListed = false;
}

} // namespace moec::rt::cpu
