//===- VerifyScheduled.cpp - The end of the phase schedule ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Judges what the module will hold, not the IR: the plan is serialised and then
// proved, and each fault is reported at the op it came from.
//===----------------------------------------------------------------------===//

#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/scheduling/SerializePlan.h"
#include "passes/scheduling/VerifyPlan.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_COMMVERIFYSCHEDULEDPASS
#include "passes/Passes.h.inc"

using namespace scheduling;

/// No op of the level above is left.
static LogicalResult verifyNothingAbstract(comm::PlanOp plan) {
  bool clean = true;
  plan.walk([&](Operation *op) {
    if (!isa<comm::DispatchOp, comm::CombineOp>(op))
      return;
    op->emitOpError() << "is left after the phase schedule";
    clean = false;
  });
  return success(clean);
}

/// Families in the order in which serializePlan numbers them.
static SmallVector<comm::FamilyOp> getFamilies(comm::PlanOp plan) {
  return llvm::to_vector(plan.getOps<comm::FamilyOp>());
}

static void report(comm::PlanOp plan, const Fault &fault) {
  SmallVector<comm::FamilyOp> families = getFamilies(plan);
  Operation *op = fault.op ? families[*fault.op].getOperation() : plan.getOperation();
  InFlightDiagnostic error = op->emitError()
                             << fault.message << " (rule " << nameOf(fault.rule) << ")";
  if (fault.other)
    error.attachNote(families[*fault.other].getLoc())
        << "'" << families[*fault.other].getLabel() << "' is here";
}

static LogicalResult verify(comm::PlanOp plan, unsigned maxRanks) {
  if (failed(verifyNothingAbstract(plan)))
    return failure();
  FailureOr<plan::Plan> serialized = serializePlan(plan);
  if (failed(serialized))
    return failure();
  Extent extent = chooseExtent(*serialized, maxRanks);
  if (std::string reason = checkExtent(*serialized, extent); !reason.empty())
    return plan.emitError() << kUnsupported << reason;
  std::vector<Fault> faults = verifyPlan(*serialized, extent);
  for (const Fault &fault : faults)
    report(plan, fault);
  return success(faults.empty());
}

namespace {
struct CommVerifyScheduledPass : impl::CommVerifyScheduledPassBase<CommVerifyScheduledPass> {
  using CommVerifyScheduledPassBase::CommVerifyScheduledPassBase;

  void runOnOperation() override {
    for (auto plan : getOperation().getOps<comm::PlanOp>())
      if (failed(verify(plan, maxRanks)))
        signalPassFailure(); // the other plans may have faults of their own
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace moec
