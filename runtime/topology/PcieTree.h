//===- PcieTree.h - Ways through the PCIe tree of a node --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GPU -> switches -> host bridge -> socket, and back. Peer traffic turns at the
// lowest switch that both ends share; without one it crosses the root complex, where
// Intel's splits packets to 64 bytes (NCCL counts such traffic 6/5 times, topo.cc).
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_PCIETREE_H
#define MOEC_RUNTIME_TOPOLOGY_PCIETREE_H

#include "runtime/topology/Machine.h"

namespace moec::topology {

/// Owners of PCIe resources: node * this + number of the edge within the node.
inline constexpr uint32_t maxEdgesOfTree = 1024;

/// One edge of a way, or the limit of a host bridge.
struct TreeEdge {
  ResourceKind kind = ResourceKind::PcieUp;
  uint32_t number = 0; ///< lane, or lanes + index of the group
  bool isLeaf = false;
  std::string name; ///< without the node: "switch 0 up", or of a leaf "pcie up"
  double rate = 0;
  double bytesPerByte = 1;

  std::string nameIn(uint32_t node, uint32_t lanes) const;
};

struct TreePath {
  std::vector<TreeEdge> edges;
  double latencySeconds = 0;
};

/// Of a node of `machine`, of which the first `lanes` GPUs are in use. `machine`
/// must outlive it.
class PcieTree {
public:
  PcieTree(const Machine &machine, uint32_t lanes);
  /// False where the machine has no link 'pcie'.
  bool exists() const { return pcie; }

  TreePath peerPath(uint32_t from, uint32_t to) const;
  TreePath pathToHost(uint32_t lane) const;
  TreePath pathFromHost(uint32_t lane) const;
  /// To and from the NIC of the lane; empty where the machine names no NICs.
  TreePath pathToNic(uint32_t lane) const;
  TreePath pathFromNic(uint32_t lane) const;
  /// The nearest NIC: least far up the tree, then dealt in turn.
  std::optional<uint32_t> nicOf(uint32_t lane) const;
  /// Between the sockets of the two, if they differ and the machine has the link.
  std::optional<TreeEdge> socketEdge(uint32_t from, uint32_t to) const;
  double socketLatency(uint32_t from, uint32_t to) const;

private:
  using Leaf = std::vector<const PcieGroup *>; ///< groups of an end, innermost first

  Leaf groupsOf(uint32_t end, bool isNic) const;
  const PcieGroup *groupOf(const Leaf &leaf, PcieGroupKind kind) const;
  TreeEdge leafEdge(uint32_t lane, ResourceKind kind) const;
  void climb(const Leaf &leaf, const PcieGroup *below, ResourceKind kind, TreePath &path) const;
  void crossRoot(const Leaf &from, const Leaf &to, TreePath &path) const;
  std::optional<TreeEdge> socketEdge(const Leaf &from, const Leaf &to) const;
  TreePath between(const Leaf &from, const Leaf &to, std::optional<uint32_t> fromLane,
                   std::optional<uint32_t> toLane) const;
  void assignNics();

  const Machine &machine;
  uint32_t lanes;
  const Link *pcie, *socket;
  std::vector<std::optional<uint32_t>> nics; ///< by lane
};

/// Into how many equal runs of neighbours the sockets, else the host bridges, part the first
/// `lanes` GPUs of a node; 1 where they do not.
uint32_t stagingGroups(const Machine &machine, uint32_t lanes);
/// Equal runs of ranks at which some schedule merges copies: the nodes, or of one node its
/// staging groups.
uint32_t mergingGroups(const Machine &machine, Shape shape);

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_PCIETREE_H
