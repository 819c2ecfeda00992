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
  sizes.clear();
  pieces.clear();
  table.reset();
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
  case plan::ItemSetKind::S:
    return findPiece(items);
  case plan::ItemSetKind::P:
    return findNodePiece(items);
  case plan::ItemSetKind::Q:
    if (const ItemList *list = findPassedPiece(items))
      return list;
    return isHere ? findArrivedPiece(items) : nullptr;
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
  if (items.kind == plan::ItemSetKind::Q && items.second == rank) {
    sizes[items] = count;
    return true;
  }
  bool isTokens = items.kind == plan::ItemSetKind::D && items.second == rank;
  bool isOfNode = items.kind == plan::ItemSetKind::M;
  if (isOfNode)
    sizes[items] = count;
  bool isForNode = isOfNode && isOnLane(items.first) && items.second == rank / lanes;
  bool isAll = items.kind == plan::ItemSetKind::A && items.first != rank;
  if (!isTokens && !isForNode && !isAll)
    return isOfNode;
  ItemList &list = isAll      ? open(others[items.first])
                   : isTokens ? receivedFrom(items.first)
                              : receivedForNodeFrom(items.first);
  list.count = count;
  list.isListed = false;
  return true;
}

bool ItemSets::makeStages(birkhoff::Cut cut) {
  size_t nodes = sentToNodes.size();
  std::vector<uint64_t> counts;
  for (uint32_t source = 0; source < sent.size(); ++source)
    for (uint32_t node = 0; node < nodes; ++node) {
      auto size = sizes.find({plan::ItemSetKind::M, source, node});
      bool isKnown = source == rank ? sentToNodes[node].isKnown : size != sizes.end();
      if (!isKnown)
        return false;
      counts.push_back(source == rank ? sentToNodes[node].list.count : size->second);
    }
  table.emplace(counts, static_cast<uint32_t>(nodes), lanes, stages, cut);
  return true;
}

std::optional<Piece> ItemSets::pieceOf(const plan::ConcreteItems &items) const {
  if (!table)
    return std::nullopt;
  return table->piece(items.first, items.second, items.stage, items.lane);
}

/// Of its own tokens a rank knows which they are, of others' where they lie.
const ItemList *ItemSets::findPiece(const plan::ConcreteItems &items) const {
  std::optional<Piece> piece = pieceOf(items);
  if (!piece)
    return nullptr;
  auto [place, isNew] = pieces.try_emplace(items);
  ItemList &list = place->second;
  if (!isNew)
    return &list;
  list.begin = static_cast<uint32_t>(piece->begin);
  list.count = static_cast<uint32_t>(piece->size());
  if (items.first == rank) {
    const std::vector<uint32_t> &whole = sentToNodes[items.second].list.items;
    list.items.assign(whole.begin() + piece->begin, whole.begin() + piece->end);
    list.isListed = true;
  }
  return &list;
}

const ItemList *ItemSets::keep(const plan::ConcreteItems &items, const ItemList &whole,
                               const Piece &piece) const {
  ItemList &list = pieces[items];
  list.begin = static_cast<uint32_t>(piece.begin);
  list.count = static_cast<uint32_t>(piece.size());
  list.isListed = whole.isListed;
  if (whole.isListed)
    list.items.assign(whole.items.begin() + piece.begin, whole.items.begin() + piece.end);
  return &list;
}

const ItemList *ItemSets::findNodePiece(const plan::ConcreteItems &items) const {
  const ItemList *whole = find({plan::ItemSetKind::M, items.first, items.second});
  if (!whole)
    return nullptr;
  return keep(items, *whole, evenPiece(whole->count, items.stage, stages));
}

/// Where this rank has the items of both sets: of its own tokens, and of those that it
/// hands on.
const ItemList *ItemSets::findPassedPiece(const plan::ConcreteItems &items) const {
  const ItemList *ofNode = find({plan::ItemSetKind::M, items.first, items.second / lanes});
  const ItemList *whole = find({plan::ItemSetKind::D, items.first, items.second});
  if (!ofNode || !whole || !ofNode->isListed || !whole->isListed)
    return nullptr;
  Piece piece = evenPiece(ofNode->count, items.stage, stages);
  return keep(items, *whole, partOfPiece(ofNode->items, piece, whole->items));
}

/// Behind the pieces before it, as their sizes say.
const ItemList *ItemSets::findArrivedPiece(const plan::ConcreteItems &items) const {
  plan::ConcreteItems set = items;
  Piece piece;
  for (set.stage = 0; set.stage <= items.stage; ++set.stage) {
    auto size = sizes.find(set);
    if (size == sizes.end())
      return nullptr;
    piece = {piece.end, piece.end + size->second};
  }
  static const ItemList unknown;
  const ItemList *whole = known(&received[items.first]) ? &received[items.first].list : &unknown;
  return keep(items, *whole, piece);
}

} // namespace moec::rt::cpu
