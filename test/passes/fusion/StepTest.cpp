//===- StepTest.cpp - Parts of a plan, and its launches -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/StepLaunches.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::fusion;

static plan::Plan makePlan(bool shared) {
  Layer layer = test::sampleLayer();
  if (shared)
    layer.shared = SharedExpert{{6}, false};
  return test::directRowsPlan(layer, 4, /*depth=*/2);
}

static std::string nameOfBuffer(const plan::Plan &plan, uint32_t number) {
  return plan.buffers[number].name;
}

TEST(Step, PartsAreFoundByWhatIsDone) {
  for (bool shared : {false, true}) {
    plan::Plan plan = makePlan(shared);
    Step step;
    ASSERT_EQ(findParts(plan, step), "");
    EXPECT_EQ(step.ranks, 4u);
    EXPECT_EQ(step.depth, 2u);
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.tokens), "x");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.routes), "route");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.packed), "record");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.received), "recv");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.records), "meta");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.rows), "y");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.returned), "back");
    EXPECT_EQ(nameOfBuffer(plan, step.buffers.result), "out");
    EXPECT_EQ(step.buffers.shared.has_value(), shared);
    EXPECT_EQ(plan.flags[step.rowsFlag].name, "fd");
    EXPECT_EQ(plan.flags[step.returnedFlag].name, "fc");
  }
}

TEST(Step, APlanOfAnotherFormHasNoKernels) {
  auto reasonFor = [](auto change) {
    plan::Plan plan = makePlan(false);
    change(plan);
    Step step;
    return findParts(plan, step);
  };
  auto isPack = [](const plan::Op &op) {
    return op.kind == plan::OpKind::Compute && op.task == plan::TaskKind::Pack;
  };
  EXPECT_EQ(reasonFor([&](plan::Plan &plan) { std::erase_if(plan.ops, isPack); }),
            "a plan without a pack task");
  EXPECT_EQ(reasonFor([&](plan::Plan &plan) {
              plan.ops.push_back(*std::find_if(plan.ops.begin(), plan.ops.end(), isPack));
              plan.ops.back().name = "pk2";
            }),
            "'pk2' does the same as 'pk'");
  EXPECT_EQ(reasonFor([&](plan::Plan &plan) {
              for (plan::Op &op : plan.ops)
                if (op.name == "pd")
                  op.via = plan::Path::Rail;
            }),
            "'pd' leaves the node");
  EXPECT_EQ(reasonFor([&](plan::Plan &plan) {
              for (plan::Op &op : plan.ops)
                if (op.name == "ex")
                  op.domains = {{"s", plan::DomainKind::All}};
            }),
            "experts source by source");
}

TEST(StepLaunches, EveryOpIsCarriedOutOnce) {
  for (bool shared : {false, true})
    for (Fusion fusion : {Fusion::Nothing, Fusion::DispatchUp, Fusion::Everything}) {
      plan::Plan plan = makePlan(shared);
      Step step;
      ASSERT_EQ(findParts(plan, step), "");
      std::vector<uint32_t> all;
      for (const std::vector<StageKind> &stages : launchesOf(fusion, shared)) {
        std::vector<uint32_t> ops = opsOf(stages, step);
        EXPECT_TRUE(std::is_sorted(ops.begin(), ops.end()));
        all.insert(all.end(), ops.begin(), ops.end());
      }
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all.size(), plan.ops.size());
      for (uint32_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i], i);
    }
}

TEST(StepLaunches, NamesTellStagesAndTiles) {
  GemmForm form{16, {16, 128, true, 6}, {64, 128, true, 6}};
  LaunchVariant variant{16, form, form};
  EXPECT_EQ(nameOf(std::vector{StageKind::Route}), "route");
  EXPECT_EQ(nameOf(std::vector{StageKind::Dispatch, StageKind::ExpertUp}), "dispatch_to_expert_up");
  EXPECT_EQ(shapeOf({StageKind::Dispatch, StageKind::ExpertUp}, KernelProblem(), variant),
            "swapped 16x256x64");
  EXPECT_EQ(shapeOf({StageKind::ExpertDown}, KernelProblem(), variant), "swapped 64x128x64");
  EXPECT_EQ(shapeOf({StageKind::Reduce}, KernelProblem(), variant), "");
  EXPECT_EQ(rowsOf({StageKind::SharedDown, StageKind::Reduce}, variant), 64u);
  EXPECT_EQ(rowsOf({StageKind::Route}, variant), 0u);
}

TEST(StepLaunches, TheSharedExpertIsChosenByTheSameNumber) {
  KernelProblem problem;
  problem.ranks = 8;
  problem.topK = 8;
  problem.experts = 256;
  KernelSolution solution;
  solution.experts = {{16, {}, {}}, {UINT32_MAX, {}, {}}};
  // 8 * 8 / 256: a quarter of a row an expert for each token of a rank.
  GemmTile few{16, 128, true, 6}, some{64, 128, true, 6}, many;
  solution.shared = {{3, few, few}, {64, some, some}, {UINT32_MAX, many, many}};
  std::vector<LaunchVariant> alone = variantsOf({StageKind::SharedUp}, problem, solution);
  ASSERT_EQ(alone.size(), 2u) << "no number of rows stands for three tokens";
  EXPECT_EQ(alone[0].maxRows, 16u);
  EXPECT_EQ(alone[0].shared.up, some);
  EXPECT_EQ(alone[1].maxRows, UINT32_MAX);
  std::vector<LaunchVariant> fused =
      variantsOf({StageKind::ExpertDown, StageKind::SharedUp}, problem, solution);
  ASSERT_EQ(fused.size(), 2u);
  EXPECT_EQ(fused[0].shared.up, some) << "16 rows an expert are 64 tokens";
  EXPECT_EQ(fused[1].shared.up, many);
  EXPECT_EQ(variantsOf({StageKind::Route}, problem, solution).size(), 1u);
}
