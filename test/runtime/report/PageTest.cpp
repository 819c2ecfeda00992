//===- PageTest.cpp - A page about a plan ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/report/PageData.h"
#include "runtime/report/PageText.h"
#include "runtime/report/TaskBars.h"
#include "runtime/simulator/PlanTasks.h"
#include "test/runtime/module/Sample.h"
#include "test/runtime/simulator/Machines.h"

#include <gtest/gtest.h>
#include <regex>

using namespace moec;
using namespace moec::report;
using namespace moec::test;

namespace {

/// A step of ranks that each send `tokens` tokens of 0.1 MB to each.
struct Step {
  explicit Step(uint32_t ranks, double tokens = 10)
      : network(switched(ranks, 100 * GB, 1 * us)), graph(ranks) {
    traffic::ItemCounts counts;
    counts.ranks = ranks;
    counts.tokens.assign(ranks, tokens);
    counts.copies = counts.rows = traffic::Matrix(ranks);
    for (uint32_t from = 0; from < ranks; ++from)
      for (uint32_t to = 0; to < ranks; ++to)
        counts.copies.at(from, to) = counts.rows.at(from, to) = tokens;
    Layer layer = sampleLayer();
    layer.hidden = 25000;
    plan = directRowsPlan(layer, ranks);
    graph = *simulator::makePlanTasks(plan, counts, simulator::NoKernelTimes());
    simulation = *simulator::simulate(graph, network);
  }
  Report report() const {
    return {.title = "a layer",
            .facts = {},
            .seconds = simulation.seconds,
            .boundSeconds = 0,
            .boundBy = "",
            .phases = {},
            .candidates = {},
            .candidatesNote = "",
            .plan = plan,
            .network = network,
            .graph = graph,
            .simulation = simulation};
  }
  plan::Plan plan;
  topology::Network network;
  simulator::TaskGraph graph;
  simulator::Simulation simulation{0, {}, {}, simulator::Usage(0), 0};
};

/// What the page's script reads.
nlohmann::json dataOf(const std::string &page) {
  std::string begin = "type=\"application/json\">";
  size_t at = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
}

TEST(PageText, ForeignTextStaysText) {
  EXPECT_EQ(escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(dataText({{"a", "</script>"}}), "{\"a\":\"\\u003c/script>\"}");
}

TEST(PageText, NumbersHaveUnits) {
  EXPECT_EQ(timeText(1.234e-6), "1.23 \u00b5s");
  EXPECT_EQ(timeText(1234e-6), "1234.0 \u00b5s");
  EXPECT_EQ(timeText(12.34e-3), "12.34 ms");
  EXPECT_EQ(ratioText(3, 2), "1.50");
  EXPECT_EQ(ratioText(3, 0), "");
  EXPECT_EQ(percentText(.5), "50.00%");
  EXPECT_EQ(percentText(7), "100.00%");
}

TEST(TaskBars, EveryTaskThatTakesTimeIsABar) {
  Step step(4);
  Bars bars = barsOf(step.graph, step.simulation, 1000);
  EXPECT_FALSE(bars.isMerged);
  EXPECT_EQ(bars.tasks, bars.bars.size());
  double bytes = 0;
  for (const Bar &bar : bars.bars) {
    EXPECT_LT(bar.begin, bar.end);
    EXPECT_EQ(bar.tasks, 1u);
    bytes += bar.bytes;
  }
  EXPECT_GE(bytes, 2 * 12 * 10 * .1 * MB); // there and back
}

TEST(TaskBars, ManyBecomeFewAndLoseNothing) {
  Step step(8);
  Bars all = barsOf(step.graph, step.simulation, 100000),
       few = barsOf(step.graph, step.simulation, 60);
  EXPECT_TRUE(few.isMerged);
  EXPECT_LE(few.bars.size(), 60u);
  EXPECT_EQ(few.tasks, all.tasks);
  uint64_t tasks = 0;
  double bytes = 0, allBytes = 0;
  for (const Bar &bar : few.bars) {
    tasks += bar.tasks;
    bytes += bar.bytes;
  }
  for (const Bar &bar : all.bars)
    allBytes += bar.bytes;
  EXPECT_EQ(tasks, all.tasks);
  EXPECT_DOUBLE_EQ(bytes, allBytes);
  // One bar for each op of a rank that takes time is as few as there can be.
  EXPECT_EQ(barsOf(step.graph, step.simulation, 0).bars.size(),
            barsOf(step.graph, step.simulation, 1).bars.size());
}

TEST(Page, NothingIsFetchedAndNothingIsLeftToFill) {
  Step step(4);
  std::string page = pageOf(step.report());
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=|url\\(|@import|https?:")));
  EXPECT_FALSE(std::regex_search(page, std::regex("@[A-Z_]+@")));
  EXPECT_NE(page.find("default-src 'none'"), page.npos);
}

TEST(Page, DataHoldsWhatIsDrawn) {
  Step step(4);
  nlohmann::json data = dataOf(pageOf(step.report()));
  EXPECT_EQ(data["ranks"], 4);
  EXPECT_EQ(data["resources"].size(), 8u); // a link out of and into each
  EXPECT_EQ(data["usage"].size(), 8u);
  EXPECT_EQ(data["matrix"]["dispatch"].size(), 4u);
  EXPECT_GE(data["matrix"]["dispatch"][1][2].get<double>(), 10 * .1 * MB);
  EXPECT_EQ(data["bars"]["rank"].size(), data["bars"]["end"].size());
  for (const auto &column : data["bars"])
    EXPECT_EQ(column.size(), data["tasks"].get<size_t>());
}

TEST(Page, NamesFromOutsideDoNotBecomeMarkup) {
  Step step(2);
  std::string evil = "</script><script>alert(1)</script>@DATA@";
  step.plan.name = step.plan.ops[0].name = evil;
  Report report = step.report();
  report.title = report.boundBy = evil;
  report.facts = {{evil, evil}};
  report.phases = {{evil, 1, 1, evil}};
  report.candidates = {{evil, evil, 1, 1, true, ""}, {evil, evil, 0, 0, false, evil}};
  report.candidatesNote = evil;
  std::string page = pageOf(report);
  EXPECT_EQ(page.find("<script>alert"), page.npos);
  EXPECT_NE(page.find("@DATA@"), page.npos); // as text, not filled in
  EXPECT_EQ(dataOf(page)["ranks"], 2);
}

TEST(Page, OneRankAndNoTokensHaveAPage) {
  for (const Step &step : {Step(1), Step(2, 0), Step(1, 0)}) {
    nlohmann::json data = dataOf(pageOf(step.report()));
    EXPECT_EQ(data["matrix"]["combine"].size(), step.graph.getRanks());
  }
}

TEST(Page, ThousandsOfTasksStaySmall) {
  Step step(96);
  std::string page = pageOf(step.report());
  EXPECT_LT(page.size(), 6u << 20);
  EXPECT_NE(page.find("drawn as"), page.npos);
}

} // namespace
