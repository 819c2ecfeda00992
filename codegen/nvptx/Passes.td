//===- Passes.td - Passes that belong to the way to PTX ----*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_PASSES_TD
#define MOEC_CODEGEN_NVPTX_PASSES_TD

include "mlir/Pass/PassBase.td"

def TilePtxToAsmPass : Pass<"tile-ptx-to-asm", "::mlir::ModuleOp"> {
  let summary = "Write the tile.ptx ops as inline PTX";
  let description = [{
    Effect: every `tile.ptx` op becomes one `llvm.inline_asm`.

    Why: these are the instructions that nvvm has no op for. They stay ops until
    here because inline assembly can be neither emulated nor checked. Every one of
    them that touches memory names it as clobbered; accumulators are tied, so that
    nothing that reads them can move above the wait.

    Requires: what `-tile-to-nvvm` leaves, or a module written by hand.

    Guarantees: no op of the tile dialect in any function.

    Will not: mark anything convergent (there is no such thing in MLIR: that is
    done on LLVM IR, codegen/nvptx/ProtectModule.cpp).

    Example: test/codegen/nvptx/ptx-to-asm.mlir
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def TileEmitKernelsPass : Pass<"tile-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Compile every kernel and print what came of it";
  let description = [{
    Effect: none on the IR. Kernels become PTX and, where there is an assembler,
    machine code, as in a compile; `print` says what goes to stdout.

    Why: tests and people look at single kernels without a layer around them.

    Requires: what `-tile-to-nvvm` leaves.

    Guarantees: nothing; fails as a compile would.

    Will not: change or write anything.

    Example: test/codegen/nvptx/emit-kernels.mlir
  }];
  let options = [
    Option<"print", "print", "std::string", "\"resources\"",
           "ptx, resources, seconds, sass (the instruction mix of the machine code)">,
    Option<"assembler", "assembler", "std::string", "\"any\"", "any, ptxas, nvjitlink, none">,
    Option<"ptxas", "ptxas", "std::string", "\"\"", "path of ptxas; empty: looked for">,
    Option<"threads", "threads", "unsigned", "0", "kernels at a time; 0: one a core">,
    Option<"strict", "strict", "bool", "true", "spills and serialised wgmma are errors">,
    Option<"lint", "lint", "bool", "true", "check the PTX">
  ];
}

#endif // MOEC_CODEGEN_NVPTX_PASSES_TD
