//===- ScheduleTest.cpp - Solvers and their judge -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrong answers are written by hand and must be refused.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/CheckSchedule.h"

#include <gtest/gtest.h>

using namespace moec::scheduling;

static ScheduleProblem makeProblem(uint32_t ranks) {
  ScheduleProblem problem;
  problem.ranks = ranks;
  problem.topK = 8;
  problem.bytesPerToken = 4096;
  problem.bytesPerReturnedRow = 8192;
  return problem;
}

TEST(StaggeredPut, AFreeProblemGetsOneCopyAndSeveralPeers) {
  for (uint32_t ranks : {1, 2, 3, 4, 5, 8, 64, 1024}) {
    ScheduleProblem problem = makeProblem(ranks);
    EXPECT_EQ(checkProblem(problem), "");
    ScheduleSolution solution = solveStaggeredPut(problem);
    EXPECT_EQ(checkSolution(problem, solution), "") << ranks;
    EXPECT_EQ(solution.depth, 1u);
    EXPECT_EQ(solution.window, ranks > 4 ? 4u : 0u);
  }
}

TEST(StaggeredPut, WhatIsAskedForIsTaken) {
  ScheduleProblem problem = makeProblem(8);
  problem.window = 1;
  problem.depth = 3;
  ScheduleSolution solution = solveStaggeredPut(problem);
  EXPECT_EQ(solution.window, 1u);
  EXPECT_EQ(solution.depth, 3u);
  EXPECT_EQ(checkSolution(problem, solution), "");
}

TEST(StaggeredPut, WithoutAReturnPathTwoCopiesAreNeeded) {
  ScheduleProblem problem = makeProblem(8);
  problem.bytesPerReturnedRow = 0;
  EXPECT_EQ(solveStaggeredPut(problem).depth, 2u);
  problem.depth = 1;
  EXPECT_NE(checkProblem(problem).find("2 copies are needed"), std::string::npos);
}

TEST(StaggeredPut, StepsInFlightNeedTwoCopies) {
  ScheduleProblem problem = makeProblem(8);
  problem.serialSteps = false;
  EXPECT_EQ(solveStaggeredPut(problem).depth, 2u);
}

TEST(StaggeredPut, ASolutionPrintsAsAScheduleBlock) {
  ScheduleProblem problem = makeProblem(8);
  EXPECT_EQ(solveStaggeredPut(problem).print("olmoe"),
            "schedule for olmoe {\n  algorithm staggered\n  window 4\n  depth 1\n}\n");
}

TEST(CheckSchedule, WrongAnswersAreRefused) {
  ScheduleProblem problem = makeProblem(8);
  EXPECT_EQ(checkSolution(problem, {4, 1}), "");
  EXPECT_EQ(checkSolution(problem, {4, 0}), "depth must be 1 to 64, not 0");
  EXPECT_EQ(checkSolution(problem, {1, 1}),
            "window 1 serialises the peers, which nobody asked for");
  problem.window = 2;
  EXPECT_EQ(checkSolution(problem, {4, 1}), "window 4 is not the 2 asked for");
  problem.depth = 2;
  EXPECT_EQ(checkSolution(problem, {2, 1}), "depth 1 is not the 2 asked for");
  problem = makeProblem(8);
  problem.bytesPerReturnedRow = 0;
  EXPECT_EQ(checkSolution(problem, {4, 1}),
            "depth 1 lets a rank overwrite rows that a peer still reads");
}

TEST(CheckSchedule, ProblemsWithoutSizesAreRefused) {
  for (auto spoil :
       {+[](ScheduleProblem &p) { p.ranks = 0; }, +[](ScheduleProblem &p) { p.topK = 0; },
        +[](ScheduleProblem &p) { p.bytesPerToken = 0; }}) {
    ScheduleProblem problem = makeProblem(8);
    spoil(problem);
    EXPECT_EQ(checkProblem(problem), "an exchange needs at least one rank, slot and byte a token");
  }
  ScheduleProblem problem = makeProblem(8);
  problem.depth = 0;
  EXPECT_EQ(checkProblem(problem), "depth must be 1 to 64, not 0");
}
