//===- SimulateTest.cpp - The event loop, task by task --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Simulate.h"
#include "test/runtime/simulator/Machines.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace moec;
using namespace moec::simulator;
using namespace moec::test;

namespace {

const plan::Path nvlink = plan::Path::NVLink;

Simulation run(const TaskGraph &graph, const topology::Network &network,
               const SimulateOptions &options = {}) {
  auto result = simulate(graph, network, options);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? *std::move(result)
                     : Simulation{0, {}, {}, Usage(network.getResources().size()), 0};
}

TEST(Simulate, EmptyGraphTakesNoTime) {
  EXPECT_EQ(run(TaskGraph(2), switched(2, 1 * GB, 1 * us)).seconds, 0);
}

TEST(Simulate, ARankComputesOneTaskAtATimeTheFirstFirst) {
  TaskGraph graph(2);
  FamilyId work = graph.addFamily({"work", TaskClass::Compute, nvlink, 0});
  TaskId first = graph.addCompute(work, 0, 1);
  TaskId late = graph.addCompute(work, 0, 2);
  TaskId early = graph.addCompute(work, 0, 4); // follows 1, and comes after `late`
  TaskId other = graph.addCompute(work, 1, 8);
  graph.addEdge(first, early);
  Simulation result = run(graph, switched(2, 1 * GB, 0));
  EXPECT_EQ(result.begin[late], 1);
  EXPECT_EQ(result.end[late], 3);
  EXPECT_EQ(result.begin[early], 3);
  EXPECT_EQ(result.end[early], 7);
  EXPECT_EQ(result.begin[other], 0);
  EXPECT_EQ(result.seconds, 8);
}

TEST(Simulate, ComputingAndSendingOverlap) {
  TaskGraph graph(2);
  FamilyId work = graph.addFamily({"work", TaskClass::Compute, nvlink, 0});
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 0});
  graph.addCompute(work, 0, 0.5);
  graph.addTransfer(send, 0, 1, 1 * GB);
  EXPECT_NEAR(run(graph, switched(2, 1 * GB, 0)).seconds, 1, 1e-12);
}

TEST(Simulate, AWindowStartsTheFirstOfThoseThatAreReady) {
  TaskGraph graph(4);
  FamilyId work = graph.addFamily({"work", TaskClass::Compute, nvlink, 0});
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 1});
  TaskId blocked = graph.addTransfer(send, 0, 1, 1 * GB);
  TaskId second = graph.addTransfer(send, 0, 2, 1 * GB);
  TaskId third = graph.addTransfer(send, 0, 3, 1 * GB);
  TaskId hold = graph.addCompute(work, 0, 0.5);
  graph.addEdge(hold, blocked);
  Simulation result = run(graph, switched(4, 1 * GB, 0));
  EXPECT_EQ(result.begin[second], 0); // `blocked` was not ready
  EXPECT_NEAR(result.begin[blocked], 1, 1e-9);
  EXPECT_NEAR(result.begin[third], 2, 1e-9);
}

TEST(Simulate, WaitsAreForAValueOrMore) {
  TaskGraph graph(2);
  FamilyId work = graph.addFamily({"work", TaskClass::Compute, nvlink, 0});
  FamilyId raise = graph.addFamily({"raise", TaskClass::Signal, nvlink, 0});
  FamilyId wait = graph.addFamily({"wait", TaskClass::Wait, nvlink, 0});
  TaskId two = graph.addWait(wait, 1, 0, 2);
  TaskId one = graph.addWait(wait, 1, 0, 1);
  TaskId first = graph.addSignal(raise, 0, 1, 0, 1);
  TaskId pause = graph.addCompute(work, 0, 1);
  TaskId second = graph.addSignal(raise, 0, 1, 0, 2);
  graph.addEdge(first, pause);
  graph.addEdge(pause, second);
  Simulation result = run(graph, switched(2, 1 * GB, 0.25));
  EXPECT_EQ(result.end[one], 0.25);
  EXPECT_EQ(result.end[two], 1.25);
}

TEST(Simulate, SharesInProportionToSizesEndTogether) {
  TaskGraph graph(3);
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 0});
  TaskId small = graph.addTransfer(send, 0, 1, 1 * GB);
  TaskId large = graph.addTransfer(send, 0, 2, 3 * GB);
  Simulation even = run(graph, switched(3, 1 * GB, 0));
  EXPECT_NEAR(even.end[small], 2, 1e-9);
  EXPECT_NEAR(even.end[large], 4, 1e-9);
  SimulateOptions options;
  options.ratesBySize = true;
  Simulation sized = run(graph, switched(3, 1 * GB, 0), options);
  EXPECT_NEAR(sized.end[small], 4, 1e-9);
  EXPECT_NEAR(sized.end[large], 4, 1e-9);
}

TEST(Simulate, AFamilySharesBySizeBesideOneThatSharesEvenly) {
  TaskGraph graph(4);
  FamilyId sized = graph.addFamily(
      {.name = "sized", .kind = TaskClass::Transfer, .via = nvlink, .ratesBySize = true});
  FamilyId even = graph.addFamily({"even", TaskClass::Transfer, nvlink, 0});
  TaskId small = graph.addTransfer(sized, 0, 1, 1 * GB);
  TaskId large = graph.addTransfer(sized, 0, 2, 3 * GB);
  TaskId other = graph.addTransfer(even, 0, 3, 2 * GB); // as large as the two on average
  Simulation result = run(graph, switched(4, 1 * GB, 0));
  EXPECT_NEAR(result.end[small], 6, 1e-9);
  EXPECT_NEAR(result.end[large], 6, 1e-9);
  EXPECT_NEAR(result.end[other], 6, 1e-9);
}

/// Weights M(i,j) give every flow a normalised rate of at least B / max(row, column). Each
/// sender weighs with what it knows: its own bytes.
TEST(Simulate, RatesBySizeReachTheBoundBehindASwitch) {
  SimulateOptions options;
  options.ratesBySize = true;
  for (uint32_t ranks : {8, 32, 72})
    for (double sigma : {0.6, 1.0}) {
      std::mt19937_64 random(ranks);
      std::normal_distribution<double> normal(0, sigma);
      TaskGraph graph(ranks);
      FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 0});
      std::vector<double> rows(ranks), columns(ranks);
      for (uint32_t from = 0; from < ranks; ++from)
        for (uint32_t to = 0; to < ranks; ++to) {
          if (from == to)
            continue;
          double bytes = 0.01 * GB * std::exp(normal(random));
          graph.addTransfer(send, from, to, bytes);
          rows[from] += bytes;
          columns[to] += bytes;
        }
      double bound = std::max(*std::max_element(rows.begin(), rows.end()),
                              *std::max_element(columns.begin(), columns.end())) /
                     GB;
      Simulation result = run(graph, switched(ranks, 1 * GB, 0), options);
      EXPECT_NEAR(result.seconds / bound, 1, 1e-6) << ranks << " ranks, sigma " << sigma;
    }
}

TEST(Simulate, UsageAddsUpToWhatWasSent) {
  TaskGraph graph(3);
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 1});
  graph.addTransfer(send, 0, 1, 1 * GB);
  graph.addTransfer(send, 0, 2, 3 * GB);
  graph.addTransfer(send, 1, 2, 2 * GB);
  topology::Network network = switched(3, 1 * GB, 0);
  Simulation result = run(graph, network);
  EXPECT_NEAR(result.usage.bytes(0), 4 * GB, 1e-3 * GB);
  EXPECT_NEAR(result.usage.bytes(1), 2 * GB, 1e-3 * GB);
  EXPECT_NEAR(result.usage.bytes(3 + 2), 5 * GB, 1e-3 * GB);
  for (uint32_t resource = 0; resource < 6; ++resource)
    for (uint32_t stretch = 0; stretch < result.usage.size(); ++stretch)
      EXPECT_LE(result.usage.bytes(resource, stretch),
                1 * GB * result.usage.stretchSeconds() * (1 + 1e-6));
}

TEST(Simulate, NamesAPairWithoutARoute) {
  TaskGraph graph(2);
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 0});
  graph.addTransfer(send, 0, 1, 1);
  auto result = simulate(graph, topology::Network(1, 2));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(),
            "'send': wanted a route from rank 0 to rank 1, found none in the network");
}

TEST(Simulate, TakesTheOtherPathWhereThereIsNoRoute) {
  TaskGraph graph(4);
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, 0});
  graph.addTransfer(send, 0, 2, 1 * GB); // of another node
  EXPECT_NEAR(run(graph, railed(2, 2, 4 * GB, 0, 0.5 * GB, 0)).seconds, 2, 1e-9);
}

TEST(Simulate, SaysWhoStalls) {
  TaskGraph graph(2);
  FamilyId wait = graph.addFamily({"wd", TaskClass::Wait, nvlink, 0});
  FamilyId work = graph.addFamily({"ex", TaskClass::Compute, nvlink, 0});
  TaskId waits = graph.addWait(wait, 1, 0, 1);
  graph.addEdge(waits, graph.addCompute(work, 1, 1));
  auto result = simulate(graph, switched(2, 1 * GB, 0));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(),
            "the schedule stalls after 0 us: 2 of 2 tasks never end; 'wd' of rank 1 in step 1 "
            "waits for a flag that is not raised");
}

/// Four puts to rank 1, whose link rank 2 fills with one, and two to rank 3.
static TaskGraph busyPeer(uint32_t window, bool eachPeer) {
  TaskGraph graph(4);
  FamilyId send = graph.addFamily(
      {.name = "send", .kind = TaskClass::Transfer, .window = window, .eachPeer = eachPeer});
  for (uint32_t to : {1, 1, 1, 1, 3, 3})
    graph.addTransfer(send, 0, to, 1 * MB);
  graph.addTransfer(send, 2, 1, 4 * MB);
  return graph;
}

TEST(Simulate, AWindowOfEachPeerHoldsUpNoOther) {
  topology::Network network = switched(4, 100 * GB, 0);
  // Of two in flight both go to rank 1, with two thirds of its link, then the rest, then rank 3.
  Simulation all = run(busyPeer(2, false), network);
  EXPECT_NEAR(all.end[3], 60 * us, 1e-9);
  EXPECT_NEAR(all.end[5], 80 * us, 1e-9);
  // Of each one: half of rank 1's link, and rank 3's at once.
  Simulation each = run(busyPeer(1, true), network);
  EXPECT_NEAR(each.end[4], 20 * us, 1e-9);
  EXPECT_NEAR(each.end[5], 40 * us, 1e-9);
  EXPECT_NEAR(each.end[0], 20 * us, 1e-9);
  EXPECT_NEAR(each.end[3], 80 * us, 1e-9);
}

/// All pairs, sizes log-normal.
TaskGraph randomExchange(uint32_t ranks, uint32_t window, uint32_t seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> size(0, 1);
  TaskGraph graph(ranks);
  FamilyId send = graph.addFamily({"send", TaskClass::Transfer, nvlink, window});
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t k = 1; k < ranks; ++k)
      graph.addTransfer(send, from, (from + k) % ranks, size(random) * MB);
  return graph;
}

TEST(Simulate, IsTheSameInEveryRun) {
  TaskGraph graph = randomExchange(16, 3, 5);
  topology::Network network = switched(16, 100 * GB, 1 * us);
  EXPECT_EQ(run(graph, network).end, run(graph, network).end);
}

TEST(Simulate, PatienceCostsLittle) {
  for (uint32_t window : {0, 4}) {
    TaskGraph graph = randomExchange(40, window, 7);
    topology::Network network = switched(40, 100 * GB, 1 * us);
    Simulation exact = run(graph, network);
    SimulateOptions options;
    options.patience = 1.0 / 64;
    Simulation patient = run(graph, network, options);
    EXPECT_LT(patient.rateUpdates, exact.rateUpdates);
    EXPECT_GE(patient.seconds, exact.seconds * 0.995);
    EXPECT_LE(patient.seconds, exact.seconds * 1.01);
  }
}

} // namespace
