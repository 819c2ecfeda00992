//===- Demand.cpp - Counts to bytes ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Bound.h"

namespace moec::bounds {

Demand dispatchDemand(const traffic::ItemCounts &counts, double bytesPerCopy, Copies copies) {
  Demand demand;
  demand.bytes = copies == Copies::Rows ? counts.rows : counts.copies;
  for (uint32_t source = 0; source < counts.ranks; ++source)
    for (uint32_t target = 0; target < counts.ranks; ++target)
      demand.bytes.at(source, target) *= bytesPerCopy;
  if (copies != Copies::Nodes || counts.nodeCopies.empty())
    return demand;
  demand.merging = Merging::Arrival;
  demand.groups = counts.nodes;
  for (double number : counts.nodeCopies)
    demand.groupBytes.push_back(number * bytesPerCopy);
  return demand;
}

Demand combineDemand(const traffic::ItemCounts &counts, double bytesPerCopy, Copies copies) {
  Demand there = dispatchDemand(counts, bytesPerCopy, copies), back;
  back.bytes = traffic::Matrix(counts.ranks);
  for (uint32_t source = 0; source < counts.ranks; ++source)
    for (uint32_t target = 0; target < counts.ranks; ++target)
      back.bytes.at(target, source) = there.bytes.at(source, target);
  if (there.merging == Merging::None)
    return back;
  back.merging = Merging::Departure;
  back.groups = there.groups;
  back.groupBytes = std::move(there.groupBytes);
  return back;
}

} // namespace moec::bounds
