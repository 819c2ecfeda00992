//===- ExtentTest.cpp - What of a plan is judged --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/VerifyPlan.h"
#include "runtime/plan/Expr.h"
#include "test/passes/scheduling/BuiltInPlans.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::scheduling;
using plan::Plan;

static Plan straight(uint32_t ranks) {
  return test::makePlan({Algorithm::StaggeredPut, Combine::Rows, 1, ranks});
}

/// Index `i` of every region of a buffer goes through `change`.
template <typename Change>
static void changeIndex(Plan &plan, const std::string &buffer, size_t i, const Change &change) {
  for (plan::Op &op : plan.ops)
    for (auto *regions : {&op.reads, &op.writes})
      for (plan::Region &region : *regions)
        if (plan.buffers[region.buffer].name == buffer)
          region.index[i] = change(region.index[i]);
}

TEST(Extent, ManyRanksAreJudgedForFew) {
  Plan plan = straight(20);
  EXPECT_EQ(chooseExtent(plan, 16), (Extent{3, 1, 2}));
  EXPECT_EQ(chooseExtent(plan, 20), (Extent{20, 1, 2}));
  EXPECT_EQ(checkExtent(plan, {3, 1, 2}), "");
}

/// Ranks 0 and 16 put into one region: of three ranks that would not be seen.
TEST(Extent, RanksThatAreDividedAreJudgedForAll) {
  Plan plan = straight(20);
  changeIndex(plan, "recv", 1, [](const plan::Expr &index) { return plan::mod(index, 16); });
  EXPECT_EQ(chooseExtent(plan, 16), (Extent{20, 1, 2}));
  EXPECT_EQ(checkExtent(plan, {3, 1, 2}),
            "its expressions divide ranks by 16, so that it says something else for the 3 ranks "
            "that can be judged of its 20");
  std::vector<Fault> faults = verifyPlan(plan, chooseExtent(plan, 16));
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults[0].rule, Rule::Race);
}

TEST(Extent, TwoNodesAtLeast) {
  Plan plan = test::makePlan({Algorithm::TwoTier, Combine::Rows, 4, 12});
  EXPECT_EQ(chooseExtent(plan, 16), (Extent{24, 2, 2}));
  EXPECT_EQ(chooseExtent(plan, 36), (Extent{36, 3, 2}));
}

/// Copies that go by turns come round after as many steps, whatever depth the plan says.
TEST(Extent, StepsUntilCopiesComeRound) {
  Plan plan = straight(2);
  EXPECT_EQ(chooseExtent(plan, 2).steps, 2u);
  changeIndex(plan, "recv", 0, [](const plan::Expr &) { return plan::mod(plan::step(), 3); });
  EXPECT_EQ(chooseExtent(plan, 2).steps, 4u);
}
