//===- Passes.td - Passes of the phase form-kernels --------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included by passes/Passes.td at its place in the pipeline.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_PASSES_TD
#define MOEC_PASSES_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def CommFormKernelsPass : Pass<"comm-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Make the kernels that carry out a plan";
  let description = [{
    Effect: adds to a module with `moe.target` the `tile.workspace`s, `tile.kernel`s
    and `tile.launch`es of its plan, and says in `tile.arch` and `tile.form` what
    they are for. The plan stays.

    Why: what shares a launch is a choice that depends on machine and capacity, so
    it stands apart from what a stage computes. The decision is made by the solver of
    passes/fusion/KernelForm.h from the plan's request, the mesh and the layer,
    checked by passes/fusion/CheckForm.h, and left on the plan as `fuse` of its
    schedule. Stages are written by the builders of passes/fusion/stages.

    Requires: phase schedule.

    Guarantees (phase form-kernels): every op of the plan is carried out by one
    launch; bits do not depend on what is fused.

    Will not: do anything for a module without a target; make kernels for f32 rows or
    weights, for more than one plan, or for a plan of another form than
    `--comm-schedule` makes (unsupported here).

    Example: test/passes/fusion/form-kernels.mlir
  }];
  let dependentDialects = [
    "::moec::tile::TileDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::math::MathDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
  let options = [
    Option<"report", "report", "bool", "false",
           "print each decision on stderr as a schedule block of the language, with that "
           "of --comm-schedule">
  ];
}

def CommVerifyFormedPass : Pass<"comm-verify-formed", "::mlir::ModuleOp"> {
  let summary = "Prove that the launches of a step are the plan";
  let description = [{
    Effect: none on the IR; an error at the launch or kernel that breaks a rule.

    Why: the end of the phase form-kernels. The kernels themselves are proved by the
    passes that lower them; here it is proved that together they do what the plan
    says, once.

    Requires: phase form-kernels, or a module without kernels.

    Guarantees (phase form-kernels): every op of the plan is carried out by exactly
    one launch, none before an op that it runs after; kernels of one launch have the
    same stages, and no stage is in two launches; every argument refers to a buffer,
    flag, workspace or weight that exists.

    Will not: look into the roles of a kernel.

    Example: test/passes/fusion/verify-formed.mlir
  }];
}

#endif // MOEC_PASSES_FUSION_PASSES_TD
