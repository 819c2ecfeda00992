//===- ScheduleTest.cpp - Solvers and their judge -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrong answers are written by hand and must be refused.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/CheckSchedule.h"
#include "passes/scheduling/Staged.h"
#include "passes/scheduling/StaggeredPut.h"
#include "passes/scheduling/TwoTier.h"

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

//===----------------------------------------------------------------------===//
// Two tiers, partial sums
//===----------------------------------------------------------------------===//

static ScheduleProblem makeTiers(uint32_t nodes, uint32_t lanes) {
  ScheduleProblem problem = makeProblem(nodes * lanes);
  problem.nodes = nodes;
  problem.algorithm = Algorithm::TwoTier;
  return problem;
}

TEST(TwoTier, OneCopyAndSeveralPeersOfTheLongerTier) {
  for (auto [nodes, lanes, window] :
       {std::tuple<uint32_t, uint32_t, uint32_t>{2, 2, 0}, {2, 8, 4}, {9, 2, 4}, {4, 4, 0}}) {
    ScheduleProblem problem = makeTiers(nodes, lanes);
    EXPECT_EQ(checkProblem(problem), "");
    ScheduleSolution solution = solveSchedule(problem);
    EXPECT_EQ(checkSolution(problem, solution), "");
    EXPECT_EQ(solution.algorithm, Algorithm::TwoTier);
    EXPECT_EQ(solution.depth, 1u);
    EXPECT_EQ(solution.window, window) << nodes << " x " << lanes;
  }
}

TEST(TwoTier, PrintsAsAScheduleBlock) {
  ScheduleProblem problem = makeTiers(2, 8);
  problem.combine = Combine::Partial;
  problem.depth = 2;
  EXPECT_EQ(solveSchedule(problem).print("l"),
            "schedule for l {\n  algorithm two_tier\n  window 4\n"
            "  depth 2\n  combine partial\n}\n");
}

TEST(TwoTier, OnePieceToEachPeerUnlessAWindowIsAskedFor) {
  ScheduleProblem problem = makeTiers(2, 8);
  problem.chunks = 4;
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_EQ(solution.window, 1u);
  EXPECT_TRUE(solution.eachPeer);
  EXPECT_EQ(solution.print("l"),
            "schedule for l {\n  algorithm two_tier\n  depth 1\n  chunks 4\n}\n");
  problem.window = 2;
  EXPECT_FALSE(solveSchedule(problem).eachPeer);
  EXPECT_EQ(solveSchedule(problem).window, 2u);
}

TEST(Staged, OnePieceToEachPeer) {
  ScheduleProblem problem = makeProblem(8);
  problem.algorithm = Algorithm::Staged;
  problem.groups = 2;
  problem.chunks = 4;
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_TRUE(solution.eachPeer);
}

TEST(TwoTier, NeedsNodesOfSeveralGpusAndAWayBack) {
  EXPECT_NE(checkProblem(makeTiers(1, 8)).find("counts nodes over a link"), std::string::npos);
  EXPECT_NE(checkProblem(makeTiers(4, 1)).find("more than one GPU a node"), std::string::npos);
  ScheduleProblem problem = makeTiers(2, 4);
  problem.bytesPerReturnedRow = 0;
  EXPECT_EQ(checkProblem(problem), "two_tier needs rows that come back and serial steps");
  problem = makeTiers(2, 4);
  problem.nodes = 3;
  EXPECT_EQ(checkProblem(problem), "nodes must divide the 8 ranks, not be 3");
}

TEST(CheckSchedule, AnotherAlgorithmOrSumIsRefused) {
  ScheduleProblem problem = makeTiers(2, 4);
  ScheduleSolution solution = solveSchedule(problem);
  problem.algorithm = Algorithm::StaggeredPut;
  EXPECT_EQ(checkSolution(problem, solution), "algorithm two_tier is not the staggered asked for");
  problem.algorithm.reset();
  EXPECT_EQ(checkSolution(problem, solution), "");
  problem.nodes = 1;
  EXPECT_EQ(checkSolution(problem, solution), "two tiers on one node");
  problem.nodes = 2;
  problem.combine = Combine::Partial;
  EXPECT_EQ(checkSolution(problem, solution), "combine rows is not the partial asked for");
  solution.combine = Combine::Partial;
  problem.combine = Combine::Rows;
  EXPECT_EQ(checkSolution(problem, solution), "combine partial is not the rows asked for");
}

TEST(Staged, NeedsOneMachineOfEqualGroups) {
  ScheduleProblem problem;
  problem.ranks = 8;
  problem.bytesPerToken = problem.bytesPerReturnedRow = 16;
  problem.algorithm = Algorithm::Staged;
  EXPECT_NE(checkProblem(problem).find("staged needs a machine whose sockets"), std::string::npos);
  problem.groups = 8;
  EXPECT_NE(checkProblem(problem).find("more than one GPU a host bridge"), std::string::npos);
  problem.groups = problem.nodes = 2;
  EXPECT_NE(checkProblem(problem).find("staged is for one machine"), std::string::npos);
  problem.nodes = 1;
  EXPECT_EQ(checkProblem(problem), "");
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_EQ(solution.groups, 2u);
  EXPECT_EQ(solution.print("l"),
            "schedule for l {\n  algorithm staged\n  window 0\n  depth 1\n}\n");
  solution.groups = 4;
  EXPECT_EQ(checkSolution(problem, solution), "4 groups on a machine of 2");
}

TEST(Rates, BySizeHaveAllPeersInFlight) {
  ScheduleProblem problem;
  problem.ranks = 72;
  problem.bytesPerToken = problem.bytesPerReturnedRow = 16;
  problem.ratesBySize = true;
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(solution.window, 0u);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_NE(solution.print("l").find("  rates sizes\n"), std::string::npos);
  solution.ratesBySize = false;
  EXPECT_EQ(checkSolution(problem, solution), "other rates than were asked for");
  problem.window = 1;
  EXPECT_EQ(checkProblem(problem), "rates sizes need more than one put in flight, not window 1");
}

TEST(CopyEngine, MovesWhatGoesStraightOnOneNode) {
  ScheduleProblem problem;
  problem.ranks = 4;
  problem.bytesPerToken = problem.bytesPerReturnedRow = 16;
  problem.copyEngine = true;
  EXPECT_EQ(checkProblem(problem), "");
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_NE(solution.print("l").find("  engine copy\n"), std::string::npos);
  solution.copyEngine = false;
  EXPECT_EQ(checkSolution(problem, solution), "another engine than was asked for");
  problem.crossByHost = true;
  EXPECT_EQ(checkProblem(problem), "engine copy moves from GPU to GPU, not by host");
  problem.crossByHost = false;
  problem.nodes = 2;
  EXPECT_EQ(checkProblem(problem), "engine copy needs algorithm staggered on one node");
}

TEST(Crossing, IsByHostOnOneNode) {
  ScheduleProblem problem;
  problem.ranks = 4;
  problem.bytesPerToken = problem.bytesPerReturnedRow = 16;
  problem.crossByHost = true;
  EXPECT_EQ(checkProblem(problem), "");
  problem.algorithm = Algorithm::Staged;
  problem.groups = 2;
  EXPECT_EQ(checkProblem(problem), "");
  ScheduleSolution solution = solveSchedule(problem);
  EXPECT_EQ(checkSolution(problem, solution), "");
  EXPECT_NE(solution.print("l").find("  cross by host\n"), std::string::npos);
  problem.algorithm = Algorithm::TwoTier;
  problem.nodes = 2;
  EXPECT_EQ(checkProblem(problem), "cross by host needs algorithm staged or staggered on one node");
}
