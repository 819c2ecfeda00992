//===- Machines.cpp - Small networks for tests ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/simulator/Machines.h"

#include "runtime/base/Text.h"

namespace moec::test {

using namespace topology;
using plan::Path;

/// Numbers of one kind of resource, by rank.
static std::vector<uint32_t> addPorts(Network &network, ResourceKind kind, const char *what,
                                      double rate) {
  std::vector<uint32_t> ports;
  for (uint32_t rank = 0; rank < network.getRanks(); ++rank)
    ports.push_back(network.add({rt::concat("gpu ", rank, " ", what), kind, rank, rate}));
  return ports;
}

static void connect(Network &network, Path path, const std::vector<uint32_t> &out,
                    const std::vector<uint32_t> &in, double latency, bool sameNode) {
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to)
      if (from != to && (network.nodeOf(from) == network.nodeOf(to)) == sameNode)
        network.setRoute(from, to, path, {{{out[from]}, {in[to]}}, latency});
}

Network switched(uint32_t ranks, double rate, double latency) {
  Network network(1, ranks);
  auto out = addPorts(network, ResourceKind::Egress, "out", rate);
  auto in = addPorts(network, ResourceKind::Ingress, "in", rate);
  connect(network, Path::NVLink, out, in, latency, /*sameNode=*/true);
  return network;
}

Network railed(uint32_t nodes, uint32_t lanes, double linkRate, double linkLatency, double railRate,
               double railLatency) {
  Network network(nodes, lanes);
  auto out = addPorts(network, ResourceKind::Egress, "out", linkRate);
  auto in = addPorts(network, ResourceKind::Ingress, "in", linkRate);
  connect(network, Path::NVLink, out, in, linkLatency, /*sameNode=*/true);
  auto nicOut = addPorts(network, ResourceKind::NicOut, "nic out", railRate);
  auto nicIn = addPorts(network, ResourceKind::NicIn, "nic in", railRate);
  connect(network, Path::Rail, nicOut, nicIn, railLatency, /*sameNode=*/false);
  return network;
}

} // namespace moec::test
