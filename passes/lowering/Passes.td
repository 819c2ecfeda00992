//===- Passes.td - Passes of the phase lower ---------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included by passes/Passes.td at its place in the pipeline.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_PASSES_TD
#define MOEC_PASSES_LOWERING_PASSES_TD

include "mlir/Pass/PassBase.td"

def TileCheckPipesPass : Pass<"tile-check-pipes", "::mlir::ModuleOp"> {
  let summary = "Prove that the roles of every stage agree on their pipes";
  let description = [{
    Effect: none on the IR; an error at the op that breaks a rule, with a note at
    the other party.

    Why: phases, arrival counts and bytes are derived from the two ends of a pipe,
    so the ends must fit. What is left to go wrong is a wait that nobody answers:
    pipes are counters, so one abstract run of a few tiles shows every such cycle,
    whatever the timing on the machine.

    Requires: tile kernels whose rings are not folded.

    Guarantees: every pipe has a writer and a reader; every slot acquired is
    committed and every slot awaited released, once, on all paths, and not touched
    after; a ring uses each of its tickets once; the roles of a pipe use it equally often for each tile of
    the same schedule; what writers and readers keep in flight is less than the
    slots; no cycle of waits.

    Will not: judge pipes used under a condition, or in loops other than
    tile.for_tiles, tile.ring and scf.for (an error); look at flags.

    Example: test/passes/lowering/check-pipes.mlir
  }];
}

def TileAssignPass : Pass<"tile-assign", "::mlir::ModuleOp"> {
  let summary = "Assign shared memory, barriers, registers and argument blocks";
  let description = [{
    Effect: pipes get offset, barrier, arrival counts and TMA bytes; roles get
    registers; kernels get the size of shared memory and of an argument block, their
    bindings places in it.

    Why: all of it follows from the ops. Buffers of different stages overlap,
    barriers do not. Warpgroups that only start copies leave registers to those that
    multiply: 40 and 232 of 384 threads, 72 and 216 where they gather or compute.

    Requires: --tile-check-pipes.

    Guarantees: buffers at multiples of 1024 bytes, tensor maps at multiples of 128;
    shared memory and registers fit (the kernel's verifier counts again).

    Will not: change what a role says of its registers; choose slots.

    Example: test/passes/lowering/assign.mlir
  }];
}

#endif // MOEC_PASSES_LOWERING_PASSES_TD
