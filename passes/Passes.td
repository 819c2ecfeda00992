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
// place: which expert lives where
//===----------------------------------------------------------------------===//

def MoePlacePass : Pass<"moe-place", "::mlir::ModuleOp"> {
  let summary = "Decide which rank holds which experts";
  let description = [{
    Effect: each layer's `request` becomes a `placement`; one by load is made for
    the machine's links and memory (passes/placement/LoadProblem.h).

    Why: everything below depends on it, and an expert balancer wants to write it:
    the decision is an attribute that can be read, diffed and written by hand.
    The decision itself is made in passes/placement, which knows no MLIR, and is
    checked by code that did not make it.

    Requires: phase check.

    Guarantees (phase place): every layer has a placement and no request.

    Will not: touch a layer that has a placement; replicate an expert unless the
    request does, or goes by load.

    Example: test/passes/place.mlir
  }];
  let options = [
    Option<"report", "report", "bool", /*default=*/"false",
           "print each placement on stderr as a block of the language, with the "
           "bytes of weights of each rank (default: off)">,
  ];
}

def MoeVerifyPlacedPass : Pass<"moe-verify-placed", "::mlir::ModuleOp"> {
  let summary = "Prove that every layer is placed and fits";
  let description = [{
    Effect: none on the IR; errors where a layer has no placement, still has a
    request, or has more weights on a rank than the machine has memory for.

    Why: a placement may also come from a file or from hand.

    Requires: phase place.

    Guarantees: every layer has a placement whose weights fit the memory of each
    rank, if the machine states it.

    Will not: count anything but weights; buffers are known after --comm-schedule.

    Example: test/passes/verify-placed.mlir
  }];
}

//===----------------------------------------------------------------------===//
// distribute: from one layer to the program of a rank
//===----------------------------------------------------------------------===//

def MoeDistributePass : Pass<"moe-distribute", "::mlir::ModuleOp"> {
  let summary = "Turn each layer into the plan of one rank, the same for all";
  let description = [{
    Effect: each `moe.layer` becomes a `comm.plan` of its name: route, dispatch,
    experts, combine, sum, and beside them the shared expert. The sizes of what
    dispatch and combine move are named sets, known only on the device.

    Why: here the mathematics ends and the question of who holds what begins. How
    the exchange is done is left open: that is a schedule.

    Requires: phase place.

    Guarantees (phase distribute): no op of the moe dialect; each plan holds one
    `comm.dispatch` and one `comm.combine`, and carries `moe.layer`, `moe.mesh`,
    `moe.placement` and, if given, `moe.max_tokens`.

    Will not: choose puts, flags or a window; make the plan depend on the rank.

    Example: test/passes/distribute.mlir
  }];
  let dependentDialects = ["::moec::comm::CommDialect"];
}

def MoeVerifyDistributedPass : Pass<"moe-verify-distributed", "::mlir::ModuleOp"> {
  let summary = "Prove that the mathematics has left and nothing was lost";
  let description = [{
    Effect: none on the IR; errors where a moe op is left, or a plan lacks what
    the manifest needs of the layer.

    Why: from here on the plan and its attributes are all there is.

    Requires: phase distribute.

    Guarantees: what `--moe-distribute` guarantees, also of a plan written by hand.

    Will not: check the plan against a protocol; that is --comm-verify-scheduled.

    Example: test/passes/verify-distributed.mlir
  }];
}

//===----------------------------------------------------------------------===//
// schedule: who sends what to whom and when
//===----------------------------------------------------------------------===//

include "passes/scheduling/Passes.td"

//===----------------------------------------------------------------------===//
// form-kernels: which stages share a launch, and what they do
//===----------------------------------------------------------------------===//

include "passes/fusion/Passes.td"

//===----------------------------------------------------------------------===//
// lower: from roles and pipes to llvm and nvvm
//===----------------------------------------------------------------------===//

include "passes/lowering/Passes.td"

#endif // MOEC_PASSES_PASSES_TD
