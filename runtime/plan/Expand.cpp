//===- Expand.cpp - From families of tasks to single ones ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expand.h"

#include "runtime/plan/Names.h"

#include <algorithm>
#include <numeric>

namespace moec::plan {

std::span<const ArgumentKind> argumentsOf(ItemSetKind kind) {
  using enum ArgumentKind;
  static constexpr ArgumentKind ranks[] = {Rank, Rank, Stage}, staged[] = {Rank, Node, Stage, Lane};
  switch (kind) {
  case ItemSetKind::A:
    return std::span(ranks).first(1);
  case ItemSetKind::D:
  case ItemSetKind::Y:
    return std::span(ranks).first(2);
  case ItemSetKind::M:
    return std::span(staged).first(2);
  case ItemSetKind::S:
    return staged;
  case ItemSetKind::P:
    return std::span(staged).first(3);
  case ItemSetKind::Q:
    return ranks;
  }
  return {};
}

std::optional<ItemSetKind> wholeOf(ItemSetKind kind) {
  switch (kind) {
  case ItemSetKind::S:
  case ItemSetKind::P:
    return ItemSetKind::M;
  case ItemSetKind::Q:
    return ItemSetKind::D;
  case ItemSetKind::A:
  case ItemSetKind::D:
  case ItemSetKind::Y:
  case ItemSetKind::M:
    return std::nullopt;
  }
  return std::nullopt;
}

bool isPartOf(ItemSetKind kind, ItemSetKind frame) {
  if (wholeOf(kind) == frame)
    return true;
  return frame == ItemSetKind::M && (kind == ItemSetKind::D || kind == ItemSetKind::Q);
}

uint32_t domainLimit(const Plan &plan, DomainKind kind) {
  switch (kind) {
  case DomainKind::All:
  case DomainKind::Stagger:
    return plan.ranks;
  case DomainKind::Nodes:
  case DomainKind::StaggerNodes:
  case DomainKind::OtherNodes:
    return plan.nodes;
  case DomainKind::Lanes:
  case DomainKind::StaggerLanes:
    return plan.lanes();
  case DomainKind::Stages:
    return plan.stages;
  }
  return 0;
}

uint32_t domainSize(const Plan &plan, DomainKind kind) {
  return domainLimit(plan, kind) - (kind == DomainKind::OtherNodes ? 1 : 0);
}

/// The value at position 0; the others follow, modulo the limit.
static uint32_t firstValue(const Plan &plan, DomainKind kind, uint32_t rank) {
  switch (kind) {
  case DomainKind::All:
  case DomainKind::Nodes:
  case DomainKind::Lanes:
  case DomainKind::Stages:
    return 0;
  case DomainKind::Stagger:
    return rank;
  case DomainKind::StaggerNodes:
    return rank / plan.lanes();
  case DomainKind::StaggerLanes:
    return rank % plan.lanes();
  case DomainKind::OtherNodes:
    return rank / plan.lanes() + 1;
  }
  return 0;
}

uint32_t domainValue(const Plan &plan, DomainKind kind, uint32_t rank, uint32_t position) {
  return (firstValue(plan, kind, rank) + position) % domainLimit(plan, kind);
}

uint32_t domainPosition(const Plan &plan, DomainKind kind, uint32_t rank, uint32_t value) {
  uint32_t limit = domainLimit(plan, kind);
  return (value + limit - firstValue(plan, kind, rank)) % limit;
}

uint32_t machineCount(const Plan &plan) {
  bool isStaged = false;
  for (const Op &op : plan.ops) {
    if (op.via == Path::Rail)
      return plan.nodes;
    isStaged |= op.kind == OpKind::Put && (op.writes[0].items.kind == ItemSetKind::M ||
                                           op.writes[0].items.kind == ItemSetKind::P);
  }
  return isStaged ? 1 : plan.nodes;
}

bool cutsByLanes(const Plan &plan) {
  return std::any_of(plan.ops.begin(), plan.ops.end(), [](const Op &op) {
    return op.kind == OpKind::Compute && op.task == TaskKind::Lanes;
  });
}

bool usesCopyEngines(const Plan &plan) {
  return std::any_of(plan.ops.begin(), plan.ops.end(),
                     [](const Op &op) { return op.engine == Engine::Copy; });
}

uint64_t pointCount(const Plan &plan, std::span<const Domain> domains) {
  uint64_t count = 1;
  for (const Domain &domain : domains)
    count *= domainSize(plan, domain.kind);
  return count;
}

uint64_t instanceCount(const Plan &plan, const Op &op) { return pointCount(plan, op.domains); }

std::vector<uint32_t> targetRanks(const Plan &plan, const Op &op, const Scope &scope) {
  if (op.via != Path::Multicast)
    return {static_cast<uint32_t>(scope(op.to))};
  std::vector<uint32_t> all(plan.ranks);
  std::iota(all.begin(), all.end(), 0u);
  return all;
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
  if (items.args.size() > 2)
    concrete.stage = static_cast<uint32_t>(scope(items.args[2]));
  if (items.args.size() > 3)
    concrete.lane = static_cast<uint32_t>(scope(items.args[3]));
  return concrete;
}

std::string textOf(const ConcreteItems &items) {
  std::string text = nameOf(items.kind);
  const uint32_t values[] = {items.first, items.second, items.stage, items.lane};
  for (size_t i = 0; i < argumentsOf(items.kind).size(); ++i)
    text += (i ? "," : "(") + std::to_string(values[i]);
  return text + ")";
}

std::optional<ConcreteItems> wholeOf(const ConcreteItems &items) {
  std::optional<ItemSetKind> kind = wholeOf(items.kind);
  if (!kind)
    return std::nullopt;
  return ConcreteItems{*kind, items.first, items.second};
}

std::vector<ConcreteRegion> expandRegion(const Plan &plan, const Region &region,
                                         const Scope &scope) {
  std::vector<ConcreteRegion> regions;
  Scope inner = scope;
  const std::vector<uint32_t> &extents = plan.buffers[region.buffer].extents;
  forEachPoint(region.each, plan, inner, [&](const Scope &point) {
    ConcreteRegion &one = regions.emplace_back();
    one.buffer = region.buffer;
    one.region = flatIndex(extents, region.index, point);
    one.items = concreteItems(region.items, point);
    if (region.frame)
      one.frame = concreteItems(*region.frame, point);
  });
  return regions;
}

} // namespace moec::plan
