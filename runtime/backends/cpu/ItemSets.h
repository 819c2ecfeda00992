//===- ItemSets.h - What a rank knows of the item sets ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Item sets have sizes that only the device knows. A rank knows A(r) from its
// caller, D(r,p), Y(r,p) and M(r,b) from its own routing, |A(s)|, |D(s,r)| and |M(s,a)|
// (a: its own node) from the payload of s's flag, the items of the latter two and of
// Y(s,r) from the records or routes that s sent, and D(s,p), Y(s,p) for the p of its node
// from the records of M(s,a). Where a plan goes in stages it knows the sizes of all M(s,b)
// from flags, and with them where each S(s,b,k,m) lies in M(s,b). Of P(s,b,k) it knows what it
// knows of M(s,b), of Q(s,p,k) what D(s,p) and M(s,b) say, of Q(s,r,k) what flags carry: it
// lies behind the pieces before it. Each is known for one step at a time; a task that names a set
// which its rank does not know yet is a fault of the plan.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H
#define MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H

#include "runtime/birkhoff/StageTable.h"
#include "runtime/plan/Expand.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace moec::rt::cpu {

/// The items of a set in its order: tokens, or rows token * topK + slot.
struct ItemList {
  uint32_t count = 0;
  bool isListed = false; ///< false: the count alone is known
  uint32_t begin = 0;    ///< of a piece: its place in the whole, M or D
  std::vector<uint32_t> items;
};

class ItemSets {
public:
  /// `ranks` in nodes of `lanes`; M(s,b) has `stages` pieces.
  ItemSets(uint32_t rank, uint32_t ranks, uint32_t lanes, uint32_t stages)
      : rank(rank), lanes(lanes), stages(stages), sent(ranks), sentRows(ranks), received(ranks),
        receivedRows(ranks), passed(ranks), passedRows(ranks), sentToNodes(ranks / lanes),
        receivedForNode(ranks / lanes), others(ranks) {}

  /// Forgets all sets but A(rank).
  void beginStep(uint32_t tokens);

  uint32_t tokens() const { return own.list.count; }
  /// Null while the set is unknown.
  const ItemList *find(const plan::ConcreteItems &items) const;

  // The makers: each clears the set and makes it known. Fill `items`, then close().
  ItemList &sentTo(uint32_t peer) { return open(sent[peer]); }
  ItemList &rowsSentTo(uint32_t peer) { return open(sentRows[peer]); }
  ItemList &sentToNode(uint32_t node) { return open(sentToNodes[node]); }
  ItemList &rowsReceivedFrom(uint32_t peer) { return open(receivedRows[peer]); }
  ItemList &receivedFrom(uint32_t peer) { return open(received[peer]); }
  /// M(s,a) of a source on this rank's lane.
  ItemList &receivedForNodeFrom(uint32_t source) { return open(receivedForNode[source / lanes]); }
  /// D(s,p), Y(s,p) of such a source, for a rank of this node.
  ItemList &passedOn(uint32_t source, uint32_t peer) { return open(passed[place(source, peer)]); }
  ItemList &rowsPassedOn(uint32_t source, uint32_t peer) {
    return open(passedRows[place(source, peer)]);
  }
  static void close(ItemList &list);
  /// The size of A(s), D(s,r), Q(s,r,k) or M(s,b) alone; false if the set is no such.
  bool receiveCount(const plan::ConcreteItems &items, uint32_t count);

  /// Makes the sets S known; false while a size of some M is missing.
  bool makeStages(birkhoff::Cut cut);
  /// Where S lies in its M; nothing before makeStages().
  std::optional<Piece> pieceOf(const plan::ConcreteItems &items) const;

  /// Does this rank hand on what `source` sends to ranks of its node?
  bool isOnLane(uint32_t source) const { return source % lanes == rank % lanes; }
  bool isOnNode(uint32_t peer) const { return peer / lanes == rank / lanes; }

private:
  struct Entry {
    bool isKnown = false;
    ItemList list;
  };
  static ItemList &open(Entry &entry);
  static const Entry *known(const Entry *entry) {
    return entry && entry->isKnown ? entry : nullptr;
  }
  uint32_t place(uint32_t source, uint32_t peer) const {
    return source / lanes * lanes + peer % lanes;
  }
  const ItemList *findPiece(const plan::ConcreteItems &items) const;
  const ItemList *findNodePiece(const plan::ConcreteItems &items) const;
  const ItemList *findPassedPiece(const plan::ConcreteItems &items) const;
  const ItemList *findArrivedPiece(const plan::ConcreteItems &items) const;
  const ItemList *keep(const plan::ConcreteItems &items, const ItemList &whole,
                       const Piece &piece) const;
  const Entry *findPassed(const std::vector<Entry> &entries,
                          const plan::ConcreteItems &items) const;

  uint32_t rank, lanes, stages;
  Entry own;
  std::vector<Entry> sent, sentRows;             ///< D(rank, p), Y(rank, p)
  std::vector<Entry> received, receivedRows;     ///< D(s, rank), Y(s, rank)
  std::vector<Entry> passed, passedRows;         ///< D(s, p), Y(s, p): [node of s][lane of p]
  std::vector<Entry> sentToNodes;                ///< M(rank, b)
  std::vector<Entry> receivedForNode;            ///< M(s, own node): [node of s]
  std::vector<Entry> others;                     ///< A(s), of which the number says all
  std::map<plan::ConcreteItems, uint32_t> sizes; ///< of M(s, b) of other ranks, Q(s, rank, k)
  std::optional<birkhoff::StageTable> table;
  mutable std::map<plan::ConcreteItems, ItemList> pieces; ///< those that were asked for
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_ITEMSETS_H
