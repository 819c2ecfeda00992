//===- MutationTest.cpp - Every change to a right plan is noticed ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reader's checks or the verifier must refuse each mutant (Mutator.h).
//===----------------------------------------------------------------------===//

#include "passes/scheduling/VerifyPlan.h"
#include "runtime/plan/Check.h"
#include "runtime/plan/Expr.h"
#include "test/passes/scheduling/Mutator.h"
#include "test/runtime/module/Sample.h"

#include <cstdio>
#include <gtest/gtest.h>

using namespace moec;
using namespace moec::scheduling;
using plan::Plan;

static Plan makePlan(uint32_t depth) {
  Layer layer = test::sampleLayer();
  layer.shared = SharedExpert{{4, Activation::Silu}, true};
  return test::directRowsPlan(layer, 3, depth);
}

/// Refused by the reader's checks, or by the verifier for 1, 2 or 3 ranks.
static bool isRefused(const Plan &plan) {
  if (!plan::checkPlan(plan).ok())
    return true;
  for (uint32_t ranks = plan.ranks; ranks >= 1; --ranks) {
    scheduling::Extent extent{ranks, 1, plan.depth + 1};
    if (checkExtent(plan, extent).empty() && !verifyPlan(plan, extent).empty())
      return true;
  }
  return false;
}

TEST(Mutation, ThePlanItselfIsProved) {
  for (uint32_t depth : {1, 2, 3}) {
    Plan plan = makePlan(depth);
    EXPECT_TRUE(plan::checkPlan(plan).ok());
    for (uint32_t ranks : {1, 2, 3}) {
      EXPECT_EQ(checkExtent(plan, {ranks, 1, depth + 1}), "");
      for (const Fault &fault : verifyPlan(plan, {ranks, 1, depth + 1}))
        ADD_FAILURE() << ranks << " ranks, depth " << depth << ": " << fault.message;
    }
  }
}

static std::vector<std::string> getAccepted(uint32_t depth) {
  Plan plan = makePlan(depth);
  std::vector<test::Mutant> mutants = test::mutate(plan);
  EXPECT_GT(mutants.size(), 700u);
  std::vector<std::string> accepted;
  for (const test::Mutant &mutant : mutants)
    if (!isRefused(mutant.plan))
      accepted.push_back(mutant.name);
  std::printf("direct_rows, depth %u: %zu mutants, %zu refused\n", depth, mutants.size(),
              mutants.size() - accepted.size());
  return accepted;
}

TEST(Mutation, EveryChangeIsNoticed) {
  for (uint32_t depth : {1, 2})
    EXPECT_EQ(getAccepted(depth), std::vector<std::string>{}) << "depth " << depth;
}

TEST(Verify, ScalesToManyRanks) {
  for (uint32_t ranks : {1, 2, 3, 8, 16, 72}) {
    Plan plan = test::directRowsPlan(test::sampleLayer(), ranks);
    scheduling::Extent extent = chooseExtent(plan, ranks);
    EXPECT_EQ(extent, (scheduling::Extent{ranks, 1, 2}));
    EXPECT_TRUE(verifyPlan(plan, extent).empty()) << ranks;
  }
}

TEST(Verify, ARaceTellsWhatEachPartyKnowsOfTheOther) {
  Plan plan = makePlan(/*depth=*/1);
  std::erase_if(plan.ops.back().after,
                [&](const plan::After &after) { return plan.ops[after.op].name == "wc"; });
  std::vector<Fault> faults = verifyPlan(plan, {2, 1, 2});
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults[0].rule, Rule::Race);
  std::string text;
  for (const TraceLine &line : faults[0].trace)
    text += line.text + "\n";
  EXPECT_NE(text.find(" must have seen of "), std::string::npos) << text;
  EXPECT_NE(text.find("step 1, rank"), std::string::npos) << text;
}

TEST(Mutation, ASumInRotatedOrderBreaksTheSumRule) {
  Plan plan = makePlan(/*depth=*/1);
  plan.ops.back().reads[1].each[0].kind = plan::DomainKind::Stagger;
  std::vector<Fault> faults = verifyPlan(plan, {3, 1, 2});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].rule, Rule::Sum);
  EXPECT_EQ(faults[0].op, uint32_t(plan.ops.size() - 1));
}
