//===- StageTable.cpp - Which tokens travel in which stage ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/StageTable.h"

#include "runtime/birkhoff/Decompose.h"

#include <cassert>

namespace moec::birkhoff {

/// floor(count * part / whole) without overflow.
static uint64_t share(uint64_t count, uint64_t part, uint64_t whole) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(count) * part / whole);
}

StageTable::StageTable(std::span<const uint64_t> counts, uint32_t nodes, uint32_t lanes,
                       uint32_t stages)
    : nodes(nodes), lanes(lanes), stageCount(stages), counts(counts.begin(), counts.end()),
      sent(size_t(nodes) * nodes * (stages + 1)) {
  assert(stages && counts.size() == size_t(nodes) * lanes * nodes);
  std::vector<uint64_t> units(size_t(nodes) * nodes);
  for (size_t rank = 0; rank < size_t(nodes) * lanes; ++rank)
    for (uint32_t node = 0; node < nodes; ++node)
      units[rank / lanes * nodes + node] += counts[rank * nodes + node];
  Decomposition parts;
  if (stages > 1) // 0 would be as many as it takes
    parts = decompose(units, nodes, {.maxStages = stages - 1});
  for (uint32_t from = 0; from < nodes; ++from)
    for (uint32_t to = 0; to < nodes; ++to) {
      uint64_t *row = &sent[(size_t(from) * nodes + to) * (stages + 1)];
      for (uint32_t stage = 0; stage + 1 < stages; ++stage) {
        bool isSent = stage < parts.stages.size() && parts.stages[stage].target[from] == to;
        row[stage + 1] = row[stage] + (isSent ? parts.stages[stage].amounts[from] : 0);
      }
      row[stages] = units[size_t(from) * nodes + to];
    }
}

Piece StageTable::piece(uint32_t source, uint32_t node, uint32_t stage, uint32_t lane) const {
  uint32_t own = source / lanes, ownLane = source % lanes;
  uint64_t count = counts[size_t(source) * nodes + node];
  if (node == own)
    return stage == 0 && lane == ownLane ? Piece{0, count} : Piece{0, 0};
  uint64_t whole = before(own, node, stageCount);
  if (whole == 0)
    return {};
  // Every rank of a node sends the same part of its tokens, and begins with another lane:
  // what does not divide by the lanes is not always the last one's.
  uint64_t begin = share(count, before(own, node, stage), whole);
  uint64_t size = share(count, before(own, node, stage + 1), whole) - begin;
  uint64_t turn = (lane + lanes - ownLane) % lanes;
  return {begin + share(size, turn, lanes), begin + share(size, turn + 1, lanes)};
}

} // namespace moec::birkhoff
