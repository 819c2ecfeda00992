//===- SwitchTest.cpp - Multicasts and sums of a switch -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 100 GB/s a link, 1 us of latency unless said otherwise; what follows from a line of
// arithmetic stands beside each.
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Simulate.h"
#include "runtime/topology/Machine.h"
#include "test/runtime/simulator/Machines.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::simulator;
using namespace moec::test;

namespace {

struct Board {
  uint32_t ranks = 4;
  double rate = 100 * GB;
  double message = 0;
  double share = 1;

  topology::Network network() const {
    topology::Machine machine;
    machine.name = "board";
    topology::Link link;
    link.name = topology::nvlinkName;
    link.rate = {rate, ""};
    link.latency = {1 * us, ""};
    link.message = {message, ""};
    if (share > 0)
      link.multicast = {share, ""};
    machine.links.push_back(link);
    rt::Result<topology::Network> made = topology::makeNetwork(machine, {1, ranks});
    EXPECT_TRUE(made.ok()) << made.status().message();
    return *std::move(made);
  }
};

/// Puts with a flag behind each, straight to each rank or to all at once; or, `isPull`,
/// the sum of what all have.
plan::Plan exchange(uint32_t ranks, uint32_t bytes, bool multicasts, bool isPull = false) {
  using namespace plan;
  Plan plan;
  plan.ranks = ranks;
  plan.buffers.push_back({"x", BufferSpace::Input, BufferLayout::Slot, {}, 1, bytes});
  plan.buffers.push_back({"recv", BufferSpace::Symmetric, BufferLayout::Slot, {ranks}, 1, bytes});
  plan.flags.push_back({"f", {ranks}, false, domainVariable(0)});
  ItemSet own{ItemSetKind::A, {plan::rank()}};
  ItemSet sent{ItemSetKind::D, {plan::rank(), domainVariable(0)}};
  Op put, signal, wait;
  put.name = "pd";
  if (isPull) {
    put.kind = OpKind::Pull;
    put.reads = {{1, {plan::rank()}, own, {}}};
    put.writes = {{0, {}, own, {}}};
    plan.ops = {put};
    return plan;
  }
  put.kind = OpKind::Put;
  put.reads = {{0, {}, multicasts ? own : sent, {}}};
  put.writes = {{1, {plan::rank()}, multicasts ? own : sent, {}}};
  signal.kind = OpKind::Signal;
  signal.name = "sd";
  signal.flagIndex = {plan::rank()};
  signal.value = step();
  if (multicasts) {
    put.via = signal.via = Path::Multicast;
    signal.after = {{0, true, {}}};
  } else {
    put.domains = signal.domains = {{"p", DomainKind::Stagger}};
    put.to = signal.to = domainVariable(0);
    signal.after = {{0, false, {domainVariable(0)}}};
  }
  wait.kind = OpKind::Wait;
  wait.name = "wd";
  wait.domains = {{"s", DomainKind::All}};
  wait.flagIndex = {domainVariable(0)};
  wait.value = step();
  plan.ops = {put, signal, wait};
  return plan;
}

/// `tokens` of each rank, of which each other rank wants `wanted`.
double run(const plan::Plan &plan, const Board &board, double tokens, double wanted = 0) {
  traffic::ItemCounts counts;
  counts.ranks = plan.ranks;
  counts.tokens.assign(plan.ranks, tokens);
  counts.copies = counts.rows = traffic::Matrix(plan.ranks);
  for (uint32_t from = 0; from < plan.ranks; ++from)
    for (uint32_t to = 0; to < plan.ranks; ++to)
      counts.copies.at(from, to) = from == to ? 0 : wanted;
  auto graph = makePlanTasks(plan, counts, NoKernelTimes());
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  auto result = simulate(*graph, board.network());
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? result->seconds / us : -1;
}

constexpr uint32_t megabyte = 1000000;

} // namespace

TEST(Switch, AllMulticastAndEachTakesInWhatTheOthersSend) {
  EXPECT_NEAR(run(exchange(4, megabyte, true), {}, 1), 3 * 10 + 1, 1e-6);
  EXPECT_NEAR(run(exchange(4, megabyte, true), {.share = 0.5}, 1), 3 * 20 + 1, 1e-6);
}

TEST(Switch, OneThatMulticastsSendsOnce) {
  plan::Plan plan = exchange(4, megabyte, true);
  traffic::ItemCounts counts;
  counts.ranks = 4;
  counts.tokens = {0, 0, 2, 0};
  counts.copies = counts.rows = traffic::Matrix(4);
  auto graph = makePlanTasks(plan, counts, NoKernelTimes());
  auto result = simulate(*graph, Board().network());
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->seconds / us, 2 * 10 + 1, 1e-6);
}

TEST(Switch, EveryReplicaIsReadForEverySum) {
  // 4 ranks want 1 MB each, for which each of the 4 sends 1 MB; request and answer.
  EXPECT_NEAR(run(exchange(4, megabyte, false, true), {}, 1), 4 * 10 + 2, 1e-6);
}

TEST(Switch, OneRankHasNothingToSend) {
  EXPECT_EQ(run(exchange(1, megabyte, true), {.ranks = 1}, 5), 0);
}

TEST(Switch, MessagesKeepTheirRankOneAfterTheOther) {
  // 7 puts of nothing, so 7 flags; or one flag to all.
  Board board{.ranks = 8, .message = 0.1 * us};
  EXPECT_NEAR(run(exchange(8, megabyte, false), board, 0), 7 * 0.1 + 1, 1e-6);
  EXPECT_NEAR(run(exchange(8, megabyte, true), board, 0), 0.1 + 1, 1e-6);
  // A put, its byte in 1e-5 us, and a flag for each peer.
  EXPECT_NEAR(run(exchange(8, 1, false), board, 1, 1), 14 * 0.1 + 1, 1e-3);
  EXPECT_NEAR(run(exchange(8, 1, true), board, 1), 2 * 0.1 + 1, 1e-3);
}

TEST(Switch, FewTokensAreMulticastFasterAndManySlower) {
  // T* = (alpha of puts - alpha of a multicast) * rate / ((N - 1 - D_r) * bytes): D_r of the
  // peers want a token, and puts take two messages for each peer in place of two in all.
  constexpr double bytes = 7472, message = 0.1 * us, rate = 690 * GB;
  for (auto [ranks, wantedBy] : {std::pair(8u, 4.63), std::pair(64u, 7.56)}) {
    Board board{.ranks = ranks, .rate = rate, .message = message};
    double crossing = 2 * (ranks - 2) * message * rate / ((ranks - 1 - wantedBy) * bytes);
    EXPECT_GT(crossing, 10);
    plan::Plan direct = exchange(ranks, bytes, false), multicast = exchange(ranks, bytes, true);
    for (double tokens : {1.0, crossing / 8, crossing / 4}) // bytes of puts overlap messages
      EXPECT_LT(run(multicast, board, tokens),
                run(direct, board, tokens, tokens * wantedBy / (ranks - 1)))
          << ranks << " ranks, " << tokens << " tokens";
    for (double tokens : {crossing * 2, crossing * 10})
      EXPECT_GT(run(multicast, board, tokens),
                run(direct, board, tokens, tokens * wantedBy / (ranks - 1)))
          << ranks << " ranks, " << tokens << " tokens";
  }
}

TEST(Switch, WantsANetworkThatHasOne) {
  auto graph = makePlanTasks(exchange(2, megabyte, true),
                             traffic::ItemCounts{.ranks = 2,
                                                 .tokens = {1, 1},
                                                 .copies = traffic::Matrix(2),
                                                 .rows = traffic::Matrix(2),
                                                 .nodeCopies = {}},
                             NoKernelTimes());
  ASSERT_TRUE(graph.ok());
  auto result = simulate(*graph, Board{.ranks = 2, .share = 0}.network());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(), "'pd': wanted a switch that multicasts to all ranks, found "
                                       "none in the network");
}
