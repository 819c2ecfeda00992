//===- Expand.cpp - From families of tasks to single ones ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expand.h"

namespace moec::plan {

uint32_t domainValue(DomainKind kind, uint32_t rank, uint32_t ranks, uint32_t position) {
  switch (kind) {
  case DomainKind::All:
    return position;
  case DomainKind::Stagger:
    return (rank + position) % ranks;
  }
  return 0;
}

uint64_t instanceCount(const Op &op, uint32_t ranks) {
  uint64_t count = 1;
  for (size_t i = 0; i < op.domains.size(); ++i)
    count *= ranks;
  return count;
}

uint64_t cellCount(std::span<const uint32_t> extents) {
  uint64_t count = 1;
  for (uint32_t extent : extents)
    count *= extent;
  return count;
}

uint64_t flatIndex(std::span<const uint32_t> extents, std::span<const Expr> index,
                   const Scope &scope) {
  uint64_t position = 0;
  for (size_t i = 0; i < extents.size(); ++i)
    position = position * extents[i] + static_cast<uint64_t>(scope(index[i]));
  return position;
}

ConcreteItems concreteItems(const ItemSet &items, const Scope &scope) {
  ConcreteItems concrete;
  concrete.kind = items.kind;
  concrete.first = static_cast<uint32_t>(scope(items.args[0]));
  if (items.args.size() > 1)
    concrete.second = static_cast<uint32_t>(scope(items.args[1]));
  return concrete;
}

std::vector<ConcreteRegion> expandRegion(const Plan &plan, const Region &region,
                                         const Scope &scope) {
  std::vector<ConcreteRegion> regions;
  Scope inner = scope;
  const std::vector<uint32_t> &extents = plan.buffers[region.buffer].extents;
  forEachPoint(region.each, plan.ranks, inner, [&](const Scope &point) {
    regions.push_back({region.buffer, flatIndex(extents, region.index, point),
                       concreteItems(region.items, point)});
  });
  return regions;
}

} // namespace moec::plan
