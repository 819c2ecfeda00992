//===- KernelModule.cpp - The IR of kernels, read and stripped -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelModule.h"

#include "dialects/tile/TileOps.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"

namespace moec::emulator {
using namespace mlir;

DialectRegistry kernelDialects() {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, math::MathDialect, scf::SCFDialect,
                  LLVM::LLVMDialect, tile::TileDialect>();
  arith::registerConvertArithToLLVMInterface(registry);
  cf::registerConvertControlFlowToLLVMInterface(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry); // inserts the dialect too
  return registry;
}

OwningOpRef<ModuleOp> parseKernels(std::string_view ir, MLIRContext &context) {
  context.loadAllAvailableDialects();
  // A copy: the lexer reads the zero behind the end.
  const std::string text(ir);
  auto module = parseSourceString<ModuleOp>(text, ParserConfig(&context), "kernels");
  if (!module)
    return nullptr;
  PassManager manager(&context);
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  return failed(manager.run(*module)) ? nullptr : std::move(module);
}

LogicalResult listKernels(ModuleOp module, std::vector<KernelFunction> &kernels) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function->hasAttr("nvvm.kernel") || function.isExternal())
      continue;
    if (function.getNumArguments() != 1 ||
        !isa<LLVM::LLVMPointerType>(function.getArgument(0).getType()))
      return function.emitError("unsupported here: a kernel has one parameter, the table of "
                                "argument blocks");
    auto threads = function->getAttrOfType<DenseI32ArrayAttr>("nvvm.reqntid");
    if (!threads)
      threads = function->getAttrOfType<DenseI32ArrayAttr>("nvvm.maxntid");
    if (!threads || threads.empty())
      return function.emitError("internal error: a kernel without nvvm.reqntid");
    kernels.push_back({function.getName().str(), static_cast<uint32_t>(threads[0])});
  }
  return success();
}

void forgetKernelAttributes(ModuleOp module) {
  for (NamedAttribute attribute : llvm::to_vector(module->getDiscardableAttrs()))
    module->removeDiscardableAttr(attribute.getName());
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    for (NamedAttribute attribute : llvm::to_vector(function->getDiscardableAttrs()))
      function->removeDiscardableAttr(attribute.getName());
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.setArgAttrs(i, ArrayRef<NamedAttribute>());
    function.removePassthroughAttr();
    function.setCConv(LLVM::cconv::CConv::C);
  }
}

} // namespace moec::emulator
