//===- Model.cpp - Published measurements, simulated ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/bench/calibration/Model.h"

#include "runtime/base/Text.h"
#include "runtime/simulator/Simulate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace moec::calibration {

using namespace simulator;
using topology::Network;
using topology::ResourceKind;

namespace {

constexpr double us = 1e-6, GB = 1e9;
/// Pieces of what goes over a rail, each sent on when it is there.
constexpr uint32_t pieces = 32;

double doublings(const Point &point) { return std::max(std::log2(point.ranks / 8.0), 0.0); }

using Ports = std::vector<uint32_t>;

Ports addPorts(Network &network, ResourceKind kind, const char *what, double rate) {
  Ports ports;
  for (uint32_t rank = 0; rank < network.getRanks(); ++rank)
    ports.push_back(network.add({rt::concat("gpu ", rank, " ", what), kind, rank, rate}));
  return ports;
}

Network makeNetwork(const Point &point) {
  const Library &library = *point.library;
  uint32_t lanes = std::min(library.lanes, point.ranks);
  Network network(point.ranks / lanes, lanes);
  double link = library.link * GB * (1 - library.linkLoss * doublings(point));
  Ports out = addPorts(network, ResourceKind::Egress, "out", link);
  Ports in = addPorts(network, ResourceKind::Ingress, "in", link);
  std::optional<Ports> issue, nicOut, nicIn;
  if (library.smIssue > 0)
    issue = addPorts(network, ResourceKind::SmIssue, "issue", library.smIssue * GB);
  if (library.rail > 0) {
    nicOut = addPorts(network, ResourceKind::NicOut, "nic out", library.rail * GB);
    nicIn = addPorts(network, ResourceKind::NicIn, "nic in", library.rail * GB);
  }
  for (uint32_t from = 0; from < point.ranks; ++from)
    for (uint32_t to = 0; to < point.ranks; ++to) {
      if (from == to)
        continue;
      topology::Route route{{{out[from]}, {in[to]}}, library.linkLatency * us};
      bool isRail = network.nodeOf(from) != network.nodeOf(to);
      if (isRail)
        route = {{{(*nicOut)[from]}, {(*nicIn)[to]}}, library.railLatency * us};
      if (issue)
        route.uses.push_back({(*issue)[from]});
      network.setRoute(from, to, isRail ? plan::Path::Rail : plan::Path::NVLink, route);
    }
  return network;
}

/// Puts with a flag behind each, and a wait for it.
class Exchange {
public:
  explicit Exchange(const Network &network) : network(network), graph(network.getRanks()) {
    using enum TaskClass;
    using enum plan::Path;
    link = graph.addFamily({"put", Transfer, NVLink, 0});
    linkFlag = graph.addFamily({"flag", Signal, NVLink, 0});
    rail = graph.addFamily({"rail put", Transfer, Rail, 0});
    railFlag = graph.addFamily({"rail flag", Signal, Rail, 0});
    wait = graph.addFamily({"wait", Wait, NVLink, 0});
  }

  /// Returns the wait; `after` as well as its own put is done before.
  TaskId send(uint32_t from, uint32_t to, double bytes, std::optional<TaskId> after, bool byRail,
              TaskId *put = nullptr) {
    TaskId sent = graph.addTransfer(byRail ? rail : link, from, to, bytes);
    if (after)
      graph.addEdge(*after, sent);
    if (put)
      *put = sent;
    TaskId raised = graph.addSignal(byRail ? railFlag : linkFlag, from, to, cells, 1);
    graph.addEdge(sent, raised);
    return graph.addWait(wait, to, cells++, 1);
  }

  void sendDirectly(double bytesPerPeer) {
    uint32_t ranks = network.getRanks();
    for (uint32_t from = 0; from < ranks; ++from)
      for (uint32_t k = 1; k < ranks; ++k)
        send(from, (from + k) % ranks, bytesPerPeer, std::nullopt, false);
  }

  /// A token goes once to each node, to the peer of the sender's lane, which sends it on.
  void sendByTiers(double bytesPerPeer, double bytesPerNode) {
    uint32_t lanes = network.getLanes();
    for (uint32_t from = 0; from < network.getRanks(); ++from) {
      uint32_t node = network.nodeOf(from), lane = network.laneOf(from);
      for (uint32_t m = 1; m < lanes; ++m)
        send(from, node * lanes + (lane + m) % lanes, bytesPerPeer, std::nullopt, false);
      for (uint32_t b = 1; b < network.getNodes(); ++b) {
        uint32_t other = (node + b) % network.getNodes() * lanes;
        std::optional<TaskId> before;
        for (uint32_t piece = 0; piece < pieces; ++piece) {
          TaskId put;
          TaskId there = send(from, other + lane, bytesPerNode / pieces, before, true, &put);
          before = put;
          for (uint32_t m = 1; m < lanes; ++m)
            send(other + lane, other + (lane + m) % lanes, bytesPerPeer / pieces, there, false);
        }
      }
    }
  }

  double microseconds() {
    auto result = simulate(graph, network);
    if (!result) {
      std::fprintf(stderr, "calibration: %s\n", result.status().message().c_str());
      std::exit(70);
    }
    return result->seconds / us;
  }

private:
  const Network &network;
  TaskGraph graph;
  FamilyId link, linkFlag, rail, railFlag, wait;
  uint32_t cells = 0;
};

} // namespace

double predictMicroseconds(const Point &point) {
  const Library &library = *point.library;
  Network network = makeNetwork(point);
  Exchange exchange(network);
  if (library.hasTiers)
    exchange.sendByTiers(point.bytesPerPeer, point.bytesPerNode);
  else
    exchange.sendDirectly(point.bytesPerPeer);
  double growth = doublings(point);
  double stream = library.fixed + library.fixedGrowth * growth + exchange.microseconds();
  if (library.floor == 0)
    return stream;
  double floor = library.floor + library.floorGrowth * growth;
  double larger = std::max(floor, stream), smaller = std::min(floor, stream);
  return larger * std::pow(1 + std::pow(smaller / larger, library.handover), 1 / library.handover);
}

} // namespace moec::calibration
