//===- Machine.cpp - A machine as data ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Machine.h"

#include "runtime/plan/Limits.h"

#include <algorithm>

namespace moec::topology {

std::optional<double> Link::bytesPerSecond() const {
  if (achieved)
    return achieved->value;
  return rate ? std::optional<double>(rate->value) : std::nullopt;
}

const Link *Machine::findLink(std::string_view wanted) const {
  for (const Link &link : links)
    if (link.name == wanted)
      return &link;
  return nullptr;
}

bool hasSwitch(const Machine &machine, uint32_t lanes) {
  const Link *nvlink = machine.findLink(nvlinkName);
  if (!nvlink || !nvlink->multicast)
    return false;
  auto holdsAll = [&](const std::vector<uint32_t> &group) {
    for (uint32_t lane = 0; lane < lanes; ++lane)
      if (std::find(group.begin(), group.end(), lane) == group.end())
        return false;
    return true;
  };
  return nvlink->joins.empty() || std::any_of(nvlink->joins.begin(), nvlink->joins.end(), holdsAll);
}

std::string_view nameOf(CpuVendor vendor) {
  switch (vendor) {
  case CpuVendor::Unknown:
    return "";
  case CpuVendor::Intel:
    return "intel";
  case CpuVendor::Amd:
    return "amd";
  case CpuVendor::Arm:
    return "arm";
  }
  return "";
}

std::string_view nameOf(PcieGroupKind kind) {
  switch (kind) {
  case PcieGroupKind::Switch:
    return "switch";
  case PcieGroupKind::Bridge:
    return "bridge";
  case PcieGroupKind::Socket:
    return "socket";
  }
  return "";
}

rt::Result<Shape> shapeFor(const Machine &machine, uint32_t ranks) {
  if (ranks == 0 || ranks > plan::maxRanks)
    return rt::invalidError("wanted 1 to ", plan::maxRanks, " ranks, found ", ranks);
  uint32_t gpus = machine.gpusPerNode.value_or(ranks);
  if (ranks <= gpus)
    return Shape{1, ranks};
  if (ranks % gpus != 0)
    return rt::invalidError("machine ", rt::quote(machine.name), ": wanted at most ", gpus,
                            " ranks or a multiple of it, for whole nodes, found ", ranks);
  uint32_t nodes = ranks / gpus;
  if (machine.nodes && nodes > *machine.nodes)
    return rt::invalidError("machine ", rt::quote(machine.name), ": wanted at most ",
                            uint64_t(gpus) * *machine.nodes, " ranks (", *machine.nodes,
                            " nodes of ", gpus, " gpus), found ", ranks);
  return Shape{nodes, gpus};
}

} // namespace moec::topology
