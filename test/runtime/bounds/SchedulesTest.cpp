//===- SchedulesTest.cpp - No schedule beats a bound ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random bytes on random machines by random schedules, in pieces, some by way of another
// rank. Of few bytes latencies decide, of many rates.
//===----------------------------------------------------------------------===//

#include "runtime/bounds/Bound.h"
#include "runtime/simulator/Simulate.h"
#include "runtime/traffic/Random.h"
#include "test/runtime/topology/Machines.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace moec;
using namespace moec::bounds;
using namespace moec::topology::test;

namespace {

/// Puts of a demand: each is told to the rank at its end, which waits for it.
class Exchange {
public:
  Exchange(const topology::Network &network, traffic::Random &random, uint32_t window)
      : network(network), random(random), graph(network.getRanks()) {
    using enum simulator::TaskClass;
    for (plan::Path via : {plan::Path::NVLink, plan::Path::Rail}) {
      uint32_t way = via == plan::Path::Rail;
      puts[way] = graph.addFamily({"put", Transfer, via, window});
      flags[way] = graph.addFamily({"flag", Signal, via, 0});
    }
    waits = graph.addFamily({"wait", Wait, plan::Path::NVLink, 0});
  }

  uint32_t below(uint32_t limit) { return std::min(limit - 1, uint32_t(random.uniform() * limit)); }

  /// Straight, or in two hops.
  void send(uint32_t from, uint32_t to, double bytes) {
    bool isNear = network.nodeOf(from) == network.nodeOf(to);
    uint32_t first = network.nodeOf(from) * network.getLanes();
    uint32_t over = isNear ? first + below(network.getLanes()) : below(network.getRanks());
    if (random.uniform() < 0.6 || over == from || over == to) {
      hop(from, to, bytes, nullptr);
      return;
    }
    simulator::TaskId arrived = hop(from, over, bytes, nullptr);
    hop(over, to, bytes, &arrived);
  }

  double seconds() const {
    rt::Result<simulator::Simulation> result = simulator::simulate(graph, network);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return result.ok() ? result->seconds : 0;
  }

private:
  simulator::TaskId hop(uint32_t from, uint32_t to, double bytes, const simulator::TaskId *after) {
    bool isNear = network.nodeOf(from) == network.nodeOf(to);
    uint32_t way = !isNear || (network.getNodes() == 1 && random.uniform() < 0.3);
    simulator::TaskId put = graph.addTransfer(puts[way], from, to, bytes);
    simulator::TaskId flag = graph.addSignal(flags[way], from, to, cells, 1);
    simulator::TaskId wait = graph.addWait(waits, to, cells++, 1);
    graph.addEdge(put, flag);
    if (after)
      graph.addEdge(*after, put);
    return wait;
  }

  const topology::Network &network;
  traffic::Random &random;
  simulator::TaskGraph graph;
  simulator::FamilyId puts[2], flags[2], waits;
  uint32_t cells = 0;
};

} // namespace

static traffic::Random randomOf(uint64_t seed) {
  return traffic::Random(traffic::Random::keyOf(seed, 7));
}

/// Links from a third to three times as fast and as far.
static topology::Machine vary(topology::Machine machine, traffic::Random &random) {
  for (topology::Link &link : machine.links) {
    link.rate->value *= traffic::portableExp(2 * random.uniform() - 1);
    link.latency->value *= traffic::portableExp(2 * random.uniform() - 1);
  }
  return machine;
}

static Demand randomDemand(uint32_t ranks, traffic::Random &random) {
  Demand demand;
  demand.bytes = traffic::Matrix(ranks);
  double scale = traffic::portableExp(5 + 9 * random.uniform()); // 150 bytes to 1.2 MB
  double share = random.uniform();
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      if (from != to && random.uniform() < share)
        demand.bytes.at(from, to) = scale * traffic::portableExp(random.normal());
  return demand;
}

/// Far ranks first, last, or as it comes.
static double secondsOfASchedule(const topology::Network &network, const Demand &demand,
                                 traffic::Random &random) {
  Exchange exchange(network, random, uint32_t(4 * random.uniform()));
  struct Piece {
    uint32_t from, to;
    double bytes, order;
  };
  std::vector<Piece> pieces;
  double farLast = double(exchange.below(3)) - 1;
  for (uint32_t from = 0; from < network.getRanks(); ++from)
    for (uint32_t to = 0; to < network.getRanks(); ++to) {
      double bytes = demand.bytes.at(from, to);
      bool isFar = network.nodeOf(from) != network.nodeOf(to);
      uint32_t parts = 1 + exchange.below(3);
      for (uint32_t part = 0; bytes > 0 && part < parts; ++part)
        pieces.push_back({from, to, bytes / parts, random.uniform() + (isFar ? farLast : 0)});
    }
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece &a, const Piece &b) { return a.order < b.order; });
  for (const Piece &piece : pieces)
    exchange.send(piece.from, piece.to, piece.bytes);
  return exchange.seconds();
}

static void expectNoneFaster(const topology::Machine &machine, topology::Shape shape) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    traffic::Random random = randomOf(seed);
    topology::Network network = *topology::makeNetwork(vary(machine, random), shape);
    Demand demand = randomDemand(network.getRanks(), random);
    Bound bound = boundOf(network, demand);
    for (int schedule = 0; schedule < 3; ++schedule) {
      double seconds = secondsOfASchedule(network, demand, random);
      ASSERT_GE(seconds, bound.seconds * (1 - 1e-9))
          << "seed " << seed << ", " << bound.resource << ", latency " << bound.latencySeconds;
    }
  }
}

TEST(NoScheduleBeatsABound, OnASwitch) { expectNoneFaster(makeSwitch(4), {1, 4}); }

TEST(NoScheduleBeatsABound, OnRails) {
  expectNoneFaster(makeRails(1), {3, 1});
  expectNoneFaster(makeRails(2), {2, 2});
  expectNoneFaster(makeRails(4), {2, 4});
}

TEST(NoScheduleBeatsABound, OnPcie) {
  topology::Machine machine = makePcieBox();
  expectNoneFaster(machine, {1, 4});
  machine.hostMemoryBytesPerSecond.reset();
  expectNoneFaster(machine, {1, 4});
  machine.links.push_back(makeLink(topology::nvlinkName, 240e9, 2e-6));
  machine.links.back().joins = {{0, 1}, {2, 3}};
  expectNoneFaster(machine, {1, 4});
}
