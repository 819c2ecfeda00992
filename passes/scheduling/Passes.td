//===- Passes.td - Passes of the phase schedule ------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included by passes/Passes.td at its place in the pipeline.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_PASSES_TD
#define MOEC_PASSES_SCHEDULING_PASSES_TD

include "mlir/Pass/PassBase.td"

def CommSchedulePass : Pass<"comm-schedule", "::mlir::ModuleOp"> {
  let summary = "Turn abstract exchanges into puts, flags and waits";
  let description = [{
    Effect: replaces `comm.dispatch` and `comm.combine` of every plan by one-sided
    puts, several of them in flight, each followed by a signal, and by the waits of
    the receiver: straight to each rank (`staggered_put`), once to each node by rail
    and from there to its ranks (`two_tier`), or by a switch to all ranks at once
    (`multicast`). With `combine = partial` sums of a rank's (and a node's) rows come
    back in place of the rows, with `combine = switch` the sum of all ranks' sums that
    the switch makes, and the plan's `result` says so.

    Why: this is the one place where the protocol of dialects/comm/README.md is
    written down as code: one region a source, one copy of a token for each
    destination rank, records with the source's slot choice, two flags an ordered
    pair and step, each with one writer, every one sent in every step.

    The decision (algorithm, window, depth) is made by the solvers of
    passes/scheduling/StaggeredPut.h, TwoTier.h and Multicast.h from the plan's request,
    nodes and topology, checked by passes/scheduling/CheckSchedule.h, and left on the plan as
    `schedule`.

    Requires: phase distribute.

    Guarantees (phase schedule): no `comm.dispatch` and `comm.combine`; every
    buffer that a peer writes is symmetric and indexed by `n mod depth`.

    Will not: change what is summed or in which order, unless partial sums are asked
    for; touch plans without exchanges; schedule more than one dispatch and one
    combine a plan, or free steps (unsupported here).

    Example: test/passes/scheduling/schedule.mlir,
    test/passes/scheduling/schedule-two-tier.mlir,
    test/passes/scheduling/schedule-multicast.mlir
  }];
  let dependentDialects = ["::moec::comm::CommDialect"];
  let options = [
    Option<"report", "report", "bool", "false",
           "print each decision on stderr as a schedule block of the language">
  ];
}

def CommVerifyScheduledPass : Pass<"comm-verify-scheduled", "::mlir::ModuleOp"> {
  let summary = "Prove that scheduled plans neither hang nor race";
  let description = [{
    Effect: none on the IR; an error at the op that breaks a rule, with a note at
    the other party.

    Why: the end of the phase schedule. A plan that is acyclic and whose
    conflicting accesses are all ordered has one result, whatever the timing; what
    is left is then checked by one abstract run (passes/scheduling/VerifyPlan.h).
    `moec verify` does the same to a module, for all its ranks, and tells more.

    Requires: a plan in the form of the phase schedule.

    Guarantees (phase schedule): no abstract exchange is left; every flag cell has
    one writer, every signal is awaited and every wait signalled; the tasks of
    depth + 1 steps are acyclic; conflicting accesses are ordered; what came by rail
    is read after a flag by rail; what is read was written in the same step, as the
    set that is read, and what is written is read; no dependence is implied by
    others, and waits name their cells plainly.

    Will not: prove it for every rank count. It unrolls the plan for its own
    number of ranks up to `max-ranks`, else for 3, or for fewer nodes.

    Example: test/passes/scheduling/verify-scheduled.mlir
  }];
  let dependentDialects = ["::moec::comm::CommDialect"];
  let options = [
    Option<"maxRanks", "max-ranks", "unsigned", "16",
           "unroll plans of more ranks for fewer">
  ];
}

def CommPrintPlanPass : Pass<"comm-print-plan", "::mlir::ModuleOp"> {
  let summary = "Print plans as the module will hold them";
  let description = [{
    Effect: serialises every plan and prints the decoded form on stdout, as
    `moec inspect` does; the IR stays.

    Why: shows what the runtime gets.

    Requires: phase schedule.

    Guarantees: nothing.

    Will not: write a file.

    Example: test/passes/scheduling/print-plan.mlir
  }];
  let options = [
    Option<"locations", "locations", "bool", "false",
           "print the source line of every op below the plan">
  ];
}

#endif // MOEC_PASSES_SCHEDULING_PASSES_TD
