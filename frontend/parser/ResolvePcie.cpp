//===- ResolvePcie.cpp - The PCIe tree of a machine -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"

#include <algorithm>

namespace moec::frontend {

using topology::PcieGroup;
using topology::PcieGroupKind;

/// NICs of a node that the language can number.
static constexpr uint32_t maxNics = 256;

/// The numbers of a field, ascending; none if one is out of [0, most] or given twice.
static std::optional<std::vector<uint32_t>> readNumbers(const Statement &statement,
                                                        const char *field, const char *what,
                                                        uint64_t most, bool isKnown,
                                                        Diagnostics &diagnostics) {
  const Value *value = statement.find(field);
  if (!value)
    return std::nullopt;
  std::vector<uint32_t> numbers;
  for (const Range &range : value->ranges) {
    if (range.last > most) {
      uint64_t first = std::max(range.first, most + 1);
      if (isKnown)
        diagnostics.report(DiagnosticId::NoSuchGpu, range.location,
                           {std::to_string(first), std::to_string(most)});
      else
        diagnostics.report(DiagnosticId::OutOfRange, range.location,
                           {what, "0.." + std::to_string(most), std::to_string(range.last)});
      return std::nullopt;
    }
    for (uint64_t number = range.first; number <= range.last; ++number) {
      if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
        diagnostics.report(DiagnosticId::NamedTwice, range.location,
                           {what, std::to_string(number)});
        return std::nullopt;
      }
      numbers.push_back(static_cast<uint32_t>(number));
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<std::vector<uint32_t>>
readGpus(const Statement &statement, std::optional<uint32_t> gpus, Diagnostics &diagnostics) {
  constexpr uint32_t most = 1023; // of a node that does not say how many it has
  return readNumbers(statement, "gpus", "gpu", gpus ? *gpus - 1 : most, gpus.has_value(),
                     diagnostics);
}

static std::optional<PcieGroupKind> kindOf(const Statement &statement) {
  for (PcieGroupKind kind : {PcieGroupKind::Switch, PcieGroupKind::Bridge, PcieGroupKind::Socket})
    if (topology::nameOf(kind) == statement.name())
      return kind;
  return std::nullopt;
}

static std::vector<uint32_t> common(const std::vector<uint32_t> &a,
                                    const std::vector<uint32_t> &b) {
  std::vector<uint32_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

static std::string nameOf(const PcieGroup &group) {
  return std::string(topology::nameOf(group.kind));
}

/// Two parts of a tree are apart, or the inner kind lies within the outer.
static void checkNesting(const PcieGroup &inner, const PcieGroup &outer, const Location &place,
                         const Location &other, Diagnostics &diagnostics) {
  std::vector<uint32_t> both = common(inner.gpus, outer.gpus);
  bool isWithin = both.size() == inner.gpus.size();
  bool mayNest = inner.kind != outer.kind || inner.kind == PcieGroupKind::Switch;
  bool isSame = inner.kind == outer.kind && inner.gpus.size() == outer.gpus.size();
  if (both.empty() || (isWithin && mayNest && !isSame))
    return;
  bool isAround =
      inner.kind == outer.kind && mayNest && both.size() == outer.gpus.size() && !isSame;
  if (isAround)
    return;
  diagnostics
      .report(DiagnosticId::GroupsOverlap, place,
              {nameOf(inner), std::to_string(inner.number), nameOf(outer),
               std::to_string(outer.number), std::to_string(both.front())})
      .at(other, "the other");
}

static void checkNics(const PcieGroup &group, const PcieGroup &other, const Location &place,
                      const Location &otherPlace, Diagnostics &diagnostics) {
  std::vector<uint32_t> both = common(group.nics, other.nics);
  if (!both.empty())
    diagnostics
        .report(DiagnosticId::NicInTwoGroups, place,
                {std::to_string(both.front()), nameOf(other), std::to_string(other.number),
                 nameOf(group), std::to_string(group.number)})
        .at(otherPlace, "first here");
}

/// A node without sockets has one; one with sockets has each GPU below one of them.
static void checkSockets(const Statement &block, const Machine &machine, const Location &last,
                         Diagnostics &diagnostics) {
  std::vector<bool> isHeld(machine.gpusPerNode.value_or(0));
  bool hasSockets = false;
  for (const PcieGroup &group : machine.pcie) {
    if (group.kind != PcieGroupKind::Socket)
      continue;
    hasSockets = true;
    for (uint32_t gpu : group.gpus)
      if (gpu < isHeld.size())
        isHeld[gpu] = true;
  }
  auto missing = std::find(isHeld.begin(), isHeld.end(), false);
  if (hasSockets && missing != isHeld.end())
    diagnostics
        .report(DiagnosticId::GpuOfNoSocket, last, {std::to_string(missing - isHeld.begin())})
        .at(findStatement(block, "gpus")->location, "the gpus of a node");
}

static void checkNicNumbers(const Statement &block, uint64_t nics, const Location &ports,
                            Diagnostics &diagnostics) {
  for (const Statement &statement : block.body)
    if (const Value *named = kindOf(statement) ? statement.find("nics") : nullptr)
      for (const Range &range : named->ranges)
        if (range.last >= nics)
          diagnostics
              .report(DiagnosticId::NoSuchNic, range.location,
                      {std::to_string(std::max(range.first, nics)), std::to_string(nics - 1)})
              .at(ports, "the nics of a node");
}

/// The ports of rails are the NICs of the tree, where it names some. Without `ports` their numbers
/// are what tools call them, and may have holes.
static void checkPorts(const Statement &block, const Machine &machine, Diagnostics &diagnostics) {
  size_t nics = 0;
  for (const PcieGroup &group : machine.pcie)
    nics += group.nics.size();
  for (const Statement &link : block.body) {
    const Value *name = link.name() == "link" ? link.find("name") : nullptr;
    const Statement *ports =
        name && name->text == topology::railName ? findStatement(link, "ports") : nullptr;
    const Value *count = ports ? ports->find("count") : nullptr;
    if (nics == 0 || !count)
      continue;
    if (count->integer != nics)
      diagnostics.report(DiagnosticId::PortsOfOtherNics, ports->location,
                         {std::to_string(count->integer), std::to_string(nics)});
    else
      checkNicNumbers(block, nics, ports->location, diagnostics);
  }
}

void resolvePcie(const Statement &block, Machine &machine, Diagnostics &diagnostics) {
  std::vector<Location> places;
  Location lastSocket;
  bool isWhole = !block.bodyDamaged;
  for (const Statement &statement : block.body) {
    std::optional<PcieGroupKind> kind = kindOf(statement);
    if (!kind)
      continue;
    if (kind == PcieGroupKind::Socket)
      lastSocket = statement.location;
    std::optional<uint32_t> number = readInteger(statement, "number", 0, 1023, diagnostics);
    std::optional<std::vector<uint32_t>> gpus =
        readGpus(statement, machine.gpusPerNode, diagnostics);
    std::optional<std::vector<uint32_t>> nics =
        readNumbers(statement, "nics", "nic", maxNics - 1, /*isKnown=*/false, diagnostics);
    isWhole = isWhole && number && gpus && !statement.broken;
    if (!number || !gpus)
      continue;
    PcieGroup group{*kind, *number, *std::move(gpus), nics.value_or(std::vector<uint32_t>()), {}};
    if (const Value *rate = statement.find("rate"))
      group.rate = topology::Figure{rate->inBaseUnits(), sourceOf(statement)};
    for (size_t i = 0; i < machine.pcie.size(); ++i) {
      const PcieGroup &other = machine.pcie[i];
      bool isOuter = group.kind > other.kind;
      checkNesting(isOuter ? other : group, isOuter ? group : other, statement.location, places[i],
                   diagnostics);
      checkNics(group, other, statement.location, places[i], diagnostics);
    }
    machine.pcie.push_back(std::move(group));
    places.push_back(statement.location);
  }
  if (isWhole)
    checkSockets(block, machine, lastSocket, diagnostics);
  checkPorts(block, machine, diagnostics);
}

} // namespace moec::frontend
