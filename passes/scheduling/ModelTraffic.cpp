//===- ModelTraffic.cpp - Tokens and where they go, for model runs --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelTraffic.h"

#include <algorithm>

namespace moec::scheduling {

ModelTraffic::ModelTraffic(uint32_t ranks, uint32_t lanes, uint32_t stages, birkhoff::Cut cut,
                           const CopyCounts &copies)
    : ranks(ranks), lanes(lanes), stages(stages), destinations(ranks) {
  for (uint32_t source = 0; source < ranks; ++source) {
    auto row = copies.begin() + source * ranks;
    destinations[source].resize(*std::max_element(row, row + ranks));
    for (uint32_t token = 0; token < destinations[source].size(); ++token)
      for (uint32_t to = 0; to < ranks; ++to)
        if (token < row[to])
          destinations[source][token].insert(destinations[source][token].end(),
                                             1 + (token + to) % 2, to);
  }
  if (stages == 1)
    return;
  std::vector<uint64_t> counts;
  for (uint32_t source = 0; source < ranks; ++source)
    for (uint32_t node = 0; node < ranks / lanes; ++node)
      counts.push_back(items({plan::ItemSetKind::M, source, node}).size());
  table.emplace(counts, ranks / lanes, lanes, stages, cut);
}

/// Whether a token with a slot on `owner` is in the set, or in that which it is cut from.
bool ModelTraffic::isIn(const plan::ConcreteItems &set, uint32_t owner) const {
  bool isOfNode =
      set.kind == plan::ItemSetKind::M || plan::wholeOf(set.kind) == plan::ItemSetKind::M;
  return (isOfNode ? owner / lanes : owner) == set.second;
}

std::vector<uint32_t> ModelTraffic::items(const plan::ConcreteItems &set) const {
  std::vector<uint32_t> items;
  for (uint32_t token = 0; token < tokens(set.first); ++token) {
    const std::vector<uint32_t> &owners = destinations[set.first][token];
    auto goesTo = [&](uint32_t owner) { return isIn(set, owner); };
    if (set.kind == plan::ItemSetKind::Y) {
      for (uint32_t slot = 0; slot < owners.size(); ++slot)
        if (goesTo(owners[slot]))
          items.push_back(token * slots() + slot);
    } else if (set.kind == plan::ItemSetKind::A ||
               std::any_of(owners.begin(), owners.end(), goesTo)) {
      items.push_back(token);
    }
  }
  if (set.kind == plan::ItemSetKind::S) {
    Piece piece = table->piece(set.first, set.second, set.stage, set.lane);
    items = {items.begin() + piece.begin, items.begin() + piece.end};
  } else if (set.kind == plan::ItemSetKind::P) {
    Piece piece = evenPiece(items.size(), set.stage, stages);
    items = {items.begin() + piece.begin, items.begin() + piece.end};
  } else if (set.kind == plan::ItemSetKind::Q) {
    plan::ConcreteItems piece{plan::ItemSetKind::P, set.first, set.second / lanes, set.stage};
    std::vector<uint32_t> ofNode = this->items(piece), common;
    std::set_intersection(items.begin(), items.end(), ofNode.begin(), ofNode.end(),
                          std::back_inserter(common));
    return common;
  }
  return items;
}

} // namespace moec::scheduling
