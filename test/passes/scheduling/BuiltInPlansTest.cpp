//===- BuiltInPlansTest.cpp - Every schedule is right, no mutant of it is -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/passes/scheduling/BuiltInPlans.h"
#include "passes/scheduling/ModelRun.h"
#include "passes/scheduling/VerifyPlan.h"
#include "runtime/module/CheckManifest.h"
#include "runtime/plan/Check.h"
#include "test/passes/scheduling/Mutator.h"

#include <cstdio>
#include <gtest/gtest.h>

using namespace moec;
using namespace moec::scheduling;
using plan::Plan;

static void expectProven(const test::BuiltIn &builtIn) {
  Plan plan = test::makePlan(builtIn);
  scheduling::Extent extent = chooseExtent(plan, plan.ranks);
  EXPECT_EQ(extent.ranks, plan.ranks) << builtIn.name();
  for (const Fault &fault : verifyPlan(plan, extent))
    ADD_FAILURE() << builtIn.name() << ": " << nameOf(fault.rule) << ": " << fault.message;
}

TEST(BuiltInPlans, AreProvenForFewRanks) {
  const std::pair<uint32_t, uint32_t> shapes[] = {{1, 1}, {1, 2}, {1, 3}, {1, 8},
                                                  {2, 2}, {3, 2}, {2, 4}, {4, 3}};
  for (auto [nodes, lanes] : shapes)
    for (test::BuiltIn builtIn : test::builtInsOn(nodes, lanes))
      for (uint32_t depth : {1, 2}) {
        builtIn.depth = depth;
        expectProven(builtIn);
      }
}

static void expectProvenOn(uint32_t nodes, uint32_t lanes) {
  for (const test::BuiltIn &builtIn : test::builtInsOn(nodes, lanes))
    expectProven(builtIn);
}

// Cases of their own, which run beside each other.
TEST(BuiltInPlans, AreProvenForSixteenRanks) {
  expectProvenOn(1, 16);
  expectProvenOn(2, 8);
}
TEST(BuiltInPlans, AreProvenForARack) { expectProvenOn(1, 72); }
TEST(BuiltInPlans, AreProvenForNineBoards) { expectProvenOn(9, 8); }

TEST(BuiltInPlans, ComeOutRightInTheModel) {
  const std::pair<uint32_t, uint32_t> shapes[] = {{1, 2}, {2, 2}};
  for (auto [nodes, lanes] : shapes)
    for (const test::BuiltIn &builtIn : test::builtInsOn(nodes, lanes)) {
      Plan plan = test::makePlan(builtIn);
      CopyCounts copies(plan.ranks * plan.ranks);
      for (size_t i = 0; i < copies.size(); ++i)
        copies[i] = (i * 7 + i / 3) % 4;
      ModelCampaign campaign = runCounts(plan, copies, 40);
      EXPECT_FALSE(campaign.fault) << builtIn.name() << ": " << campaign.fault->message;
    }
}

/// Of the layer that the plans are for: what a module says beside its plan.
static Manifest makeManifest(const Plan &plan) {
  Manifest manifest;
  manifest.ranks = plan.ranks;
  manifest.layer.hidden = 2;
  manifest.layer.tokensType = manifest.layer.combineType = DType::F32;
  manifest.layer.router.topK = plan.topK;
  manifest.layer.shared = SharedExpert();
  manifest.layer.residual = true;
  return manifest;
}

/// Refused by the reader's checks, or by the proof for its own ranks.
static bool isRefused(const Plan &plan) {
  if (!plan::checkPlan(plan).ok() || !rt::checkAgreement(makeManifest(plan), plan).ok())
    return true;
  scheduling::Extent extent{plan.ranks, plan.nodes, plan.depth + 1};
  return !checkExtent(plan, extent).empty() || !verifyPlan(plan, extent).empty();
}

/// Of every built-in plan of the shape; returns how many there are.
static size_t expectNoneAccepted(test::BuiltIn builtIn, uint32_t depth) {
  builtIn.depth = depth;
  Plan plan = test::makePlan(builtIn);
  EXPECT_FALSE(isRefused(plan)) << builtIn.name();
  std::vector<test::Mutant> mutants = test::mutate(plan);
  size_t accepted = 0;
  for (const test::Mutant &mutant : mutants)
    if (!isRefused(mutant.plan)) {
      ADD_FAILURE() << builtIn.name() << ": " << mutant.name;
      ++accepted;
    }
  std::printf("%s: %zu mutants, %zu refused\n", builtIn.name().c_str(), mutants.size(),
              mutants.size() - accepted);
  return mutants.size();
}

static void expectNoneAcceptedOn(uint32_t nodes, uint32_t lanes) {
  size_t all = 0;
  for (const test::BuiltIn &builtIn : test::builtInsOn(nodes, lanes)) {
    if (builtIn.chunks > 1 && nodes == 3)
      continue; // says no more than on two nodes
    all += expectNoneAccepted(builtIn, 1);
    // Nor do two copies of what has three nodes, or pieces.
    if (nodes != 3 && builtIn.chunks == 1)
      all += expectNoneAccepted(builtIn, 2);
  }
  std::printf("all: %zu mutants\n", all);
}

TEST(BuiltInPlans, NoMutantIsAcceptedOnOneNode) { expectNoneAcceptedOn(1, 3); }
TEST(BuiltInPlans, NoMutantIsAcceptedOnTwoNodes) { expectNoneAcceptedOn(2, 2); }
TEST(BuiltInPlans, NoMutantIsAcceptedOnThreeNodes) { expectNoneAcceptedOn(3, 2); }
