//===- KernelFormTest.cpp - What shares a launch, and the judge -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrong answers are written by hand and must be refused.
//===----------------------------------------------------------------------===//

#include "passes/fusion/CheckForm.h"

#include <gtest/gtest.h>

using namespace moec::fusion;

/// DeepSeek-V3 on eight ranks.
static KernelProblem makeProblem(uint32_t maxTokens) {
  KernelProblem problem;
  problem.ranks = 8;
  problem.topK = 8;
  problem.experts = 256;
  problem.hidden = 7168;
  problem.intermediate = 2048;
  problem.sharedIntermediate = 2048;
  problem.maxTokens = maxTokens;
  return problem;
}

/// OLMoE on eight ranks: a step of few tokens takes less than 100 us.
static KernelProblem makeSmallProblem(uint32_t maxTokens) {
  KernelProblem problem;
  problem.ranks = 8;
  problem.topK = 8;
  problem.experts = 64;
  problem.hidden = 2048;
  problem.intermediate = 1024;
  problem.maxTokens = maxTokens;
  return problem;
}

static constexpr Fusion fusions[] = {Fusion::Nothing, Fusion::DispatchUp, Fusion::DownCombine,
                                     Fusion::DispatchUpDownCombine, Fusion::Everything};

TEST(KernelForm, EveryAnswerIsAnAnswer) {
  for (uint32_t ranks : {1, 2, 3, 8, 64})
    for (uint32_t tokens : {0, 1, 8, 128, 1024, 8192})
      for (uint32_t bytes : {2, 4})
        for (KernelProblem problem : {makeProblem(tokens), makeSmallProblem(tokens)}) {
          problem.ranks = ranks;
          problem.combineBytes = bytes;
          EXPECT_EQ(checkProblem(problem), "");
          EXPECT_EQ(checkSolution(problem, solveKernelForm(problem)), "")
              << ranks << " ranks, " << tokens << " tokens, " << bytes << " bytes";
        }
}

TEST(KernelForm, WhatIsAskedForIsTaken) {
  for (Fusion fusion : fusions) {
    KernelProblem problem = makeProblem(8);
    problem.fusion = fusion;
    KernelSolution solution = solveKernelForm(problem);
    EXPECT_EQ(solution.fusion, fusion);
    EXPECT_EQ(checkSolution(problem, solution), "");
  }
}

TEST(KernelForm, LaunchesCutTheRowOfStagesInOrder) {
  for (bool shared : {false, true})
    for (Fusion fusion : fusions) {
      std::vector<StageKind> all;
      for (const std::vector<StageKind> &stages : launchesOf(fusion, shared)) {
        EXPECT_FALSE(stages.empty());
        all.insert(all.end(), stages.begin(), stages.end());
      }
      EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
      EXPECT_EQ(all.size(), shared ? 7u : 5u);
    }
  EXPECT_EQ(launchesOf(Fusion::Nothing, true).size(), 7u);
  EXPECT_EQ(launchesOf(Fusion::DispatchUp, true).size(), 6u);
  EXPECT_EQ(launchesOf(Fusion::DownCombine, true).size(), 4u);
  EXPECT_EQ(launchesOf(Fusion::DispatchUpDownCombine, false).size(), 3u);
  EXPECT_EQ(launchesOf(Fusion::Everything, true).size(), 1u);
}

TEST(KernelForm, FewTokensFuseManyDoNot) {
  EXPECT_EQ(solveKernelForm(makeSmallProblem(8)).fusion, Fusion::Everything);
  EXPECT_EQ(solveKernelForm(makeSmallProblem(8192)).fusion, Fusion::Nothing);
  EXPECT_EQ(solveKernelForm(makeSmallProblem(1024)).fusion, Fusion::DispatchUpDownCombine);
  EXPECT_EQ(solveKernelForm(makeProblem(0)).fusion, Fusion::Nothing);
}

TEST(KernelForm, FewRowsAreTheNarrowOperand) {
  KernelSolution solution = solveKernelForm(makeProblem(0));
  // 64 rows stand in for 16: both read the same weights, and that takes the time.
  ASSERT_EQ(solution.experts.size(), 2u);
  EXPECT_EQ(solution.experts[0].up.rows, 64u);
  EXPECT_GE(solution.experts[0].maxRows, 64u);
  EXPECT_FALSE(solution.experts[1].up.swapped);
  // A capacity for which no expert gets many rows needs no tile for them.
  KernelSolution few = solveKernelForm(makeProblem(8));
  ASSERT_EQ(few.experts.size(), 1u);
  EXPECT_EQ(few.experts[0].up.rows, 8u);
}

TEST(KernelForm, TheWidestFormMustBeWorthIt) {
  // One shared expert beside eight others: a step of any size is about as fast by 64 rows.
  KernelSolution solution = solveKernelForm(makeProblem(0));
  ASSERT_EQ(solution.shared.size(), 1u);
  EXPECT_EQ(solution.shared[0].up.rows, 64u);
  EXPECT_EQ(solution.shared[0].maxRows, UINT32_MAX);
  EXPECT_EQ(solution.experts.back().up.rows, 128u);
  // One as wide as all that a token chooses: worth tiles of its own.
  KernelProblem wide = makeProblem(0);
  wide.sharedIntermediate *= wide.topK;
  EXPECT_EQ(solveKernelForm(wide).shared.back().up.rows, 128u);
  KernelProblem asked = makeProblem(0);
  asked.sharedTiles = {{false, 64, 1024}, {false, 128}};
  EXPECT_EQ(solveKernelForm(asked).shared.size(), 2u);
}

TEST(KernelForm, AFormThatMakesAStepMuchFasterStays) {
  // Memory so fast that the first operand's rows decide.
  KernelProblem problem = makeProblem(0);
  problem.machine.memoryBytesPerMicrosecond *= 100;
  problem.machine.linkBytesPerMicrosecond *= 100;
  problem.machine.linkNanoseconds = problem.machine.barrierNanoseconds = 0;
  problem.machine.launchNanoseconds = 0;
  EXPECT_EQ(solveKernelForm(problem).experts[0].up.rows, 16u);
}

TEST(KernelForm, AFewRowsHaveTheTileThatHoldsThem) {
  KernelProblem problem = makeProblem(0);
  for (auto [tokens, rows] : {std::pair(32, 8u), {64, 16u}, {128, 32u}}) {
    problem.maxTokens = uint32_t(tokens); // of each of 8 ranks, 8 of 256 experts
    KernelSolution solution = solveKernelForm(problem);
    ASSERT_EQ(solution.experts.size(), 1u) << tokens;
    EXPECT_TRUE(solution.experts[0].up.swapped);
    EXPECT_EQ(solution.experts[0].up.rows, rows);
  }
}

TEST(KernelForm, TilesThatAreAskedForAreTaken) {
  KernelProblem problem = makeProblem(0);
  problem.expertTiles = {{true, 8, 8}, {true, 32, 40}, {false, 64, UINT32_MAX}};
  problem.sharedTiles = {{true, 64, UINT32_MAX}};
  EXPECT_EQ(checkProblem(problem), "");
  KernelSolution solution = solveKernelForm(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  ASSERT_EQ(solution.experts.size(), 3u);
  EXPECT_EQ(nameOf(solution.experts[2].up, true), "64x256x64");
  EXPECT_EQ(solution.experts[1].maxRows, 40u);
  EXPECT_EQ(nameOf(solution.shared[0].down, false), "swapped 64x128x64");
  solution.experts.pop_back();
  EXPECT_EQ(checkSolution(problem, solution), "other tiles for the experts than were asked for");

  problem.expertTiles[1].rows = 24;
  EXPECT_EQ(checkProblem(problem), "a tile of swapped 24 tokens for the experts");
  problem.expertTiles[1] = {true, 32, 8};
  EXPECT_EQ(checkProblem(problem), "tiles for the experts that do not grow");
  problem.expertTiles = {{false, 128, 7}};
  EXPECT_EQ(checkProblem(problem), "no tile for many rows of the experts");
}

TEST(KernelForm, WithoutAGateThereIsRoomForMoreFeatures) {
  KernelProblem problem = makeProblem(0);
  problem.gated = problem.sharedGated = false;
  for (uint32_t bytes : {2, 4}) {
    problem.combineBytes = bytes;
    KernelSolution solution = solveKernelForm(problem);
    EXPECT_EQ(checkSolution(problem, solution), "");
    for (const GemmForm &form : solution.experts)
      EXPECT_EQ(nameOf(form.up, problem.gated), form.up.swapped      ? "swapped 16x128x64"
                                                : form.up.rows == 64 ? "64x256x64"
                                                                     : "128x128x64");
  }
}

TEST(KernelForm, RowsOfTwoBytesAllowAWiderTile) {
  KernelProblem problem = makeProblem(0);
  problem.expertTiles = {{false, 64, 128}, {false, 128}};
  std::vector<GemmForm> sums = solveKernelForm(problem).experts;
  problem.combineBytes = 2;
  std::vector<GemmForm> narrow = solveKernelForm(problem).experts;
  ASSERT_EQ(sums.size(), 2u);
  ASSERT_EQ(narrow.size(), 2u);
  EXPECT_EQ(sums[0].down.features, 128u);
  EXPECT_EQ(sums[1].down.features, 128u);
  EXPECT_EQ(narrow[0].down.features, 256u);
  EXPECT_EQ(narrow[1].down.features, 128u) << "256 spill beside rows of 128";
}

TEST(KernelForm, ASolutionPrintsAsAScheduleBlock) {
  KernelProblem problem = makeSmallProblem(128);
  problem.fusion = Fusion::DispatchUpDownCombine;
  EXPECT_EQ(solveKernelForm(problem).print("olmoe"),
            "schedule for olmoe {\n"
            "  fuse dispatch + up\n"
            "  fuse down + combine\n"
            "  tile experts rows 64  # up 64x256x64, down 64x128x64\n"
            "}\n");
}

TEST(KernelForm, TheModelGrowsWithTokensAndSlowness) {
  KernelProblem problem = makeProblem(0);
  KernelSolution solution = solveKernelForm(problem);
  EXPECT_LT(estimateStep(problem, solution, 64), estimateStep(problem, solution, 4096));
  uint64_t before = estimateStep(problem, solution, 64);
  problem.machine.memoryBytesPerMicrosecond /= 2;
  EXPECT_GT(estimateStep(problem, solution, 64), before * 3 / 2);
  solution.fusion = Fusion::Everything;
  uint64_t fused = estimateStep(problem, solution, 64);
  solution.fusion = Fusion::Nothing;
  EXPECT_EQ(estimateStep(problem, solution, 64) - fused,
            6 * (problem.machine.launchNanoseconds - problem.machine.barrierNanoseconds));
}

TEST(CheckForm, WrongAnswersAreRefused) {
  KernelProblem problem = makeProblem(0);
  const KernelSolution right = solveKernelForm(problem);
  auto reasonFor = [&](auto spoil) {
    KernelSolution solution = right;
    spoil(solution);
    return checkSolution(problem, solution);
  };
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts.clear(); }), "no tile for the experts");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.shared.clear(); }),
            "no tile for the shared expert");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts.back().maxRows = 9; }),
            "no tile for many rows of the experts");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts.push_back(s.experts.back()); }),
            "a tile for the experts that nothing chooses");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[1].up.rows = 64; }),
            "a tile for more rows of the experts with no more tokens");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[1].up.rows = 96; }),
            "up tile of 96 rows and 128 features does not give two warpgroups 64 rows each");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[0].down.features = 8; }),
            "down tile of 64 rows and 8 features is no shape of the tensor cores");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[0].up = {12, 128, true, 4}; }),
            "up tile of 12 rows and 128 features is no shape of the tensor cores");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[0].down = {16, 512, true, 4}; }),
            "down tile of 16 rows and 512 features has a box of more than 256 rows");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[1].down.slots = 1; }),
            "down tile of 128 rows and 128 features has no second slot to load while one is "
            "multiplied");
  EXPECT_EQ(reasonFor([](KernelSolution &s) { s.experts[1].down.slots = 6; }),
            "down tile of 128 rows and 128 features needs 262144 bytes of shared memory");
  problem.fusion = Fusion::Everything;
  EXPECT_EQ(reasonFor([](KernelSolution &) {}), "fuses nothing, asked for is everything");
  problem.fusion.reset();
  problem.sharedIntermediate = 0;
  EXPECT_EQ(reasonFor([](KernelSolution &) {}), "a tile for a shared expert that is not there");
}

TEST(CheckForm, ProblemsWithoutSizesAreRefused) {
  for (auto spoil :
       {+[](KernelProblem &p) { p.ranks = 0; }, +[](KernelProblem &p) { p.topK = 0; },
        +[](KernelProblem &p) { p.experts = 0; }, +[](KernelProblem &p) { p.hidden = 0; },
        +[](KernelProblem &p) { p.intermediate = 0; }}) {
    KernelProblem problem = makeProblem(0);
    spoil(problem);
    EXPECT_EQ(checkProblem(problem),
              "kernels need at least one rank, slot, expert, and element of a row");
  }
  KernelProblem problem = makeProblem(0);
  problem.combineBytes = 1;
  EXPECT_EQ(checkProblem(problem), "rows that come back must have elements of 2 or 4 bytes");
}
