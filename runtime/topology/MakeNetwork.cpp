//===- MakeNetwork.cpp - From a machine to resources and routes -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Uses of a route are in the order in which a byte meets them: the first belongs to
// the sender, the last of those on the way to the receiver (bounds rely on it).
// What is beside the way (SM issue, copy engine, memory) comes after.
//===----------------------------------------------------------------------===//

#include "runtime/topology/Machine.h"
#include "runtime/topology/PcieTree.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace moec::topology {

namespace {

class NetworkMaker {
public:
  NetworkMaker(const Machine &machine, Shape shape, const NetworkOptions &options)
      : machine(machine), options(options), network(shape.nodes, shape.lanes),
        tree(machine, shape.lanes), nvlink(machine.findLink(nvlinkName)),
        rail(machine.findLink(railName)) {}

  rt::Result<Network> run();

private:
  rt::Status checkMachine() const;
  /// One of that kind, owner and part; `name()` where it is new.
  template <typename Name>
  uint32_t resource(ResourceKind kind, uint32_t owner, uint32_t part, double rate, Name name) {
    auto [entry, isNew] = known.try_emplace(std::tuple(kind, owner, part), 0);
    if (isNew)
      entry->second = network.add({name(), kind, owner, rate});
    return entry->second;
  }
  /// The group of an NVLink that joins the two lanes, or -1.
  int32_t groupOf(uint32_t from, uint32_t to) const;
  Route::Use nvlinkOf(uint32_t rank, uint32_t group, ResourceKind way);
  void addNvlink(uint32_t from, uint32_t to, uint32_t group);
  void addSwitch();
  void addPcie(uint32_t from, uint32_t to);
  void addHostMemory(uint32_t from, uint32_t to);
  void addRail(uint32_t from, uint32_t to);
  void addSides(Route &route, uint32_t from, uint32_t to, bool isNvlink);
  void addMemory(Route &route, uint32_t from, uint32_t to);
  void addCopied(Route route, uint32_t from, uint32_t to);
  void append(Route &route, const TreePath &path, uint32_t node);
  uint32_t hostMemory(uint32_t node);
  uint32_t portOf(uint32_t lane) const;
  rt::Status addPair(uint32_t from, uint32_t to);

  const Machine &machine;
  const NetworkOptions &options;
  Network network;
  PcieTree tree;
  const Link *nvlink, *rail;
  std::map<std::tuple<ResourceKind, uint32_t, uint32_t>, uint32_t> known;
  std::vector<TreePath> toNic, fromNic; ///< by lane
};

} // namespace

rt::Status NetworkMaker::checkMachine() const {
  constexpr uint32_t most = 4096; // 2 GiB of routes, one for each two
  if (uint64_t(network.getNodes()) * network.getLanes() > most)
    return rt::unsupportedError("machine ", rt::quote(machine.name), ": wanted at most ", most,
                                " ranks, for there is a way between each two, found ",
                                uint64_t(network.getNodes()) * network.getLanes());
  for (const Link &link : machine.links)
    if (!link.bytesPerSecond() || *link.bytesPerSecond() <= 0)
      return rt::invalidError("machine ", rt::quote(machine.name), ": link ", rt::quote(link.name),
                              ": wanted a rate above 0, found none");
  return {};
}

int32_t NetworkMaker::groupOf(uint32_t from, uint32_t to) const {
  if (!nvlink)
    return -1;
  if (nvlink->joins.empty())
    return 0;
  auto holds = [](const std::vector<uint32_t> &group, uint32_t lane) {
    return std::find(group.begin(), group.end(), lane) != group.end();
  };
  for (size_t group = 0; group < nvlink->joins.size(); ++group)
    if (holds(nvlink->joins[group], from) && holds(nvlink->joins[group], to))
      return static_cast<int32_t>(group);
  return -1;
}

void NetworkMaker::addSides(Route &route, uint32_t from, uint32_t to, bool isNvlink) {
  if (isNvlink && options.issuingSms && machine.smStore)
    route.uses.push_back(
        {resource(ResourceKind::SmIssue, from, 0, *options.issuingSms * machine.smStore->value,
                  [&] { return rt::concat("gpu ", from, " stores"); })});
  addMemory(route, from, to);
}

void NetworkMaker::addMemory(Route &route, uint32_t from, uint32_t to) {
  if (options.memory && machine.memoryBytesPerSecond)
    for (uint32_t rank : from == to ? std::vector{from} : std::vector{from, to})
      route.uses.push_back(
          {resource(ResourceKind::Hbm, rank, 0, machine.memoryBytesPerSecond->value,
                    [&] { return rt::concat("gpu ", rank, " memory"); })});
}

/// The same links, no SM, and an engine of the sender if its rate is known.
void NetworkMaker::addCopied(Route route, uint32_t from, uint32_t to) {
  if (!options.copyEngine)
    return;
  if (machine.copyEngine)
    route.uses.push_back({resource(ResourceKind::CopyEngine, from, 0, machine.copyEngine->value,
                                   [&] { return rt::concat("gpu ", from, " copy engine"); })});
  addMemory(route, from, to);
  network.setCopyRoute(from, to, std::move(route));
}

/// A GPU in several groups has links of its own into each.
Route::Use NetworkMaker::nvlinkOf(uint32_t rank, uint32_t group, ResourceKind way) {
  return {resource(way, rank, group, *nvlink->bytesPerSecond(), [&] {
    uint32_t lane = network.laneOf(rank), groups = 0;
    for (const std::vector<uint32_t> &members : nvlink->joins)
      groups += std::count(members.begin(), members.end(), lane) > 0;
    std::string of = groups > 1 ? rt::concat(" ", group) : "";
    return rt::concat("gpu ", rank, " nvlink", of, way == ResourceKind::Egress ? " out" : " in");
  })};
}

/// One switch that joins all ranks and multicasts. A store leaves its rank once and enters
/// every other; a sum leaves every rank and enters the one that asked, which of itself it
/// reads through the switch too. Links reach a part of their rate with such traffic.
void NetworkMaker::addSwitch() {
  uint32_t ranks = network.getRanks();
  if (network.getNodes() != 1 || !hasSwitch(machine, ranks))
    return;
  int32_t group = groupOf(0, ranks - 1);
  double cost = 1 / nvlink->multicast->value;
  auto use = [&](uint32_t rank, ResourceKind way) {
    Route::Use one = nvlinkOf(rank, static_cast<uint32_t>(group), way);
    one.bytesPerByte = cost;
    return one;
  };
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    Route toAll, fromAll;
    toAll.latencySeconds = nvlink->latencySeconds();
    fromAll.latencySeconds = 2 * nvlink->latencySeconds(); // who reads asks first
    toAll.messageSeconds = fromAll.messageSeconds = nvlink->messageSeconds();
    for (uint32_t other = 0; ranks > 1 && other < ranks; ++other) {
      fromAll.uses.push_back(use(other, ResourceKind::Egress));
      (other == rank ? fromAll : toAll).uses.push_back(use(other, ResourceKind::Ingress));
    }
    if (ranks > 1)
      toAll.uses.push_back(use(rank, ResourceKind::Egress));
    addSides(toAll, rank, rank, /*isNvlink=*/true);
    network.setSwitchRoutes(rank, std::move(toAll), std::move(fromAll));
  }
}

void NetworkMaker::addNvlink(uint32_t from, uint32_t to, uint32_t group) {
  Route route;
  route.uses.push_back(nvlinkOf(from, group, ResourceKind::Egress));
  route.uses.push_back(nvlinkOf(to, group, ResourceKind::Ingress));
  route.latencySeconds = nvlink->latencySeconds();
  route.messageSeconds = nvlink->messageSeconds();
  addCopied(route, from, to);
  addSides(route, from, to, /*isNvlink=*/true);
  network.setRoute(from, to, plan::Path::NVLink, std::move(route));
}

uint32_t NetworkMaker::hostMemory(uint32_t node) {
  return resource(ResourceKind::HostMemory, node, 0, machine.hostMemoryBytesPerSecond->value,
                  [&] { return rt::concat("node ", node, " host memory"); });
}

void NetworkMaker::append(Route &route, const TreePath &path, uint32_t node) {
  for (const TreeEdge &edge : path.edges)
    route.uses.push_back({resource(edge.kind, node * maxEdgesOfTree + edge.number, 0, edge.rate,
                                   [&] { return edge.nameIn(node, network.getLanes()); }),
                          edge.bytesPerByte});
}

void NetworkMaker::addPcie(uint32_t from, uint32_t to) {
  uint32_t node = network.nodeOf(from), a = network.laneOf(from), b = network.laneOf(to);
  TreePath direct = tree.peerPath(a, b);
  Route route;
  append(route, direct, node);
  route.latencySeconds = direct.latencySeconds;
  addCopied(route, from, to);
  addSides(route, from, to, /*isNvlink=*/false);
  network.setRoute(from, to, plan::Path::NVLink, std::move(route));
  if (!machine.hostMemoryBytesPerSecond)
    return;
  TreePath up = tree.pathToHost(a), down = tree.pathFromHost(b);
  Route staged;
  append(staged, up, node);
  staged.uses.push_back({hostMemory(node), 2});
  if (std::optional<TreeEdge> socket = tree.socketEdge(a, b))
    append(staged, {{*socket}}, node);
  append(staged, down, node);
  staged.latencySeconds = up.latencySeconds + down.latencySeconds + tree.socketLatency(a, b);
  addSides(staged, from, to, /*isNvlink=*/false);
  network.setStagedRoute(from, to, std::move(staged));
}

void NetworkMaker::addHostMemory(uint32_t from, uint32_t to) {
  network.setRoute(from, to, plan::Path::NVLink, {{{hostMemory(network.nodeOf(from)), 2}}, 0});
}

uint32_t NetworkMaker::portOf(uint32_t lane) const {
  if (std::optional<uint32_t> nic = tree.nicOf(lane))
    return *nic;
  uint32_t gpus = machine.gpusPerNode.value_or(network.getLanes());
  uint32_t ports = std::min(rail->ports.value_or(gpus), gpus);
  return static_cast<uint32_t>(uint64_t(lane) * ports / gpus);
}

void NetworkMaker::addRail(uint32_t from, uint32_t to) {
  uint32_t gpus = machine.gpusPerNode.value_or(network.getLanes());
  bool isOwn = !tree.nicOf(0) && rail->ports.value_or(gpus) >= gpus; // no port serves two GPUs
  double rate = *rail->bytesPerSecond();
  if (isOwn)
    rate *= double(rail->ports.value_or(gpus)) / gpus;
  uint32_t out = portOf(network.laneOf(from)), in = portOf(network.laneOf(to));
  auto port = [&](uint32_t rank, uint32_t number, const char *way, ResourceKind kind) {
    uint32_t owner = isOwn ? rank : network.nodeOf(rank) * maxEdgesOfTree + number;
    return Route::Use{resource(kind, owner, 0, rate, [&] {
      return isOwn ? rt::concat("gpu ", rank, " rail ", way)
                   : rt::concat("node ", network.nodeOf(rank), " nic ", number, " ", way);
    })};
  };
  Route route;
  append(route, toNic[network.laneOf(from)], network.nodeOf(from));
  route.uses.push_back(port(from, out, "out", ResourceKind::NicOut));
  route.uses.push_back(port(to, in, "in", ResourceKind::NicIn));
  append(route, fromNic[network.laneOf(to)], network.nodeOf(to));
  route.latencySeconds = rail->latencySeconds();
  route.messageSeconds = rail->messageSeconds();
  if (out != in && nvlink)
    route.latencySeconds += nvlink->latencySeconds();
  addSides(route, from, to, /*isNvlink=*/false);
  network.setRoute(from, to, plan::Path::Rail, std::move(route));
}

rt::Status NetworkMaker::addPair(uint32_t from, uint32_t to) {
  if (network.nodeOf(from) != network.nodeOf(to)) {
    if (!rail)
      return rt::invalidError("machine ", rt::quote(machine.name), ": wanted a link 'rail' for ",
                              network.getNodes(), " nodes of ", network.getLanes(),
                              " ranks, found none");
    addRail(from, to);
    return {};
  }
  int32_t group = groupOf(network.laneOf(from), network.laneOf(to));
  if (group >= 0) {
    addNvlink(from, to, static_cast<uint32_t>(group));
    return {};
  }
  if (tree.exists())
    addPcie(from, to);
  else if (machine.hostMemoryBytesPerSecond)
    addHostMemory(from, to);
  if (rail)
    addRail(from, to);
  if (!tree.exists() && !machine.hostMemoryBytesPerSecond && !rail)
    return rt::invalidError("machine ", rt::quote(machine.name), ": wanted a way from gpu ",
                            network.laneOf(from), " to gpu ", network.laneOf(to),
                            " (a link 'nvlink', 'pcie' or 'rail', or host_memory with a rate), "
                            "found none");
  return {};
}

rt::Result<Network> NetworkMaker::run() {
  MOEC_RETURN_IF_ERROR(checkMachine());
  for (uint32_t lane = 0; lane < network.getLanes(); ++lane) {
    toNic.push_back(tree.pathToNic(lane));
    fromNic.push_back(tree.pathFromNic(lane));
  }
  for (uint32_t from = 0; from < network.getRanks(); ++from) {
    network.setRoute(from, from, plan::Path::NVLink, {});
    for (uint32_t to = 0; to < network.getRanks(); ++to)
      if (from != to)
        MOEC_RETURN_IF_ERROR(addPair(from, to));
  }
  addSwitch();
  return std::move(network);
}

rt::Result<Network> makeNetwork(const Machine &machine, Shape shape,
                                const NetworkOptions &options) {
  return NetworkMaker(machine, shape, options).run();
}

} // namespace moec::topology
