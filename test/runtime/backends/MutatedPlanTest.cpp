//===- MutatedPlanTest.cpp - Whatever passes the checks can be run ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module may hold any plan that its readers let through. Such a plan may deadlock
// or compute rubbish, but it must end in a status, without touching memory that is
// not its own (this runs under AddressSanitizer too).
//===----------------------------------------------------------------------===//

#include "runtime/module/CheckManifest.h"
#include "runtime/plan/Check.h"
#include "runtime/plan/Expr.h"
#include "test/runtime/backends/SessionRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

#include <random>

namespace moec::test {
namespace {

using namespace plan;

class Mutator {
public:
  Mutator(Plan &plan, uint64_t seed) : plan(plan), random(seed) {}

  void mutate() {
    for (uint32_t changes = 1 + pick(3); changes > 0; --changes)
      mutateOp(plan.ops[pick(plan.ops.size())]);
  }

private:
  size_t pick(size_t count) { return count ? random() % count : 0; }
  bool coin() { return pick(2); }

  Expr expression(size_t domains) {
    switch (pick(5)) {
    case 0:
      return constant(static_cast<int64_t>(pick(plan.ranks)));
    case 1:
      return plan::rank();
    case 2:
      return domains ? domainVariable(static_cast<uint32_t>(pick(domains))) : plan::rank();
    case 3:
      return mod(plan::rank() + constant(static_cast<int64_t>(pick(4))), plan.ranks);
    default:
      return mod(step(), coin() ? plan.depth : plan.ranks);
    }
  }
  Expr &oneOf(std::vector<Expr> &exprs, Expr &otherwise) {
    return exprs.empty() ? otherwise : exprs[pick(exprs.size())];
  }
  void mutateRegion(Region &region, size_t domains) {
    Expr ignored;
    domains += region.each.size();
    switch (pick(4)) {
    case 0:
      oneOf(region.index, ignored) = expression(domains);
      return;
    case 1:
      oneOf(region.items.args, ignored) = expression(domains);
      return;
    case 2:
      region.buffer = static_cast<uint32_t>(pick(plan.buffers.size()));
      return;
    default:
      region.each.clear();
      return;
    }
  }
  void mutateOp(Op &op) {
    Expr ignored;
    size_t domains = op.domains.size();
    switch (pick(9)) {
    case 0:
      if (!op.after.empty())
        op.after.erase(op.after.begin() + pick(op.after.size()));
      return;
    case 1:
      if (!op.reads.empty())
        mutateRegion(op.reads[pick(op.reads.size())], domains);
      return;
    case 2:
      if (!op.writes.empty())
        mutateRegion(op.writes[pick(op.writes.size())], domains);
      return;
    case 3:
      oneOf(op.flagIndex, ignored) = expression(domains);
      return;
    case 4:
      (op.to.nodes.empty() ? op.value : op.to) = expression(domains);
      return;
    case 5:
      if (op.kind == OpKind::Signal || op.kind == OpKind::Wait)
        op.value = coin() ? constant(1) : step() + constant(static_cast<int64_t>(pick(3)));
      return;
    case 6:
      oneOf(op.payload.args, ignored) = expression(domains);
      return;
    case 7:
      op.domains.clear();
      return;
    default:
      if (!op.domains.empty())
        op.domains[0].kind = coin() ? DomainKind::All : DomainKind::Stagger;
      return;
    }
  }

  Plan &plan;
  std::mt19937_64 random;
};

TEST(MutatedPlan, EndsInAStatus) {
  Layer layer = sampleLayer();
  layer.shared = SharedExpert{{8, Activation::Silu}, true};
  layer.weights = sampleWeights(layer);
  LayerData data(layer, 9, 1);
  size_t run = 0, failed = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    uint32_t ranks = 1 + seed % 3;
    Manifest manifest = manifestOf(layer, linearPlacement(layer.experts, ranks));
    Plan plan = directRowsPlan(layer, ranks, 1 + seed % 2);
    Mutator(plan, seed).mutate();
    if (!checkPlan(plan).ok() || !rt::checkAgreement(manifest, plan).ok())
      continue;
    auto session = rt::cpu::CpuSession::create(manifest, plan, {1, 0, seed % 5 ? 0 : seed});
    ASSERT_TRUE(session.ok()) << session.status().message();
    ASSERT_TRUE((*session)->loadWeights(lookupIn(data)).ok());
    ++run;
    for (int step = 0; step < 2; ++step) {
      StepMemory memory(data, evenShares(9, ranks));
      rt::Status status = (*session)->step(memory.io);
      if (!status.ok()) {
        EXPECT_EQ(status.code(), rt::Code::Internal) << status.message();
        ++failed;
        break;
      }
    }
  }
  EXPECT_GT(run, 250u); // or the test says nothing
  EXPECT_GT(failed, 50u);
}

} // namespace
} // namespace moec::test
