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

def TileFoldRingsPass : Pass<"tile-fold-rings", "::mlir::ModuleOp"> {
  let summary = "Turn rings into loops whose slots are constants";
  let description = [{
    Effect: each `tile.ring` becomes an scf.for over rounds with one block a slot in
    its body; one with a rest an scf.while that is left behind the rest; one that only
    copies a loop over blocks. `tile.acquire` and `tile.wait` get slot and parity,
    commits and releases `after n` name the slot of n blocks before, and a product that
    starts at zero does not read its accumulators in the first block. Gathers carry
    their pointers from round to round.

    Why: the trip count of a ring is a constant (the hidden size is), so no address
    and no phase needs arithmetic in the inner loop. Slots of the rest are used once
    more a tile than the others: two parities a pipe say all, and the one behind a
    ring follows from the one before it. A run-time scale-d in the first block costs
    one predicate and saves a peeled round.

    Requires: tile kernels after -tile-assign.

    Guarantees: no `tile.ring`, `tile.ticket` value or `tile.gather`; every acquire
    and wait has a constant slot.

    Will not: fold pipes whose rings differ in their rest, or a pipe inside a ring
    of another (unsupported here).

    Example: test/passes/lowering/fold-rings.mlir
  }];
}

def TileInsertFencesPass : Pass<"tile-insert-fences", "::mlir::ModuleOp"> {
  let summary = "Order accesses of different proxies, wait before slots change hands";
  let description = [{
    Effect: proxy fences and warp syncs before commits of slots that threads wrote
    and behind flag waits; waits for copies, products and stores before the commit
    or release that speaks of them; `tile.mma_wait` before accumulators are read.

    Why: threads write in the generic proxy, TMA and wgmma read in the async proxy.
    Nobody writes these by hand: they follow from who touches a slot.

    Requires: -tile-fold-rings.

    Guarantees: every slot is handed on only after the accesses to it are over and,
    where proxies differ, fenced by the thread that made them.

    Will not: touch stages of scalar code, whose author orders what is written there.

    Example: test/passes/lowering/insert-fences.mlir
  }];
}

def TileLowerRolesPass : Pass<"tile-lower-roles", "::mlir::ModuleOp"> {
  let summary = "Turn kernels into functions, roles into branches";
  let description = [{
    Effect: a `tile.kernel` becomes an `llvm.func` with one parameter, the table of
    argument blocks. Barriers are initialised first; then one branch for each
    register budget, with the stages in order and a meeting of all CTAs of the rank
    between them. Loops over tiles become loops, and ops of one thread stand below an
    elected one. The code of a role stays together in an scf.execute_region with the
    attribute `warps`.

    Why: a role with a small budget must not hold values of others: arguments are
    loaded inside each role, and each walks the schedule itself.

    Requires: -tile-insert-fences.

    Guarantees: no `tile.kernel`, `tile.stage`, `tile.role` or `tile.for_tiles`;
    `tile.info` on every kernel's function, a data layout on the module.

    Will not: elect a thread where control differs between the lanes of a warp: the
    author has chosen who signals. Tile copies there are unsupported.

    Example: test/passes/lowering/lower-roles.mlir
  }];
}

def TileToNvvmPass : Pass<"tile-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Turn what is left of tile into llvm, nvvm and tile.ptx ops";
  let description = [{
    Effect: one op after the other becomes addresses, barriers, TMA, wgmma, stmatrix,
    flags. A fragment becomes its registers.

    Why: every choice has been made above; here is only how an instruction is told
    what to do (descriptors, swizzle, layouts).

    Requires: -tile-lower-roles.

    Guarantees: no tile op but those of `tile.ptx`, workspaces and launches.

    Will not: make inline PTX: the emulator takes the ops as they are here.

    Example: test/passes/lowering/to-nvvm.mlir
  }];
}

def TileScalarsToLlvmPass : Pass<"tile-scalars-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Turn arithmetic and branches of kernels into llvm ops";
  let description = [{
    Effect: cf, math and arith ops become llvm ops, casts between views that cancel out
    go.

    Why: MLIR has a pass for each of these dialects; one conversion goes over the
    kernels once.

    Requires: -convert-scf-to-cf.

    Guarantees: no op of these dialects in a kernel.

    Will not: touch nvvm and `tile.ptx`: the emulator takes them as they are.

    Example: test/passes/lowering/lower-roles.mlir (LOWERED)
  }];
}

def TileVerifyLoweredPass : Pass<"tile-verify-lowered", "::mlir::ModuleOp"> {
  let summary = "Prove that kernels are what code generation takes";
  let description = [{
    Effect: none on the IR; an error at what is left of a level above.

    Why: the end of the phase lower, where the ways to the GPU and to the emulator
    part. Both take this and nothing else.

    Requires: nothing.

    Guarantees (phase lower): functions with `tile.info` hold llvm, nvvm and tile.ptx
    ops alone; no other op of tile is left but workspaces and launches; the module
    has a data layout.

    Will not: judge what the code does.

    Example: test/passes/lowering/verify-lowered.mlir
  }];
}

#endif // MOEC_PASSES_LOWERING_PASSES_TD
