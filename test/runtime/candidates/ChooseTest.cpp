//===- ChooseTest.cpp - Cost schedules and choose one ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/candidates/Choose.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace moec;
using namespace moec::candidates;

namespace {

constexpr uint32_t ranks = 6;

topology::Machine boardWith(uint32_t gpus) {
  topology::Machine machine;
  machine.name = "board";
  machine.gpusPerNode = gpus;
  topology::Link link;
  link.name = topology::nvlinkName;
  link.rate = topology::Figure{1e9, ""};
  link.latency = topology::Figure{1e-6, ""};
  machine.links.push_back(link);
  return machine;
}

/// One peer at a time is slowest where sources meet; all at once is never slower.
std::vector<CandidatePlan> windows(const ModuleContents &contents,
                                   const std::vector<uint32_t> &widths) {
  std::vector<CandidatePlan> plans;
  for (uint32_t window : widths)
    plans.push_back({"window " + std::to_string(window), "",
                     test::directRowsPlan(contents.manifest.layer, ranks, 1, window), 64});
  return plans;
}

Load loadOf(const ModuleContents &contents, uint32_t tokens, const std::string &argument) {
  traffic::Routing routing;
  routing.tokens.assign(ranks, tokens);
  routing.experts = contents.manifest.layer.experts;
  routing.topK = contents.manifest.layer.router.topK;
  routing.placement = contents.manifest.placement;
  auto traffic = traffic::parseTraffic(argument);
  EXPECT_TRUE(traffic.ok());
  auto counts = traffic::countItems(*traffic, routing);
  EXPECT_TRUE(counts.ok());
  return {{tokens, argument}, *std::move(counts)};
}

class Choose : public testing::Test {
protected:
  Choose() {
    Layer layer = test::sampleLayer();
    layer.experts = 12;
    layer.weights = test::sampleWeights(layer);
    contents = test::sampleContents(layer, ranks);
  }
  std::vector<Load> loads() {
    std::vector<Load> all;
    for (uint32_t tokens : {16u, 512u})
      for (const char *skew : skewBuckets())
        all.push_back(loadOf(contents, tokens, skew));
    return all;
  }
  CandidateTable choose(std::vector<CandidatePlan> plans, Effort effort) {
    auto table =
        candidates::choose({contents.manifest, machine, 512}, std::move(plans), loads(), effort);
    EXPECT_TRUE(table.ok()) << table.status().message();
    return table.ok() ? *std::move(table) : CandidateTable();
  }

  ModuleContents contents;
  topology::Machine machine = boardWith(8);
};

TEST_F(Choose, takes_the_least_worst_ratio_of_the_buckets_that_count) {
  CandidateTable table = choose(windows(contents, {1, 2, 0}), Effort::All);
  ASSERT_EQ(table.candidates.size(), 3u);
  double chosen = worstRatio(table, table.winner());
  for (const Candidate &candidate : table.candidates) {
    ASSERT_EQ(candidate.costs.size(), 8u);
    EXPECT_LE(chosen, worstRatio(table, candidate) * equalRatio);
    for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket) {
      EXPECT_TRUE(candidate.costs[bucket].isSimulated());
      EXPECT_LE(bestSeconds(table, bucket), candidate.costs[bucket].seconds);
      EXPECT_LE(candidate.costs[bucket].floorSeconds, candidate.costs[bucket].seconds * (1 + 1e-9));
      EXPECT_LE(candidate.costs[bucket].boundSeconds, candidate.costs[bucket].seconds * (1 + 1e-9));
    }
  }
  EXPECT_GT(worstRatio(table, table.candidates[0]), equalRatio); // one peer at a time
  EXPECT_NE(table.chosen, 0u);
}

TEST_F(Choose, cuts_no_fewer_tokens_than_pieces) {
  auto isBestOfFew = [](const CandidateTable &table, size_t candidate) {
    for (size_t bucket = 0; bucket < table.buckets.size(); ++bucket)
      if (table.buckets[bucket].tokens == 16 && table.best[bucket] == candidate)
        return true;
    return false;
  };
  std::vector<CandidatePlan> plans = windows(contents, {1, 0, 0});
  EXPECT_TRUE(isBestOfFew(choose(plans, Effort::All), 1));
  plans[1].pieces = 32;
  plans[2].pieces = 513;
  CandidateTable table = choose(plans, Effort::All);
  EXPECT_FALSE(isBestOfFew(table, 1));
  EXPECT_EQ(table.chosen, 1u);
  EXPECT_EQ(table.candidates[2].misfit, "of 512 tokens most of 513 pieces are empty");
}

TEST_F(Choose, calls_equals_what_they_are) {
  std::vector<CandidatePlan> plans = windows(contents, {0, 0});
  plans[1].plan.name = "other";
  CandidateTable table = choose(plans, Effort::All);
  EXPECT_EQ(whyOf(table, 0), "the best");
  EXPECT_EQ(whyOf(table, 1), "as fast as the best, and less plain");
}

TEST_F(Choose, simulates_less_and_chooses_the_same) {
  std::vector<CandidatePlan> plans = windows(contents, {1, 2, 0});
  // Three times the bytes cannot win, and its floor says so.
  CandidatePlan heavy = plans[2];
  heavy.schedule = "heavy";
  for (plan::Buffer &buffer : heavy.plan.buffers)
    buffer.bytesPerRecord *= 3;
  plans.push_back(heavy);
  CandidateTable all = choose(plans, Effort::All), some = choose(plans, Effort::Choice);
  EXPECT_EQ(some.chosen, all.chosen);
  EXPECT_EQ(some.best, all.best);
  const Candidate &bounded = some.candidates[3];
  for (size_t bucket = 4; bucket < 8; ++bucket)
    EXPECT_FALSE(bounded.costs[bucket].isSimulated());
  EXPECT_GT(worstRatio(some, bounded), 1.5);
  EXPECT_NE(whyOf(some, 3).find("at least"), std::string::npos) << whyOf(some, 3);
  EXPECT_NE(whyOf(some, 3).find("alone takes"), std::string::npos) << whyOf(some, 3);
}

TEST_F(Choose, by_floors_simulates_nothing) {
  std::vector<CandidatePlan> plans = windows(contents, {0});
  plans.insert(plans.begin(), plans[0]);
  for (plan::Buffer &buffer : plans[0].plan.buffers)
    buffer.bytesPerRecord *= 3;
  CandidateTable table = choose(plans, Effort::Floors);
  EXPECT_EQ(table.chosen, 1u);
  EXPECT_EQ(table.best, std::vector<size_t>(8, 1));
  for (const Candidate &candidate : table.candidates)
    for (const Cost &cost : candidate.costs)
      EXPECT_FALSE(cost.isSimulated());
}

TEST_F(Choose, prefers_the_plainer_of_equals) {
  CandidateTable table = choose(windows(contents, {0, 0}), Effort::Choice);
  EXPECT_EQ(table.chosen, 0u);
  EXPECT_EQ(table.best, std::vector<size_t>(8, 0));
}

TEST_F(Choose, keeps_what_does_not_fit_with_its_reason) {
  std::vector<CandidatePlan> plans = {{"algorithm two_tier", "needs nodes", {}, 0}};
  plans.push_back(windows(contents, {0})[0]);
  CandidateTable table = choose(plans, Effort::Choice);
  EXPECT_EQ(table.chosen, 1u);
  EXPECT_EQ(whyOf(table, 0), "does not fit: needs nodes");
  EXPECT_TRUE(table.candidates[0].costs.empty());
  nlohmann::ordered_json json = tableJson(table);
  EXPECT_EQ(json["chosen"], "window 0");
  EXPECT_EQ(json["candidates"][0]["fits"], false);
  EXPECT_EQ(json["candidates"][1]["costs"].size(), 8u);
  EXPECT_EQ(json["buckets"][7]["counts"], true);
  std::string text = tableText(table);
  EXPECT_NE(text.find("* 2  window 0"), std::string::npos) << text;
  EXPECT_NE(text.find("does not fit: needs nodes"), std::string::npos) << text;
}

TEST_F(Choose, says_why_nothing_can_be_chosen) {
  std::vector<CandidatePlan> none = {{"algorithm two_tier", "needs nodes", {}, 0}};
  auto table = candidates::choose({contents.manifest, machine, 512}, none, loads(), Effort::All);
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.status().message(), "no schedule fits: needs nodes");
  topology::Machine small = boardWith(4);
  small.nodes = 1;
  table = candidates::choose({contents.manifest, small, 512}, windows(contents, {0}), loads(),
                             Effort::All);
  EXPECT_FALSE(table.ok());
}

TEST(TokenBuckets, end_with_what_the_plan_allows) {
  EXPECT_EQ(tokenBuckets(4096), (std::vector<uint32_t>{1, 16, 128, 1024, 4096}));
  EXPECT_EQ(tokenBuckets(100), (std::vector<uint32_t>{1, 16, 100}));
  EXPECT_EQ(tokenBuckets(1), (std::vector<uint32_t>{1}));
  EXPECT_EQ(tokenBuckets(8192).back(), 8192u);
}

} // namespace
