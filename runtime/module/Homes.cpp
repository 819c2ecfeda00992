//===- Homes.cpp - Which copy of an expert serves whom --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Homes.h"

#include <algorithm>

namespace moec {

Homes homesFor(const Placement &placement, uint32_t experts, uint32_t source) {
  Homes homes(experts);
  for (uint32_t rank = 0; rank < placement.slots.size(); ++rank)
    for (uint32_t local = 0; local < placement.slots[rank].size(); ++local)
      homes[placement.slots[rank][local]].push_back({rank, local});
  for (const Turns &turns : placement.turns) {
    const std::vector<Home> copies = std::move(homes[turns.expert]);
    std::vector<Home> &list = homes[turns.expert] = {};
    for (uint32_t rank : turns.ranks[source])
      list.push_back(*std::find_if(copies.begin(), copies.end(),
                                   [&](const Home &home) { return home.rank == rank; }));
  }
  return homes;
}

AllHomes::AllHomes(const Placement &placement, uint32_t experts) {
  size_t sources = placement.turns.empty() ? 1 : placement.slots.size();
  for (uint32_t source = 0; source < sources; ++source)
    lists.push_back(homesFor(placement, experts, source));
}

} // namespace moec
