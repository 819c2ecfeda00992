//===- EmitKernels.cpp - Compile every kernel and print what came of it ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/Passes.h"
#include "codegen/nvptx/sass/Mix.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace moec::codegen {
#define GEN_PASS_DEF_TILEEMITKERNELSPASS
#include "codegen/nvptx/Passes.h.inc"

static void printResources(const CompiledKernel &kernel, llvm::raw_ostream &out) {
  out << kernel.name << ": registers " << kernel.registers << ", spills " << kernel.spillBytes
      << " bytes, stack " << kernel.stackBytes << " bytes, static shared " << kernel.sharedStatic
      << " bytes, barriers " << kernel.barriers << ", code " << kernel.codeBytes << " bytes\n";
}

static void printSeconds(const CompiledKernel &kernel, llvm::raw_ostream &out) {
  const KernelSeconds &s = kernel.seconds;
  out << kernel.name
      << llvm::format(": ms: translate %.1f, optimize %.1f, emit %.1f, lint %.1f, assemble %.1f\n",
                      s.translate * 1e3, s.optimize * 1e3, s.emit * 1e3, s.lint * 1e3,
                      s.assemble * 1e3);
}

static rt::Status printMix(const CompiledKernel &kernel, llvm::raw_ostream &out) {
  MOEC_ASSIGN_OR_RETURN(std::string listing, disassemble(kernel.cubin));
  MOEC_ASSIGN_OR_RETURN(std::vector<SassMix> mixes, sassMix(listing));
  for (const SassMix &mix : mixes)
    out << describe(mix);
  return {};
}

namespace {
struct TileEmitKernels : impl::TileEmitKernelsPassBase<TileEmitKernels> {
  using TileEmitKernelsPassBase::TileEmitKernelsPassBase;

  void getDependentDialects(mlir::DialectRegistry &registry) const override {
    registerNvptxTranslations(registry);
  }

  void runOnOperation() override {
    auto wanted = llvm::StringSwitch<std::optional<Assembler>>(assembler)
                      .Case("any", Assembler::Any)
                      .Case("ptxas", Assembler::Ptxas)
                      .Case("nvjitlink", Assembler::NvJitLink)
                      .Case("none", Assembler::None)
                      .Default(std::nullopt);
    if (!wanted) {
      mlir::emitError(getOperation().getLoc())
          << "wanted any, ptxas, nvjitlink or none as assembler, found '" << assembler << "'";
      return signalPassFailure();
    }
    NvptxOptions options;
    options.assembler = *wanted;
    options.ptxas = ptxas;
    options.threads = threads;
    options.strict = strict;
    options.lint = lint;
    auto kernels = compileKernels(getOperation(), options);
    if (mlir::failed(kernels))
      return signalPassFailure();
    for (const CompiledKernel &kernel : *kernels) {
      if (print == "ptx")
        llvm::outs() << kernel.ptx;
      else if (print == "seconds")
        printSeconds(kernel, llvm::outs());
      else if (print == "resources")
        printResources(kernel, llvm::outs());
      else if (rt::Status done = printMix(kernel, llvm::outs()); !done.ok()) {
        mlir::emitError(getOperation().getLoc()) << done.message();
        return signalPassFailure();
      }
    }
  }
};
} // namespace

} // namespace moec::codegen
