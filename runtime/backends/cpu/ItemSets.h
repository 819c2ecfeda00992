//===- ItemSets.h - What a rank knows of the item sets ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Item sets have sizes that only the device knows. A rank knows A(r) from its
// caller, D(r,p) and Y(r,p) from its own routing, |D(s,r)| from the payload of s's
// flag, and the items of D(s,r) and Y(s,r) from the records that s sent. Each is
// known for one step at a time; a task that names a set which its rank does not
// know yet is a fault of the plan.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H
#define MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H

#include "runtime/plan/Expand.h"

#include <cstdint>
#include <vector>

namespace moec::rt::cpu {

/// The items of a set in its order: tokens, or rows token * topK + slot.
struct ItemList {
  uint32_t count = 0;
  bool isListed = false; ///< false: the count alone is known
  std::vector<uint32_t> items;
};

class ItemSets {
public:
  ItemSets(uint32_t rank, uint32_t ranks)
      : rank(rank), sent(ranks), sentRows(ranks), received(ranks), receivedRows(ranks) {}

  /// Forgets all sets but A(rank).
  void beginStep(uint32_t tokens);

  uint32_t tokens() const { return own.list.count; }
  /// Null while the set is unknown.
  const ItemList *find(const plan::ConcreteItems &items) const;

  // The makers: each clears the set and makes it known. Fill `items`, then close().
  ItemList &sentTo(uint32_t peer) { return open(sent[peer]); }
  ItemList &rowsSentTo(uint32_t peer) { return open(sentRows[peer]); }
  ItemList &rowsReceivedFrom(uint32_t peer) { return open(receivedRows[peer]); }
  static void close(ItemList &list);
  void receiveCount(uint32_t peer, uint32_t count);

private:
  struct Entry {
    bool isKnown = false;
    ItemList list;
  };
  static ItemList &open(Entry &entry);

  uint32_t rank;
  Entry own;
  std::vector<Entry> sent, sentRows;         ///< D(rank, p), Y(rank, p)
  std::vector<Entry> received, receivedRows; ///< D(s, rank), Y(s, rank)
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H
