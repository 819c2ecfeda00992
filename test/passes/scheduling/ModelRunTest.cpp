//===- ModelRunTest.cpp - The model finds what the proof finds ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counter-examples of the protocol's design, by their names there, and the
// agreement of both judges on changed plans.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelRun.h"
#include "runtime/plan/Check.h"
#include "runtime/plan/Expr.h"
#include "test/passes/scheduling/Mutator.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::scheduling;
using plan::Op, plan::Plan;

static Plan makePlan(uint32_t ranks, uint32_t depth = 1) {
  return test::directRowsPlan(test::sampleLayer(), ranks, depth);
}

static Op &op(Plan &plan, const std::string &name) {
  for (Op &candidate : plan.ops)
    if (candidate.name == name)
      return candidate;
  throw std::runtime_error("no op " + name);
}

static std::string objection(const Plan &plan, uint32_t bound = 2) {
  ModelCampaign campaign = runAllCounts(plan, bound);
  return campaign.fault ? campaign.fault->message : "";
}

TEST(ModelRun, ARightPlanComesOutRightWithAllCounts) {
  for (uint32_t depth : {1, 2}) {
    ModelCampaign campaign = runAllCounts(makePlan(3, depth), 1);
    EXPECT_FALSE(campaign.fault) << campaign.fault->message;
    EXPECT_TRUE(campaign.isExhaustive);
    EXPECT_EQ(campaign.counts, 2u + 16 + 512);
    EXPECT_EQ(campaign.extents.size(), 3u);
  }
}

TEST(ModelRun, CountsOfOnesOwn) {
  ModelCampaign campaign =
      runCounts(makePlan(4), {0, 3, 0, 1, 0, 0, 0, 0, 9, 1, 1, 1, 2, 2, 0, 0}, 20);
  EXPECT_FALSE(campaign.fault) << campaign.fault->message;
  EXPECT_EQ(campaign.runs, 20u);
}

/// [B6]
TEST(ModelRun, ReturnFlagBeforeTheRows) {
  Plan plan = makePlan(3);
  op(plan, "sc").after = op(plan, "pc").after;
  EXPECT_NE(objection(plan), "");
}

TEST(ModelRun, TwoCopiesOfWhichOneIsUsed) {
  Plan plan = makePlan(3, 2);
  op(plan, "wd").flagIndex[0] = plan::constant(0);
  EXPECT_NE(objection(plan).find("never runs"), std::string::npos);
}

/// [F1]
TEST(ModelRun, RailDataBehindAnNvlinkFlag) {
  Plan plan = makePlan(3);
  op(plan, "pd").via = plan::Path::Rail;
  EXPECT_NE(objection(plan).find("finds"), std::string::npos);
}

TEST(ModelRun, AFailureTellsTheEventsBefore) {
  Plan plan = makePlan(2);
  op(plan, "pd").via = plan::Path::Rail;
  ModelCampaign campaign = runAllCounts(plan, 1);
  ASSERT_TRUE(campaign.fault);
  EXPECT_EQ(campaign.fault->rule, Rule::Run);
  EXPECT_GT(campaign.fault->trace.size(), 2u);
  ASSERT_TRUE(campaign.fault->op);
  EXPECT_EQ(plan.ops[*campaign.fault->op].name, "ex");
}

/// Whatever a run objects to the proof refuses; and runs alone find most of it.
TEST(ModelRun, BothJudgesAgree) {
  Plan plan = makePlan(2);
  size_t caught = 0, all = 0;
  for (const test::Mutant &mutant : test::mutate(plan)) {
    if (!plan::checkPlan(mutant.plan).ok())
      continue;
    ++all;
    scheduling::Extent extent{2, 1, plan.depth + 2};
    bool isRefused =
        !checkExtent(mutant.plan, extent).empty() || !verifyPlan(mutant.plan, extent).empty();
    bool isCaught = false;
    for (uint64_t seed = 1; seed <= 4 && !isCaught; ++seed) {
      std::vector<ModelTraffic> steps;
      for (CopyCounts counts :
           {CopyCounts{1, 2, 0, 1}, CopyCounts{2, 0, 1, 1}, CopyCounts{0, 1, 2, 0}})
        steps.emplace_back(2, 2, 1, birkhoff::Cut::Stages, counts);
      isCaught = runModel(mutant.plan, steps, seed).has_value();
    }
    caught += isCaught;
    EXPECT_TRUE(isRefused || !isCaught) << mutant.name;
  }
  RecordProperty("mutants", int(all));
  RecordProperty("caught", int(caught));
  std::printf("%zu of %zu well-formed mutants are caught by 4 runs each\n", caught, all);
  EXPECT_GT(caught * 10, all * 7);
}
