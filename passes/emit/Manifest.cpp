//===- Manifest.cpp - From a scheduled module to its manifest -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/emit/Manifest.h"
#include "dialects/moe/LayerAttr.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"

namespace moec {
using namespace mlir;

FailureOr<Manifest> buildManifest(ModuleOp module, StringRef compiler) {
  auto plans = llvm::to_vector(module.getOps<comm::PlanOp>());
  if (plans.empty()) {
    module.emitError() << "module must hold a comm.plan, but holds none";
    return failure();
  }
  if (plans.size() > 1) {
    InFlightDiagnostic diagnostic =
        plans[1].emitError() << kUnsupported << "a module file holds one layer, but here are "
                             << plans.size();
    diagnostic.attachNote(plans[0].getLoc()) << "the first is here";
    return failure();
  }
  FailureOr<PlanFacts> facts = readFacts(plans[0]);
  if (failed(facts))
    return failure();
  Manifest manifest;
  manifest.compiler = compiler.str();
  if (auto source = module->getAttrOfType<StringAttr>(moe::kSourceAttrName))
    manifest.source = source.str();
  manifest.machine = facts->mesh.getMachine().str();
  manifest.mesh = facts->mesh.getName().str();
  auto target = module->getAttrOfType<StringAttr>(moe::kTargetAttrName);
  manifest.target = target ? target.str() : "cpu";
  manifest.ranks = facts->mesh.getRanks();
  manifest.maxTokensPerRank = facts->maxTokens;
  manifest.layer = moe::toLayer(facts->layer, plans[0].getSymName());
  manifest.placement = moe::toPlacement(facts->placement);
  return manifest;
}

} // namespace moec
