//===- Tree.cpp - The parts of a node, one within the other ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Tree.h"

#include <algorithm>
#include <numeric>

namespace moec::topology {

std::string rangesText(const std::vector<uint32_t> &numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1)
      ++end;
    rt::appendText(out, i ? ", " : "");
    rt::appendText(out, numbers[i]);
    if (end - i > 1)
      out += rt::concat("..", numbers[end - 1]);
    i = end;
  }
  return out;
}

static PartKind partKindOf(PcieGroupKind kind) {
  switch (kind) {
  case PcieGroupKind::Switch:
    return PartKind::Switch;
  case PcieGroupKind::Bridge:
    return PartKind::Bridge;
  case PcieGroupKind::Socket:
    return PartKind::Socket;
  }
  return PartKind::Switch;
}

static std::string noteOf(const PcieGroup &group) {
  if (!group.rate)
    return "";
  return rateText(group.rate->value) +
         (group.kind == PcieGroupKind::Bridge ? " for all peers through it" : " up");
}

static bool contains(const std::vector<uint32_t> &all, const std::vector<uint32_t> &some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// Outermost first: of a kind the larger.
static std::vector<const PcieGroup *> sortedGroups(const Machine &machine) {
  std::vector<const PcieGroup *> groups;
  for (const PcieGroup &group : machine.pcie)
    groups.push_back(&group);
  std::sort(groups.begin(), groups.end(), [](const PcieGroup *a, const PcieGroup *b) {
    if (a->kind != b->kind)
      return a->kind > b->kind;
    return a->gpus.size() != b->gpus.size() ? a->gpus.size() > b->gpus.size() : a < b;
  });
  return groups;
}

/// `gpus` and those of `groups` that lie within them, below `part`.
static void fill(Part &part, std::vector<uint32_t> gpus, std::vector<const PcieGroup *> groups) {
  while (!groups.empty()) {
    const PcieGroup *outer = groups.front();
    std::vector<const PcieGroup *> inner, rest;
    for (const PcieGroup *group : groups)
      if (group != outer)
        (contains(outer->gpus, group->gpus) ? inner : rest).push_back(group);
    Part child{partKindOf(outer->kind),
               rt::concat(nameOf(outer->kind), " ", outer->number),
               noteOf(*outer),
               {}};
    if (outer->kind == PcieGroupKind::Bridge)
      child.label = rt::concat("host bridge ", outer->number);
    fill(child, outer->gpus, inner);
    for (uint32_t nic : outer->nics)
      child.parts.push_back({PartKind::Nic, rt::concat("nic ", nic), "", {}});
    part.parts.push_back(std::move(child));
    std::erase_if(gpus, [&](uint32_t gpu) { return contains(outer->gpus, {gpu}); });
    groups = std::move(rest);
  }
  constexpr size_t mostApart = 16;
  if (gpus.size() > mostApart) {
    part.parts.push_back({PartKind::Gpu, "gpus " + rangesText(gpus), "", {}});
    return;
  }
  for (uint32_t gpu : gpus)
    part.parts.push_back({PartKind::Gpu, rt::concat("gpu ", gpu), "", {}});
}

Part partsOf(const Machine &machine) {
  std::vector<uint32_t> gpus(machine.gpusPerNode.value_or(0));
  std::iota(gpus.begin(), gpus.end(), 0);
  Part node{PartKind::Node, rt::concat("node of ", machine.name), "", {}};
  if (machine.hostMemoryBytesPerSecond)
    node.note = "host memory " + rateText(machine.hostMemoryBytesPerSecond->value);
  if (gpus.empty())
    node.parts.push_back({PartKind::Gpu, "as many gpus as are asked for", "", {}});
  fill(node, std::move(gpus), sortedGroups(machine));
  return node;
}

std::vector<std::string> nvlinkLines(const Machine &machine) {
  const Link *link = machine.findLink(nvlinkName);
  std::vector<std::string> lines;
  if (!link || !link->bytesPerSecond())
    return lines;
  std::string rate = rateText(*link->bytesPerSecond()) + " each way";
  if (link->joins.empty())
    lines.push_back(rt::concat("nvlink joins all gpus, ", rate));
  for (const std::vector<uint32_t> &group : link->joins)
    lines.push_back(rt::concat("nvlink joins gpus ", rangesText(group), ", ", rate));
  return lines;
}

} // namespace moec::topology
