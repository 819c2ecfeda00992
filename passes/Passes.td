//===- Passes.td - The passes, in the order in which the pipeline runs them -*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a pass says of itself: effect; why; requires and guarantees (phases); what
// it will not do; an example. The pipeline is passes/Pipelines.cpp.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PASSES_TD
#define MOEC_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// check: the layer is one that moec implements
//===----------------------------------------------------------------------===//

def MoeCheckPass : Pass<"moe-check", "::mlir::ModuleOp"> {
  let summary = "Prove that every layer can be compiled";
  let description = [{
    Effect: none on the IR; errors where a layer is not complete, or says what is
    not implemented.

    Why: the ops can be put together in more ways than there are kernels for. Here
    the unusual one is refused with its place in the source; every later pass
    relies on the closed form `#moe.layer` being there.

    Requires: phase import, or a module written by hand.

    Guarantees (phase check): at least one `moe.layer` and no op of a lower dialect;
    every layer has a closed form; every layer has a request or a placement.

    Will not: change anything; say whether weights fit into memory (that depends
    on the placement: `--moe-verify-placed`).

    Example: test/passes/check.mlir
  }];
}

//===----------------------------------------------------------------------===//
// schedule: who sends what to whom and when
//===----------------------------------------------------------------------===//

include "passes/scheduling/Passes.td"

#endif // MOEC_PASSES_PASSES_TD
