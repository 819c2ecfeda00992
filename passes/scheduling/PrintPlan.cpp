//===- PrintPlan.cpp - Print plans as the module will hold them -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Passes.h"
#include "passes/scheduling/SerializePlan.h"
#include "runtime/plan/PlanText.h"
#include "llvm/Support/raw_ostream.h"

namespace moec {
#define GEN_PASS_DEF_COMMPRINTPLANPASS
#include "passes/Passes.h.inc"

namespace {
struct CommPrintPlanPass : impl::CommPrintPlanPassBase<CommPrintPlanPass> {
  using CommPrintPlanPassBase::CommPrintPlanPassBase;

  void runOnOperation() override {
    for (auto op : getOperation().getOps<comm::PlanOp>()) {
      mlir::FailureOr<plan::Plan> plan = serializePlan(op);
      if (failed(plan))
        return signalPassFailure();
      llvm::outs() << plan::planText(*plan);
      if (!locations)
        continue;
      for (const plan::Op &family : plan->ops)
        llvm::outs() << "// %" << family.name << ": " << family.location.file << ":"
                     << family.location.line << ":" << family.location.column << "\n";
    }
  }
};
} // namespace
} // namespace moec
