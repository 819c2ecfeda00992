//===- VectorsTest.cpp - Schedules with times worked out by hand ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Eleven small machines and matrices whose times follow from a line of arithmetic,
// which stands beside each. 100 GB/s a link, 1 us of latency unless said otherwise.
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Simulate.h"
#include "test/runtime/module/Sample.h"
#include "test/runtime/simulator/Machines.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::simulator;
using namespace moec::test;

namespace {

double microseconds(const rt::Result<Simulation> &result) {
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? result->seconds / us : -1;
}

// --- One put a pair: a plan of put, signal and wait ------------------------------------------

/// Each token is a megabyte.
plan::Plan exchange(uint32_t ranks, plan::DomainKind order, uint32_t window) {
  using namespace plan;
  Plan plan;
  plan.ranks = ranks;
  plan.buffers.push_back({"x", BufferSpace::Input, BufferLayout::Slot, {}, 1, 1000000});
  plan.buffers.push_back({"recv", BufferSpace::Symmetric, BufferLayout::Seq, {ranks}, 1, 1000000});
  plan.flags.push_back({"f", {ranks}, false, domainVariable(0)});
  ItemSet sent{ItemSetKind::D, {plan::rank(), domainVariable(0)}};
  Op put;
  put.kind = OpKind::Put;
  put.name = "pd";
  put.domains = {{"p", order}};
  put.to = domainVariable(0);
  put.reads = {{0, {}, sent, {}}};
  put.writes = {{1, {plan::rank()}, sent, {}}};
  put.window = window;
  Op signal;
  signal.kind = OpKind::Signal;
  signal.name = "sd";
  signal.domains = {{"p", order}};
  signal.to = domainVariable(0);
  signal.flagIndex = {plan::rank()};
  signal.value = step();
  signal.after = {{0, false, {domainVariable(0)}}};
  Op wait;
  wait.kind = OpKind::Wait;
  wait.name = "wd";
  wait.domains = {{"s", DomainKind::All}};
  wait.flagIndex = {domainVariable(0)};
  wait.value = step();
  plan.ops = {put, signal, wait};
  return plan;
}

using Megabytes = std::vector<std::vector<double>>;

double runExchange(const Megabytes &matrix, plan::DomainKind order, uint32_t window) {
  auto ranks = static_cast<uint32_t>(matrix.size());
  traffic::ItemCounts counts;
  counts.ranks = ranks;
  counts.tokens.resize(ranks);
  counts.copies = counts.rows = traffic::Matrix(ranks);
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      counts.copies.at(from, to) = matrix[from][to];
  auto graph = makePlanTasks(exchange(ranks, order, window), counts, NoKernelTimes());
  EXPECT_TRUE(graph.ok());
  return microseconds(simulate(*graph, switched(ranks, 100 * GB, 1 * us)));
}

constexpr auto staggered = plan::DomainKind::Stagger;
const Megabytes everyPeer = {{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}};
const Megabytes convoy = {{0, 1, 1}, {0, 0, 0}, {0, 1, 0}};

TEST(Vectors, V1StaggeredPutsReachTheBound) {
  EXPECT_NEAR(runExchange(everyPeer, staggered, 1), 3 * 10 + 1, 1e-6);
}

TEST(Vectors, V2OneOrderForAllIsTwiceAsSlow) {
  // Three into 0, then two into 1 and one into 2, then the rest.
  EXPECT_NEAR(runExchange(everyPeer, plan::DomainKind::All, 1), 30 + 20 + 10 + 1, 1e-6);
}

TEST(Vectors, V3IncastIsBoundByTheReceiver) {
  EXPECT_NEAR(runExchange({{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}, staggered, 1), 20 + 1, 1e-6);
}

TEST(Vectors, V4ConvoyWaitsForAPeersReceiver) {
  EXPECT_NEAR(runExchange(convoy, staggered, 1), 20 + 10 + 1, 1e-6);
}

TEST(Vectors, V5WindowOfTwoResolvesTheConvoy) {
  EXPECT_NEAR(runExchange(convoy, staggered, 2), 20 + 1, 1e-6);
}

TEST(Vectors, V6RatesAreMaxMinFair) {
  // All at 50 GB/s for 20 us, then 3 -> 2 alone for 10.
  EXPECT_NEAR(runExchange({{0, 1, 1, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 2, 0}}, staggered, 3),
              20 + 10 + 1, 1e-6);
}

// --- Two tiers: a graph made by hand ---------------------------------------------------------

/// Bytes of rank i for the ranks of another node go over the rail of its own lane, in
/// `chunks` pieces one after the other; the peer there sends each piece on.
class TwoTiers {
public:
  TwoTiers(uint32_t chunks)
      : network(railed(2, 2, 400 * GB, 1 * us, 50 * GB, 2 * us)), chunks(chunks), graph(4) {
    rail = graph.addFamily({"rail", TaskClass::Transfer, plan::Path::Rail, 0});
    railFlag = graph.addFamily({"rail flag", TaskClass::Signal, plan::Path::Rail, 0});
    link = graph.addFamily({"link", TaskClass::Transfer, plan::Path::NVLink, 0});
    linkFlag = graph.addFamily({"link flag", TaskClass::Signal, plan::Path::NVLink, 0});
    wait = graph.addFamily({"wait", TaskClass::Wait, plan::Path::NVLink, 0});
  }

  void send(uint32_t from, const std::vector<double> &megabytesToLanes) {
    uint32_t node = 1 - network.nodeOf(from), peer = node * 2 + network.laneOf(from);
    double sum = 0;
    for (double megabytes : megabytesToLanes)
      sum += megabytes * MB;
    std::optional<TaskId> before;
    for (uint32_t chunk = 0; chunk < chunks; ++chunk) {
      TaskId sent = graph.addTransfer(rail, from, peer, sum / chunks);
      if (before)
        graph.addEdge(*before, sent);
      before = sent;
      TaskId arrived = cross(sent, railFlag, from, peer);
      for (uint32_t lane = 0; lane < 2; ++lane) {
        TaskId on =
            graph.addTransfer(link, peer, node * 2 + lane, megabytesToLanes[lane] * MB / chunks);
        graph.addEdge(arrived, on);
        if (node * 2 + lane != peer && megabytesToLanes[lane] > 0)
          cross(on, linkFlag, peer, node * 2 + lane);
      }
    }
  }

  double run() { return microseconds(simulate(graph, network)); }

private:
  /// A flag after `sent`; returns the wait for it.
  TaskId cross(TaskId sent, FamilyId family, uint32_t from, uint32_t to) {
    TaskId raised = graph.addSignal(family, from, to, cells, 1);
    graph.addEdge(sent, raised);
    return graph.addWait(wait, to, cells++, 1);
  }

  topology::Network network;
  uint32_t chunks;
  TaskGraph graph;
  FamilyId rail, railFlag, link, linkFlag, wait;
  uint32_t cells = 0;
};

TEST(Vectors, V7TwoTiersInOnePiece) {
  TwoTiers tiers(1);
  for (uint32_t rank = 0; rank < 4; ++rank)
    tiers.send(rank, {1, 1});
  EXPECT_NEAR(tiers.run(), 40 + 2 + 2.5 + 1, 1e-6);
}

TEST(Vectors, V8PiecesOverlapTheTiers) {
  TwoTiers tiers(4);
  for (uint32_t rank = 0; rank < 4; ++rank)
    tiers.send(rank, {1, 1});
  EXPECT_NEAR(tiers.run(), 40 + 2 + 0.625 + 1, 1e-6);
}

TEST(Vectors, V9AHotLaneFillsItsOwnRail) {
  TwoTiers tiers(4);
  tiers.send(0, {2, 2});
  EXPECT_NEAR(tiers.run(), 80 + 2 + 1.25 + 1, 1e-6);
}

// --- A whole step ----------------------------------------------------------------------------

/// Five microseconds wherever there is something to compute.
class FiveMicroseconds : public KernelTimes {
public:
  double seconds(const KernelWork &work) const override {
    return work.task == plan::TaskKind::Experts && work.itemsWritten > 0 ? 5 * us : 0;
  }
};

/// Without the records, which the arithmetic leaves out.
plan::Plan rowsOnly(uint32_t ranks, uint32_t window) {
  Layer layer = sampleLayer();
  layer.hidden = 25000; // rows of 0.1 MB
  plan::Plan plan = directRowsPlan(layer, ranks, 1, window);
  for (plan::Buffer &buffer : plan.buffers)
    if (buffer.name == "meta" || buffer.name == "record")
      buffer.bytesPerRecord = 0;
  return plan;
}

TEST(Vectors, V10WholeStepOfTwoRanks) {
  traffic::ItemCounts counts;
  counts.ranks = 2;
  counts.tokens = {10, 10};
  counts.copies = traffic::Matrix(2);
  counts.copies.at(0, 1) = counts.copies.at(1, 0) = 10;
  counts.rows = counts.copies;
  for (uint32_t window : {0, 1, 4}) {
    auto graph = makePlanTasks(rowsOnly(2, window), counts, FiveMicroseconds());
    ASSERT_TRUE(graph.ok());
    EXPECT_NEAR(microseconds(simulate(*graph, switched(2, 100 * GB, 1 * us))), 10 + 1 + 5 + 10 + 1,
                1e-6);
  }
}

TEST(Vectors, V11AStepWithoutTokensIsTwoFlags) {
  traffic::ItemCounts counts;
  counts.ranks = 4;
  counts.tokens.resize(4);
  counts.copies = counts.rows = traffic::Matrix(4);
  auto graph = makePlanTasks(rowsOnly(4, 4), counts, FiveMicroseconds());
  ASSERT_TRUE(graph.ok());
  EXPECT_NEAR(microseconds(simulate(*graph, switched(4, 100 * GB, 1 * us))), 2, 1e-6);
}

TEST(Vectors, V11RepeatsStepByStep) {
  traffic::ItemCounts counts;
  counts.ranks = 4;
  counts.tokens.resize(4);
  counts.copies = counts.rows = traffic::Matrix(4);
  auto graph = makePlanTasks(rowsOnly(4, 4), counts, FiveMicroseconds(), 3);
  ASSERT_TRUE(graph.ok());
  EXPECT_NEAR(microseconds(simulate(*graph, switched(4, 100 * GB, 1 * us))), 6, 1e-6);
}

} // namespace
