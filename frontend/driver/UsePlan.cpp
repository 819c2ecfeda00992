//===- UsePlan.cpp - A layer with a plan that was written by hand ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who writes a schedule says what moves when; the mathematics, the placement and the
// limits are the source's.
//===----------------------------------------------------------------------===//

#include "frontend/driver/Compilation.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/scheduling/SerializePlan.h"
#include "runtime/plan/Expand.h"

#include "mlir/IR/BuiltinOps.h"

namespace moec::driver {

/// Reports at the plan unless both numbers are the same.
static bool expectSame(comm::PlanOp plan, const char *what, int64_t found, const char *of,
                       int64_t wanted) {
  if (found == wanted)
    return true;
  plan->emitError() << "plan has " << found << ' ' << what << ", wanted " << wanted << " as " << of
                    << " has";
  return false;
}

static bool fits(comm::PlanOp plan, const PlanFacts &facts) {
  if (!expectSame(plan, "ranks", plan.getRanks(), "the layer's mesh", facts.mesh.getRanks()) ||
      !expectSame(plan, "slots a token (topk)", plan.getTopk(), "the layer's router",
                  facts.layer.getRouter().getTopK()))
    return false;
  auto serialized = serializePlan(plan);
  return mlir::succeeded(serialized) && expectSame(plan, "nodes", plan::machineCount(*serialized),
                                                   "the layer's mesh", facts.mesh.getNodes());
}

bool Compilation::usePlan(const std::string &path) {
  mlir::OwningOpRef<mlir::ModuleOp> read = readIr(path, Phase::Schedule);
  if (!read)
    return false;
  auto given = read->getOps<comm::PlanOp>();
  if (std::distance(given.begin(), given.end()) != 1) {
    (*read)->emitError() << "wanted one comm.plan, found "
                         << std::distance(given.begin(), given.end());
    return failed(1);
  }
  comm::PlanOp plan = *given.begin(), own = *module->getOps<comm::PlanOp>().begin();
  auto ofLayer = readFacts(own);
  if (mlir::failed(ofLayer) || !fits(plan, *ofLayer))
    return failed(reports.exitCode());
  plan->removeAttr(moe::kMaxTokensAttrName);
  writeFacts(plan, *ofLayer);
  plan.setSymName(own.getSymName());
  own->erase();
  plan->moveBefore(module->getBody(), module->getBody()->end());
  facts.schedule.clear(); // kernels are of this plan, not of what the source asks for
  phase = Phase::Schedule;
  isProven = false;
  byHand = path;
  return true;
}

void Compilation::tellHowToVerify() {
  // The pass says which rules are broken; a counter-example is for who asks for it.
  if (isProven || byHand.empty() || reports.empty() ||
      reports.all().back().message.find(" (rule ") == std::string::npos)
    return;
  reports.keepOrder(); // what is nearest to the cause comes first, and the note last
  reports.last().note(rt::concat("how it comes about: moec verify ", rt::printable(byHand)));
}

} // namespace moec::driver
