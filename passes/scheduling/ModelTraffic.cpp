//===- ModelTraffic.cpp - Tokens and where they go, for model runs --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelTraffic.h"

#include <algorithm>

namespace moec::scheduling {

ModelTraffic::ModelTraffic(uint32_t ranks, uint32_t lanes, const CopyCounts &copies)
    : ranks(ranks), lanes(lanes), destinations(ranks) {
  for (uint32_t source = 0; source < ranks; ++source) {
    auto row = copies.begin() + source * ranks;
    destinations[source].resize(*std::max_element(row, row + ranks));
    for (uint32_t token = 0; token < destinations[source].size(); ++token)
      for (uint32_t to = 0; to < ranks; ++to)
        if (token < row[to])
          destinations[source][token].insert(destinations[source][token].end(),
                                             1 + (token + to) % 2, to);
  }
}

std::vector<uint32_t> ModelTraffic::items(const plan::ConcreteItems &set) const {
  std::vector<uint32_t> items;
  for (uint32_t token = 0; token < tokens(set.first); ++token) {
    const std::vector<uint32_t> &owners = destinations[set.first][token];
    auto goesTo = [&](uint32_t owner) {
      return (set.kind == plan::ItemSetKind::M ? owner / lanes : owner) == set.second;
    };
    if (set.kind == plan::ItemSetKind::Y) {
      for (uint32_t slot = 0; slot < owners.size(); ++slot)
        if (goesTo(owners[slot]))
          items.push_back(token * slots() + slot);
    } else if (set.kind == plan::ItemSetKind::A ||
               std::any_of(owners.begin(), owners.end(), goesTo)) {
      items.push_back(token);
    }
  }
  return items;
}

} // namespace moec::scheduling
