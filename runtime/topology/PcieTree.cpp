//===- PcieTree.cpp - Ways through the PCIe tree of a node ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/PcieTree.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace moec::topology {

/// NCCL's INTEL_P2P_OVERHEAD, src/graph/topo.h.
static constexpr double intelSplit = 6.0 / 5;

std::string TreeEdge::nameIn(uint32_t node, uint32_t lanes) const {
  return isLeaf ? rt::concat("gpu ", node * lanes + number, " ", name)
                : rt::concat("node ", node, " ", name);
}

PcieTree::PcieTree(const Machine &machine, uint32_t lanes)
    : machine(machine), lanes(lanes), pcie(machine.findLink(pcieName)),
      socket(machine.findLink(socketName)) {
  assignNics();
}

PcieTree::Leaf PcieTree::groupsOf(uint32_t end, bool isNic) const {
  Leaf leaf;
  for (const PcieGroup &group : machine.pcie) {
    const std::vector<uint32_t> &members = isNic ? group.nics : group.gpus;
    if (std::find(members.begin(), members.end(), end) != members.end())
      leaf.push_back(&group);
  }
  // A NIC is named once, where it sits: what holds GPUs of that group holds it too.
  if (isNic && !leaf.empty()) {
    const PcieGroup *seat = leaf.front();
    for (const PcieGroup &group : machine.pcie)
      if (&group != seat && group.kind >= seat->kind && !seat->gpus.empty() &&
          std::includes(group.gpus.begin(), group.gpus.end(), seat->gpus.begin(),
                        seat->gpus.end()) &&
          (group.kind > seat->kind || group.gpus.size() > seat->gpus.size()))
        leaf.push_back(&group);
  }
  std::sort(leaf.begin(), leaf.end(), [](const PcieGroup *a, const PcieGroup *b) {
    return std::tuple(a->kind, a->gpus.size(), a) < std::tuple(b->kind, b->gpus.size(), b);
  });
  return leaf;
}

const PcieGroup *PcieTree::groupOf(const Leaf &leaf, PcieGroupKind kind) const {
  for (const PcieGroup *group : leaf)
    if (group->kind == kind)
      return group;
  return nullptr;
}

static bool holds(const std::vector<const PcieGroup *> &leaf, const PcieGroup *group) {
  return std::find(leaf.begin(), leaf.end(), group) != leaf.end();
}

/// NICs from the tree: each lane takes one of those it shares the innermost group with.
void PcieTree::assignNics() {
  nics.resize(lanes);
  std::vector<uint32_t> all;
  for (const PcieGroup &group : machine.pcie)
    all.insert(all.end(), group.nics.begin(), group.nics.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::map<uint32_t, uint32_t> users;
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    Leaf leaf = groupsOf(lane, /*isNic=*/false);
    std::pair<size_t, uint32_t> best{SIZE_MAX, 0};
    for (uint32_t nic : all) {
      Leaf other = groupsOf(nic, /*isNic=*/true);
      size_t distance = 0; // groups to leave before the NIC is inside
      while (distance < leaf.size() && !holds(other, leaf[distance]))
        ++distance;
      if (!nics[lane] || std::pair(distance, users[nic]) < best) {
        best = {distance, users[nic]};
        nics[lane] = nic;
      }
    }
    if (nics[lane])
      ++users[*nics[lane]];
  }
}

std::optional<uint32_t> PcieTree::nicOf(uint32_t lane) const { return nics[lane]; }

TreeEdge PcieTree::leafEdge(uint32_t lane, ResourceKind kind) const {
  return {kind, lane, /*isLeaf=*/true, kind == ResourceKind::PcieUp ? "pcie up" : "pcie down",
          *pcie->bytesPerSecond()};
}

/// The ways up (or down) of the switches of `leaf` that lie below `below`, or all.
void PcieTree::climb(const Leaf &leaf, const PcieGroup *below, ResourceKind kind,
                     TreePath &path) const {
  for (const PcieGroup *group : leaf) {
    if (group == below || group->kind != PcieGroupKind::Switch)
      break;
    uint32_t index = static_cast<uint32_t>(group - machine.pcie.data());
    path.edges.push_back(
        {kind, lanes + index, /*isLeaf=*/false,
         rt::concat("switch ", group->number, kind == ResourceKind::PcieUp ? " up" : " down"),
         group->rate ? group->rate->value : *pcie->bytesPerSecond()});
  }
}

std::optional<TreeEdge> PcieTree::socketEdge(const Leaf &from, const Leaf &to) const {
  const PcieGroup *a = groupOf(from, PcieGroupKind::Socket);
  const PcieGroup *b = groupOf(to, PcieGroupKind::Socket);
  if (!socket || !a || !b || a == b)
    return std::nullopt;
  uint32_t index = static_cast<uint32_t>(a - machine.pcie.data());
  return TreeEdge{ResourceKind::Socket, lanes + index, /*isLeaf=*/false,
                  rt::concat("socket ", a->number, " to socket ", b->number),
                  *socket->bytesPerSecond()};
}

/// Host bridges that limit peer traffic, and the link between the sockets.
void PcieTree::crossRoot(const Leaf &from, const Leaf &to, TreePath &path) const {
  const PcieGroup *a = groupOf(from, PcieGroupKind::Bridge);
  const PcieGroup *b = groupOf(to, PcieGroupKind::Bridge);
  auto bridge = [&](const PcieGroup *group) {
    if (group && group->rate)
      path.edges.push_back(
          {ResourceKind::HostBridge, lanes + static_cast<uint32_t>(group - machine.pcie.data()),
           /*isLeaf=*/false, rt::concat("host bridge ", group->number), group->rate->value});
  };
  bridge(a);
  if (std::optional<TreeEdge> edge = socketEdge(from, to)) {
    path.edges.push_back(*edge);
    path.latencySeconds += socket->latencySeconds();
  }
  if (b != a)
    bridge(b);
}

TreePath PcieTree::between(const Leaf &from, const Leaf &to, std::optional<uint32_t> fromLane,
                           std::optional<uint32_t> toLane) const {
  TreePath path;
  path.latencySeconds = pcie->latencySeconds();
  const PcieGroup *common = nullptr;
  for (const PcieGroup *group : from)
    if (!common && group->kind == PcieGroupKind::Switch && holds(to, group))
      common = group;
  if (fromLane)
    path.edges.push_back(leafEdge(*fromLane, ResourceKind::PcieUp));
  climb(from, common, ResourceKind::PcieUp, path);
  if (!common)
    crossRoot(from, to, path);
  TreePath down;
  if (toLane)
    down.edges.push_back(leafEdge(*toLane, ResourceKind::PcieDown));
  climb(to, common, ResourceKind::PcieDown, down);
  path.edges.insert(path.edges.end(), down.edges.rbegin(), down.edges.rend());
  if (!common && machine.cpu == CpuVendor::Intel)
    for (TreeEdge &edge : path.edges)
      if (edge.kind == ResourceKind::PcieUp || edge.kind == ResourceKind::PcieDown)
        edge.bytesPerByte = intelSplit;
  return path;
}

TreePath PcieTree::peerPath(uint32_t from, uint32_t to) const {
  return between(groupsOf(from, false), groupsOf(to, false), from, to);
}

TreePath PcieTree::pathToHost(uint32_t lane) const {
  TreePath path;
  path.latencySeconds = pcie->latencySeconds();
  path.edges.push_back(leafEdge(lane, ResourceKind::PcieUp));
  climb(groupsOf(lane, false), nullptr, ResourceKind::PcieUp, path);
  return path;
}

TreePath PcieTree::pathFromHost(uint32_t lane) const {
  TreePath path;
  path.latencySeconds = pcie->latencySeconds();
  path.edges.push_back(leafEdge(lane, ResourceKind::PcieDown));
  climb(groupsOf(lane, false), nullptr, ResourceKind::PcieDown, path);
  std::reverse(path.edges.begin(), path.edges.end());
  return path;
}

TreePath PcieTree::pathToNic(uint32_t lane) const {
  if (!pcie || !nics[lane])
    return {};
  return between(groupsOf(lane, false), groupsOf(*nics[lane], true), lane, std::nullopt);
}

TreePath PcieTree::pathFromNic(uint32_t lane) const {
  if (!pcie || !nics[lane])
    return {};
  return between(groupsOf(*nics[lane], true), groupsOf(lane, false), std::nullopt, lane);
}

std::optional<TreeEdge> PcieTree::socketEdge(uint32_t from, uint32_t to) const {
  return socketEdge(groupsOf(from, false), groupsOf(to, false));
}

double PcieTree::socketLatency(uint32_t from, uint32_t to) const {
  return socketEdge(from, to) ? socket->latencySeconds() : 0;
}

/// Equal runs that the groups of one kind make; 1: they make none, or only one.
static uint32_t equalRuns(const Machine &machine, PcieGroupKind kind, uint32_t lanes) {
  std::vector<const PcieGroup *> groupOf(lanes);
  for (const PcieGroup &group : machine.pcie)
    for (uint32_t gpu : group.gpus)
      if (group.kind == kind && gpu < lanes)
        groupOf[gpu] = &group;
  uint32_t first = 1;
  while (first < lanes && groupOf[first] == groupOf[0])
    ++first;
  if (lanes == 0 || lanes % first != 0)
    return 1;
  std::set<const PcieGroup *> seen;
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    bool isFirst = lane % first == 0;
    if (!groupOf[lane] || (!isFirst && groupOf[lane] != groupOf[lane - 1]) ||
        (isFirst && !seen.insert(groupOf[lane]).second))
      return 1;
  }
  return lanes / first;
}

uint32_t stagingGroups(const Machine &machine, uint32_t lanes) {
  uint32_t sockets = equalRuns(machine, PcieGroupKind::Socket, lanes);
  return sockets > 1 ? sockets : equalRuns(machine, PcieGroupKind::Bridge, lanes);
}

uint32_t mergingGroups(const Machine &machine, Shape shape) {
  return shape.nodes > 1 ? shape.nodes : stagingGroups(machine, shape.lanes);
}

} // namespace moec::topology
