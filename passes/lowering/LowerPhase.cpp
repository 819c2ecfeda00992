//===- LowerPhase.cpp - The passes of the phase lower ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/LowerPhase.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"

namespace moec::lowering {
using namespace mlir;

/// Structured code to branches first: that makes arithmetic. nvvm stays: the emulator
/// takes it as it is.
static void addStandardConversions(OpPassManager &manager) {
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createTileScalarsToLlvmPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void addLower(OpPassManager &manager) {
  manager.addPass(createTileCheckPipesPass());
  manager.addPass(createTileAssignPass());
  manager.addPass(createTileFoldRingsPass());
  manager.addPass(createTileInsertFencesPass());
  manager.addPass(createTileLowerRolesPass());
  manager.addPass(createTileToNvvmPass());
  addStandardConversions(manager);
}

} // namespace moec::lowering
