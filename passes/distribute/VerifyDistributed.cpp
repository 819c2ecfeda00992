//===- VerifyDistributed.cpp - Prove that the mathematics has left --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "dialects/moe/MoeDialect.h"
#include "passes/Passes.h"
#include "passes/distribute/PlanFacts.h"

namespace moec {
#define GEN_PASS_DEF_MOEVERIFYDISTRIBUTEDPASS
#include "passes/Passes.h.inc"

namespace {
using namespace mlir;

struct VerifyDistributedPass : impl::MoeVerifyDistributedPassBase<VerifyDistributedPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool sound = succeeded(verifyNoLayer(module));
    for (auto plan : module.getOps<comm::PlanOp>())
      sound &= succeeded(readFacts(plan)) && succeeded(verifyExchange(plan));
    if (module.getOps<comm::PlanOp>().empty()) {
      module.emitError() << "module must hold a comm.plan, but holds none";
      sound = false;
    }
    if (!sound)
      signalPassFailure();
  }

private:
  LogicalResult verifyNoLayer(ModuleOp module);
  LogicalResult verifyExchange(comm::PlanOp plan);
};
} // namespace

LogicalResult VerifyDistributedPass::verifyNoLayer(ModuleOp module) {
  for (Operation &op : *module.getBody())
    if (isa_and_nonnull<moe::MoeDialect>(op.getDialect()))
      return op.emitError() << "no moe op can be left after distribute, but found " << op.getName();
  return success();
}

LogicalResult VerifyDistributedPass::verifyExchange(comm::PlanOp plan) {
  auto count = [&](StringRef name, auto range) -> LogicalResult {
    auto number = std::distance(range.begin(), range.end());
    if (number == 1)
      return success();
    return plan.emitError() << "plan must hold one " << name << ", but holds " << number;
  };
  if (failed(count("comm.dispatch", plan.getBody().getOps<comm::DispatchOp>())))
    return failure();
  return count("comm.combine", plan.getBody().getOps<comm::CombineOp>());
}

} // namespace moec
