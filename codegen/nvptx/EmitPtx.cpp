//===- EmitPtx.cpp - From LLVM IR to PTX ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/EmitPtx.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

namespace moec::codegen {
using namespace llvm;

/// The oldest PTX with TMA loads into .shared::cta.
static constexpr const char *kFeatures = "+ptx86";

PtxEmitter::PtxEmitter() = default;
PtxEmitter::PtxEmitter(PtxEmitter &&) = default;
PtxEmitter::~PtxEmitter() = default;

rt::Result<PtxEmitter> PtxEmitter::create(const std::string &arch) {
  // This one target: InitializeAll* would read the tables of twenty.
  static const bool once = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)once;
  Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return rt::internalError(error);
  PtxEmitter emitter;
  emitter.machine.reset(target->createTargetMachine(triple, arch, kFeatures, {}, std::nullopt,
                                                    std::nullopt, CodeGenOptLevel::Default));
  return emitter;
}

/// What LLVM's O3 does to a kernel, in half the time: each pass once or twice and not
/// until nothing changes. A kernel is one function without memory of its own, whose
/// loops are unrolled where a stage says so; there is nothing to inline, to keep in
/// registers or to vectorise. That one round of instcombine left something to do is an
/// error of the program unless it is told otherwise.
static constexpr StringRef kPasses =
    "function(early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop-mssa(loop-rotate,licm),loop(indvars),gvn,correlated-propagation,"
    "simplifycfg<sink-common-insts;hoist-common-insts>,instcombine<no-verify-fixpoint>,"
    "loop-mssa(licm),dse,adce)";

rt::Status PtxEmitter::optimize(Module &module) const {
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  if (Error error = builder.parsePassPipeline(passes, kPasses))
    return rt::internalError(toString(std::move(error)));
  passes.run(module, modules);
  return {};
}

rt::Result<std::string> PtxEmitter::emit(Module &module) const {
  SmallString<0> text;
  raw_svector_ostream stream(text);
  selectLogarithms(module);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, CodeGenFileType::AssemblyFile,
                                   /*DisableVerify=*/true))
    return rt::internalError("NVPTX cannot write assembly");
  passes.run(module);
  return std::string(text);
}

} // namespace moec::codegen
