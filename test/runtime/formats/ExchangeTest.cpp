//===- ExchangeTest.cpp - What collectives can say of a plan --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/formats/Exchange.h"
#include "runtime/formats/Export.h"
#include "runtime/formats/MscclXml.h"
#include "runtime/formats/MscclppPlan.h"
#include "runtime/simulator/PlanTasks.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::formats;

namespace {

traffic::ItemCounts evenCounts(uint32_t ranks) {
  traffic::ItemCounts counts;
  counts.ranks = ranks;
  counts.tokens.assign(ranks, 10);
  counts.copies = counts.rows = traffic::Matrix(ranks);
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to) {
      counts.copies.at(from, to) = 6;
      counts.rows.at(from, to) = 8;
    }
  return counts;
}

rt::Result<Exchange> exchangeOf(const plan::Plan &plan, const traffic::ItemCounts &counts,
                                Phase phase = Phase::Dispatch) {
  auto graph = simulator::makePlanTasks(plan, counts, simulator::NoKernelTimes());
  return makeExchange(plan, *graph, phase, "format");
}

} // namespace

TEST(Exchange, TakesOrderAndWindowFromThePlan) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4, /*depth=*/1, /*window=*/3);
  auto exchange = exchangeOf(plan, evenCounts(4));
  ASSERT_TRUE(exchange.ok()) << exchange.status().message();
  EXPECT_EQ(exchange->order[2], (std::vector<uint32_t>{3, 0, 1}));
  EXPECT_EQ(exchange->window, 3u);
  EXPECT_EQ(exchange->bytesPerPair % exchangeAlignment, 0u);
}

TEST(Exchange, TasksKnowOfWindowsOfEachPeer) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4, /*depth=*/1, /*window=*/1);
  for (bool eachPeer : {false, true}) {
    plan.ops[2].eachPeer = eachPeer;
    auto graph = simulator::makePlanTasks(plan, evenCounts(4), simulator::NoKernelTimes());
    ASSERT_TRUE(graph.ok());
    EXPECT_EQ(graph->getFamilies()[2].eachPeer, eachPeer);
  }
}

TEST(Exchange, AWindowOfEachPeerIsNoneOfAll) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4, /*depth=*/1, /*window=*/1);
  for (plan::Op &op : plan.ops)
    op.eachPeer = op.kind == plan::OpKind::Put;
  auto exchange = exchangeOf(plan, evenCounts(4));
  ASSERT_TRUE(exchange.ok()) << exchange.status().message();
  EXPECT_EQ(exchange->window, 0u);
}

TEST(Exchange, PhasesAreWhatComesBeforeAndAfterTheExperts) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 2);
  std::vector<bool> dispatch = opsOf(plan, Phase::Dispatch), combine = opsOf(plan, Phase::Combine);
  uint32_t outside = 0;
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    EXPECT_FALSE(dispatch[i] && combine[i]);
    outside += !dispatch[i] && !combine[i];
    if (plan.ops[i].kind == plan::OpKind::Put) {
      bool returns = plan.ops[i].writes[0].items.kind == plan::ItemSetKind::Y;
      EXPECT_EQ(combine[i], returns) << plan.ops[i].name;
    }
  }
  EXPECT_EQ(outside, 1u) << "the experts alone";
}

TEST(Exchange, NamesThePairsThatDiffer) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4);
  traffic::ItemCounts counts = evenCounts(4);
  counts.copies.at(1, 3) = 7;
  counts.copies.at(2, 0) = 5;
  auto exchange = exchangeOf(plan, counts);
  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.status().code(), rt::Code::Unsupported);
  const std::string &message = exchange.status().message();
  EXPECT_NE(message.find("format: wanted balanced traffic"), message.npos) << message;
  EXPECT_NE(message.find("from rank 2 to 0"), message.npos) << message;
  EXPECT_NE(message.find("from rank 1 to 3"), message.npos) << message;
  EXPECT_TRUE(exchangeOf(plan, counts, Phase::Combine).ok()) << "rows are still even";
}

TEST(Exchange, RefusesRowsThatGoByWayOfAnotherRank) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4);
  for (plan::Op &op : plan.ops)
    if (op.kind == plan::OpKind::Put)
      op.writes[0].items.args[0] = op.reads[0].items.args[0] = plan::constant(0);
  auto exchange = exchangeOf(plan, evenCounts(4));
  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.status().code(), rt::Code::Unsupported);
  EXPECT_NE(exchange.status().message().find("wanted rows that go straight"), std::string::npos)
      << exchange.status().message();
}

TEST(Exchange, RefusesTheStepOneRankAndNoBytes) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 4);
  EXPECT_EQ(exchangeOf(plan, evenCounts(4), Phase::Step).status().message(),
            "format: wanted one exchange (dispatch or combine), found the whole step");
  plan::Plan alone = test::directRowsPlan(test::sampleLayer(), 1);
  EXPECT_EQ(exchangeOf(alone, evenCounts(1)).status().message(),
            "format: wanted at least 2 ranks, found 1");
  traffic::ItemCounts none = evenCounts(4);
  none.copies = traffic::Matrix(4);
  EXPECT_EQ(exchangeOf(plan, none).status().message(),
            "format: wanted bytes between ranks, found none");
}

TEST(Exchange, RefusesWhatTheInterpretersCannotHold) {
  Exchange exchange;
  exchange.ranks = 217;
  exchange.order.resize(217);
  EXPECT_EQ(mscclXml(exchange).status().message(),
            "msccl-xml: wanted at most 216 ranks, a thread block each, found 217");
  exchange.ranks = 4;
  exchange.bytesPerPair = 1ull << 30;
  EXPECT_EQ(mscclppPlan(exchange).status().message(),
            "mscclpp: wanted less than 4 GiB a rank, found 4294967296 bytes");
}

TEST(Export, EveryFormatHasANameAndMakesFiles) {
  plan::Plan plan = test::directRowsPlan(test::sampleLayer(), 2);
  for (std::string_view name : allFormatNames()) {
    auto format = formatFromName(name);
    ASSERT_TRUE(format);
    EXPECT_EQ(nameOf(*format), name);
    auto files = exportStep(plan, evenCounts(2), simulator::NoKernelTimes(), *format,
                            defaultPhase(*format), "out.et");
    ASSERT_TRUE(files.ok()) << name << ": " << files.status().message();
    EXPECT_EQ(files->size(), *format == Format::Chakra ? 2u : 1u);
    EXPECT_EQ(files->front().path, *format == Format::Chakra ? "out.0.et" : "out.et");
    EXPECT_FALSE(files->front().bytes.empty());
  }
  EXPECT_FALSE(formatFromName("xml"));
}
