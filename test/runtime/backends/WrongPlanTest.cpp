//===- WrongPlanTest.cpp - Test mode notices plans that are wrong ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case breaks the right plan in one place and is run over several steps, ranks
// free to run ahead, with one seed after another until test mode objects. The names
// in brackets are the counter-examples of the protocol's design.
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"
#include "test/runtime/backends/SessionRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

#include <functional>

namespace moec::test {
namespace {

using namespace plan;
using rt::cpu::CpuSession;

constexpr uint32_t ranks = 3;
constexpr uint64_t mostSeeds = 60;

Op &op(Plan &plan, const std::string &name) {
  for (Op &candidate : plan.ops)
    if (candidate.name == name)
      return candidate;
  throw std::runtime_error("no op " + name);
}

uint32_t numberOf(const Plan &plan, const std::string &name) {
  for (uint32_t i = 0; i < plan.ops.size(); ++i)
    if (plan.ops[i].name == name)
      return i;
  throw std::runtime_error("no op " + name);
}

/// Takes ops away, and the edges that lead to them.
void remove(Plan &plan, const std::vector<std::string> &names) {
  for (const std::string &name : names) {
    uint32_t number = numberOf(plan, name);
    plan.ops.erase(plan.ops.begin() + number);
    for (Op &other : plan.ops) {
      std::erase_if(other.after, [&](const After &after) { return after.op == number; });
      for (After &after : other.after)
        after.op -= after.op > number;
    }
  }
}

void dropEdge(Plan &plan, const std::string &from, const std::string &to) {
  uint32_t number = numberOf(plan, to);
  std::erase_if(op(plan, from).after, [&](const After &after) { return after.op == number; });
}

Expr peerAfter() { return mod(domainVariable(0) + constant(1), ranks); }

/// Three steps whose shares differ, the same weights throughout.
struct Steps {
  explicit Steps(const Layer &layer) {
    for (Shares shares : {Shares{3, 0, 4}, Shares{5, 2, 1}, Shares{0, 6, 2}, Shares{2, 2, 2}}) {
      uint32_t tokens = shares[0] + shares[1] + shares[2];
      data.push_back(std::make_unique<LayerData>(layer, tokens, 1));
      memory.push_back(std::make_unique<StepMemory>(*data.back(), shares));
      io.push_back(memory.back()->io);
    }
  }
  std::vector<std::unique_ptr<LayerData>> data;
  std::vector<std::unique_ptr<StepMemory>> memory;
  std::vector<rt::cpu::StepIo> io;
};

rt::Status run(const Layer &layer, const Plan &plan, uint64_t seed, Steps &steps) {
  Manifest manifest = manifestOf(layer, linearPlacement(layer.experts, ranks));
  auto session = CpuSession::create(manifest, plan, {1, 0, seed});
  MOEC_RETURN_IF_ERROR(session.status());
  MOEC_RETURN_IF_ERROR((*session)->loadWeights(lookupIn(*steps.data[0])));
  return (*session)->steps(steps.io);
}

using Change = std::function<void(Plan &)>;

/// What test mode says of the changed plan, with the first seed that finds a fault.
std::string objection(const Change &change, uint32_t depth = 1) {
  Layer layer = sampleLayer();
  Plan plan = directRowsPlan(layer, ranks, depth);
  change(plan);
  for (uint64_t seed = 1; seed <= mostSeeds; ++seed) {
    Steps steps(layer);
    rt::Status status = run(layer, plan, seed, steps);
    if (!status.ok()) {
      EXPECT_EQ(status.code(), rt::Code::Internal);
      return status.message();
    }
  }
  return "";
}

void expectObjection(const Change &change, const std::string &text, uint32_t depth = 1) {
  std::string found = objection(change, depth);
  EXPECT_FALSE(found.empty());
  EXPECT_NE(found.find(text), std::string::npos) << found;
}

TEST(WrongPlan, RightPlansAreClean) {
  for (uint32_t depth : {1, 2})
    EXPECT_EQ(objection([](Plan &) {}, depth), "");
}

TEST(WrongPlan, RightResultsWhenRanksRunAhead) {
  Layer layer = sampleLayer();
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Steps steps(layer);
    ASSERT_TRUE(run(layer, directRowsPlan(layer, ranks), seed, steps).ok());
    for (size_t i = 0; i < steps.data.size(); ++i)
      EXPECT_EQ(steps.data[i]->compare(steps.memory[i]->result), "") << seed << ", step " << i;
  }
}

// --- Flags -----------------------------------------------------------------------------

TEST(WrongPlan, MissingSignal) {
  expectObjection([](Plan &plan) { remove(plan, {"sd"}); },
                  "deadlock: rank 0 waits for rank 0 on flag %fd[0, 0] in step 1 (sample.moe:");
}

TEST(WrongPlan, SignalOfAnotherEpoch) {
  expectObjection([](Plan &plan) { op(plan, "wc").value = step() + constant(1); },
                  "wanted epoch 2, found 1");
}

TEST(WrongPlan, MissingWait) {
  expectObjection([](Plan &plan) { remove(plan, {"wd"}); }, "which rank");
}

TEST(WrongPlan, SignalBeforeItsPut) {
  expectObjection([](Plan &plan) { dropEdge(plan, "sd", "pd"); }, "%recv on rank");
}

TEST(WrongPlan, SignalBeforeItsRecords) {
  expectObjection([](Plan &plan) { dropEdge(plan, "sd", "pm"); }, "%meta on rank");
}

/// [B6]
TEST(WrongPlan, ReturnFlagBeforeTheRows) {
  expectObjection(
      [](Plan &plan) {
        After experts = {numberOf(plan, "ex"), true, {}};
        op(plan, "sc").after = {experts};
      },
      "%back on rank");
}

TEST(WrongPlan, WaitForAnotherSource) {
  expectObjection([](Plan &plan) { op(plan, "wd").flagIndex[1] = peerAfter(); }, "");
}

TEST(WrongPlan, WaitThatOldFlagsFulfil) {
  expectObjection([](Plan &plan) { op(plan, "wc").value = constant(1); }, "%rd at sample.moe");
}

/// [B4, at its extreme] Return flags of the other ranks are not awaited.
TEST(WrongPlan, ReturnFlagsNotAwaited) {
  expectObjection([](Plan &plan) { op(plan, "wc").flagIndex[1] = rank(); }, "%back");
}

// --- Reuse without a return path ------------------------------------------------------------

void dispatchOnly(Plan &plan) { remove(plan, {"rd", "wc", "sc", "pc"}); }

/// [A1] One buffer: the next step's rows come before this step's have been used.
TEST(WrongPlan, DispatchOnlyWithOneBuffer) { expectObjection(dispatchOnly, "race"); }

/// [A2] Two buffers are enough as long as every flag is sent ..
TEST(WrongPlan, DispatchOnlyWithTwoBuffersIsRight) {
  EXPECT_EQ(objection(dispatchOnly, /*depth=*/2), "");
}

/// [A3] .. and has a word of its own, since its count is read late ..
TEST(WrongPlan, DispatchOnlyWithOneFlagWord) {
  expectObjection(
      [](Plan &plan) {
        dispatchOnly(plan);
        op(plan, "sd").flagIndex[0] = op(plan, "wd").flagIndex[0] = constant(0);
      },
      "", 2);
}

/// [A6] .. but not when a rank may leave out those of others: nothing bounds the skew.
TEST(WrongPlan, DispatchOnlyWithoutTheFlagsOfOthers) {
  expectObjection(
      [](Plan &plan) {
        dispatchOnly(plan);
        op(plan, "wd").flagIndex[1] = rank();
      },
      "", 2);
}

// --- Edges ----------------------------------------------------------------------------------

TEST(WrongPlan, PutBeforeTheRouting) {
  expectObjection([](Plan &plan) { dropEdge(plan, "pd", "rt"); }, "names D(");
}

TEST(WrongPlan, PutBeforeThePacking) {
  expectObjection([](Plan &plan) { op(plan, "pm").after = {{numberOf(plan, "rt"), true, {}}}; },
                  "%record on rank");
}

TEST(WrongPlan, ExpertsBeforeTheirRows) {
  expectObjection([](Plan &plan) { dropEdge(plan, "ex", "wd"); }, "names D(");
}

TEST(WrongPlan, ReturnBeforeTheExperts) {
  expectObjection([](Plan &plan) { dropEdge(plan, "pc", "ex"); }, "");
}

TEST(WrongPlan, SumBeforeTheReturnFlags) {
  expectObjection([](Plan &plan) { dropEdge(plan, "rd", "wc"); }, "%rd at sample.moe");
}

// --- Regions -----------------------------------------------------------------------------------

TEST(WrongPlan, PutIntoTheRegionOfAnother) {
  expectObjection(
      [](Plan &plan) { op(plan, "pd").writes[0].index[1] = mod(rank() + constant(1), ranks); },
      "%recv on rank");
}

TEST(WrongPlan, PutToAnotherRank) {
  expectObjection([](Plan &plan) { op(plan, "pd").to = peerAfter(); }, "%recv on rank");
}

TEST(WrongPlan, RecordsOfAnotherDestination) {
  expectObjection([](Plan &plan) { op(plan, "pm").reads[0].index[0] = peerAfter(); }, "");
}

TEST(WrongPlan, ExpertsReadAnotherSource) {
  expectObjection([](Plan &plan) { op(plan, "ex").reads[0].index[1] = peerAfter(); }, "");
}

TEST(WrongPlan, SumThatReadsOnlyItsOwnRows) {
  expectObjection(
      [](Plan &plan) {
        Region &back = op(plan, "rd").reads[1];
        back.each.clear();
        back.items.args[1] = rank();
      },
      "which it does not read");
}

TEST(WrongPlan, SignalOfAnotherCount) {
  expectObjection([](Plan &plan) { op(plan, "sd").payload.args[1] = peerAfter(); }, "");
}

/// A duplicate writes the same bytes: no value is ever wrong, it is a race all the same.
TEST(WrongPlan, PutTwice) {
  expectObjection(
      [](Plan &plan) {
        uint32_t number = numberOf(plan, "pd");
        Op twice = plan.ops[number];
        twice.name = "again";
        plan.ops.insert(plan.ops.begin() + number + 1, twice);
        for (size_t i = number + 2; i < plan.ops.size(); ++i)
          for (After &after : plan.ops[i].after)
            after.op += after.op > number;
      },
      "race");
}

} // namespace
} // namespace moec::test
