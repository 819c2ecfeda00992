//===- MutationTest.cpp - Every change to a right plan is noticed ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each mutant changes one thing of one op: it is left out or doubled, a
// dependence is dropped, a peer, index, set, buffer, flag, value or payload is
// another one. The reader's checks or the verifier must refuse it, unless a test
// lists it with the reason why it is the same plan.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/VerifyPlan.h"
#include "runtime/plan/Check.h"
#include "runtime/plan/Expr.h"
#include "test/runtime/module/Sample.h"

#include <functional>
#include <gtest/gtest.h>

using namespace moec;
using namespace moec::scheduling;
using plan::Expr, plan::Op, plan::Plan;

namespace {

struct Mutant {
  std::string name;
  Plan plan;
};

class Mutator {
public:
  explicit Mutator(const Plan &plan) : plan(plan) {}
  std::vector<Mutant> run();

private:
  /// One mutant: a copy of the plan with op `i` changed.
  void add(size_t i, const std::string &what, const std::function<void(Op &)> &change);
  void leaveOut(size_t i);
  void doubleIt(size_t i);
  void changeExpr(size_t i, const std::string &what, const std::function<Expr &(Op &)> &get);
  void changeItems(size_t i, const std::string &what,
                   const std::function<plan::ItemSet &(Op &)> &get);
  void changeRegion(size_t i, const std::string &what,
                    const std::function<plan::Region &(Op &)> &get);
  void changeFlag(size_t i);

  const Plan &plan;
  std::vector<Mutant> mutants;
};

} // namespace

void Mutator::add(size_t i, const std::string &what, const std::function<void(Op &)> &change) {
  Plan mutant = plan;
  change(mutant.ops[i]);
  if (mutant != plan)
    mutants.push_back({plan.ops[i].name + ": " + what, std::move(mutant)});
}

void Mutator::leaveOut(size_t i) {
  Plan mutant = plan;
  mutant.ops.erase(mutant.ops.begin() + i);
  for (Op &op : mutant.ops) {
    std::erase_if(op.after, [&](const plan::After &after) { return after.op == i; });
    for (plan::After &after : op.after)
      after.op -= after.op > i;
  }
  mutants.push_back({plan.ops[i].name + ": left out", std::move(mutant)});
}

void Mutator::doubleIt(size_t i) {
  Plan mutant = plan;
  Op twin = plan.ops[i];
  twin.name += "_twin";
  mutant.ops.push_back(twin);
  mutants.push_back({plan.ops[i].name + ": doubled", std::move(mutant)});
}

/// Another rank, another constant, one more.
void Mutator::changeExpr(size_t i, const std::string &what,
                         const std::function<Expr &(Op &)> &get) {
  const std::pair<const char *, Expr> others[] = {
      {"r", plan::rank()},
      {"n", plan::step()},
      {"0", plan::constant(0)},
      {"1", plan::constant(1)},
      {"first variable", plan::domainVariable(0)},
  };
  for (const auto &[name, expr] : others)
    add(i, what + " is " + name, [&](Op &op) { get(op) = expr; });
  add(i, what + " plus 1", [&](Op &op) { get(op) = get(op) + plan::constant(1); });
  add(i, what + " plus 1 mod ranks",
      [&](Op &op) { get(op) = plan::mod(get(op) + plan::constant(1), plan.ranks); });
}

void Mutator::changeItems(size_t i, const std::string &what,
                          const std::function<plan::ItemSet &(Op &)> &get) {
  add(i, what + " swapped",
      [&](Op &op) { std::reverse(get(op).args.begin(), get(op).args.end()); });
  for (auto kind : {plan::ItemSetKind::D, plan::ItemSetKind::Y})
    add(i, what + " of another kind", [&](Op &op) {
      get(op).kind = kind;
      get(op).args.resize(2, plan::rank());
    });
  Op copy = plan.ops[i];
  for (size_t j = 0; j < get(copy).args.size(); ++j)
    changeExpr(i, what + " argument " + std::to_string(j),
               [&, j](Op &op) -> Expr & { return get(op).args[j]; });
}

void Mutator::changeRegion(size_t i, const std::string &what,
                           const std::function<plan::Region &(Op &)> &get) {
  Op copy = plan.ops[i];
  const plan::Region &region = get(copy);
  for (uint32_t other = 0; other < plan.buffers.size(); ++other)
    add(i, what + " in " + plan.buffers[other].name, [&](Op &op) { get(op).buffer = other; });
  for (size_t j = 0; j < region.index.size(); ++j)
    changeExpr(i, what + " index " + std::to_string(j),
               [&, j](Op &op) -> Expr & { return get(op).index[j]; });
  changeItems(i, what + " set", [&](Op &op) -> plan::ItemSet & { return get(op).items; });
  add(i, what + " once", [&](Op &op) { get(op).each.clear(); });
  if (!region.each.empty())
    add(i, what + " from the rank on",
        [&](Op &op) { get(op).each[0].kind = plan::DomainKind::Stagger; });
}

void Mutator::changeFlag(size_t i) {
  if (plan.ops[i].kind != plan::OpKind::Signal && plan.ops[i].kind != plan::OpKind::Wait)
    return;
  add(i, "other flag", [&](Op &op) { op.flag = 1 - op.flag; });
  changeExpr(i, "value", [](Op &op) -> Expr & { return op.value; });
  for (size_t j = 0; j < plan.ops[i].flagIndex.size(); ++j)
    changeExpr(i, "cell index " + std::to_string(j),
               [j](Op &op) -> Expr & { return op.flagIndex[j]; });
  add(i, "without count", [](Op &op) {
    op.hasPayload = false;
    op.payload = {};
  });
  if (plan.ops[i].hasPayload)
    changeItems(i, "count", [](Op &op) -> plan::ItemSet & { return op.payload; });
}

std::vector<Mutant> Mutator::run() {
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    const Op &op = plan.ops[i];
    leaveOut(i);
    doubleIt(i);
    for (size_t j = 0; j < op.after.size(); ++j)
      add(i, "not after " + plan.ops[op.after[j].op].name,
          [&](Op &changed) { changed.after.erase(changed.after.begin() + j); });
    for (size_t j = 0; j < op.reads.size(); ++j) {
      changeRegion(i, "read " + std::to_string(j),
                   [j](Op &changed) -> plan::Region & { return changed.reads[j]; });
      add(i, "read " + std::to_string(j) + " left out",
          [&](Op &changed) { changed.reads.erase(changed.reads.begin() + j); });
    }
    for (size_t j = 0; j < op.writes.size(); ++j)
      changeRegion(i, "write", [j](Op &changed) -> plan::Region & { return changed.writes[j]; });
    if (!op.to.nodes.empty())
      changeExpr(i, "to", [](Op &changed) -> Expr & { return changed.to; });
    if (!op.domains.empty())
      add(i, "without its domain", [](Op &changed) { changed.domains.clear(); });
    changeFlag(i);
  }
  return std::move(mutants);
}

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
    scheduling::Extent extent{ranks, plan.depth + 1};
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
      EXPECT_EQ(checkExtent(plan, {ranks, depth + 1}), "");
      for (const Fault &fault : verifyPlan(plan, {ranks, depth + 1}))
        ADD_FAILURE() << ranks << " ranks, depth " << depth << ": " << fault.message;
    }
  }
}

static std::vector<std::string> getAccepted(uint32_t depth) {
  Plan plan = makePlan(depth);
  std::vector<Mutant> mutants = Mutator(plan).run();
  EXPECT_GT(mutants.size(), 600u);
  std::vector<std::string> accepted;
  for (const Mutant &mutant : mutants)
    if (!isRefused(mutant.plan))
      accepted.push_back(mutant.name);
  return accepted;
}

TEST(Mutation, EveryChangeIsNoticed) {
  for (uint32_t depth : {1, 2})
    EXPECT_EQ(getAccepted(depth), std::vector<std::string>{}) << "depth " << depth;
}

TEST(Mutation, ASumInRotatedOrderBreaksTheSumRule) {
  Plan plan = makePlan(/*depth=*/1);
  plan.ops.back().reads[1].each[0].kind = plan::DomainKind::Stagger;
  std::vector<Fault> faults = verifyPlan(plan, {3, 2});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].rule, Rule::Sum);
  EXPECT_EQ(faults[0].op, uint32_t(plan.ops.size() - 1));
}
