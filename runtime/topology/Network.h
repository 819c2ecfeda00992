//===- Network.h - What transfers share, and how fast it is -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A machine as the simulator and the bounds see it: resources with a rate, and
// for every pair of ranks and path the resources that a byte crosses. Nothing
// here says where the figures are from; Machine.h does.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_NETWORK_H
#define MOEC_RUNTIME_TOPOLOGY_NETWORK_H

#include "runtime/plan/Plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::topology {

/// What a resource stands for; `owner` of a resource counts these.
enum class ResourceKind : uint8_t {
  Egress,     ///< scale-up link (NVLink) out of a rank
  Ingress,    ///< and into it
  NicOut,     ///< scale-out link (rail) out of a rank
  NicIn,      ///< and into it
  PcieUp,     ///< PCIe edge towards the root, owner: edge of the tree
  PcieDown,   ///< and away from it
  HostBridge, ///< peer traffic through one root complex, both directions together
  Socket,     ///< link between the sockets of a node, one direction
  HostMemory, ///< of a node
  SmIssue,    ///< loads and stores that a rank's SMs can issue
  CopyEngine, ///< of a rank
  Hbm,        ///< memory of a rank
};

struct Resource {
  std::string name; ///< as reports show it: "gpu 3 nvlink out"
  ResourceKind kind = ResourceKind::Egress;
  uint32_t owner = 0;
  double bytesPerSecond = 0; ///< positive
};

/// What one byte crosses, and how long after the last byte left it is seen.
struct Route {
  struct Use {
    uint32_t resource = 0;
    double bytesPerByte = 1; ///< e.g. 1.2 where PCIe splits a packet
  };
  std::vector<Use> uses;     ///< empty: a rank to itself where memory is not modelled
  double latencySeconds = 0; ///< of the last byte and of a flag
  double messageSeconds = 0; ///< for which its rank is busy with each put or flag (LogGP's o)
};

/// Ranks in row-major order of (node, lane), as the mesh numbers them.
class Network {
public:
  Network(uint32_t nodes, uint32_t lanes) : nodes(nodes), lanes(lanes) {}
  uint32_t getRanks() const { return nodes * lanes; }
  uint32_t getNodes() const { return nodes; }
  uint32_t getLanes() const { return lanes; } ///< ranks of a node
  uint32_t nodeOf(uint32_t rank) const { return rank / lanes; }
  uint32_t laneOf(uint32_t rank) const { return rank % lanes; }

  /// Returns the resource's number.
  uint32_t add(Resource resource);
  const std::vector<Resource> &getResources() const { return resources; }

  /// Sets and reads the route of a path; there is none until it is set.
  void setRoute(uint32_t from, uint32_t to, plan::Path via, Route route);
  const Route *route(uint32_t from, uint32_t to, plan::Path via) const;

  /// The way through host memory: what is written there by the one is read by the
  /// other. Only where a machine has no NVLink between the two.
  void setStagedRoute(uint32_t from, uint32_t to, Route route);
  const Route *stagedRoute(uint32_t from, uint32_t to) const;

  /// The way inside a node of what a copy engine moves. Only where a network is asked for it.
  void setCopyRoute(uint32_t from, uint32_t to, Route route);
  const Route *copyRoute(uint32_t from, uint32_t to) const;

  /// The way of a store that the switch brings from a rank to all of its one node, and
  /// that of the sum of what all have, which it makes on the way to a rank. Only where a
  /// switch multicasts.
  void setSwitchRoutes(uint32_t rank, Route toAll, Route fromAll);
  const Route *routeToAll(uint32_t rank) const;
  const Route *routeFromAll(uint32_t rank) const;

private:
  static constexpr size_t paths = 2, staged = 2, copied = 3; ///< ways behind the two paths

  void set(uint32_t from, uint32_t to, size_t way, Route route);
  const Route *get(uint32_t from, uint32_t to, size_t way) const;
  size_t indexOf(uint32_t from, uint32_t to, size_t way) const;

  uint32_t nodes, lanes;
  std::vector<Resource> resources;
  std::vector<Route> routes;
  std::vector<int32_t> routeOf;      ///< [way][from][to], -1: none
  std::vector<Route> toAll, fromAll; ///< by rank; empty: none
};

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_NETWORK_H
