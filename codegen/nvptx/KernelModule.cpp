//===- KernelModule.cpp - One kernel, ready to become LLVM IR -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/KernelModule.h"
#include "codegen/nvptx/Passes.h"

#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SetVector.h"

namespace moec::codegen {
using namespace mlir;

/// Without it the alignments that translation writes down are those of no machine:
/// 64-bit accesses would be split in two, and flags torn.
static constexpr llvm::StringLiteral kDataLayout =
    "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64";

std::vector<LLVM::LLVMFuncOp> kernelsOf(ModuleOp module) {
  std::vector<LLVM::LLVMFuncOp> kernels;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      kernels.push_back(function);
  return kernels;
}

/// The kernel and all that it uses, directly or not, in the order of the module.
static FailureOr<llvm::SetVector<Operation *>> reachableSymbols(LLVM::LLVMFuncOp kernel) {
  auto module = kernel->getParentOfType<ModuleOp>();
  llvm::SetVector<Operation *> reached;
  reached.insert(kernel);
  for (size_t next = 0; next < reached.size(); ++next) {
    auto uses = SymbolTable::getSymbolUses(reached[next]);
    if (!uses)
      return reached[next]->emitError("internal error: symbols of this op cannot be listed");
    for (const SymbolTable::SymbolUse &use : *uses) {
      Operation *symbol = SymbolTable::lookupSymbolIn(module, use.getSymbolRef());
      // Attributes that moec puts on kernels also name objects of the plan.
      if (symbol && isa<LLVM::GlobalOp, LLVM::LLVMFuncOp>(symbol))
        reached.insert(symbol);
    }
  }
  return reached;
}

/// Attributes of our own dialects say nothing to LLVM.
static void dropForeignAttributes(Operation *op) {
  for (NamedAttribute attribute : llvm::to_vector(op->getDiscardableAttrs())) {
    llvm::StringRef name = attribute.getName().getValue();
    if (!name.starts_with("nvvm.") && !name.starts_with("llvm."))
      op->removeDiscardableAttr(attribute.getName());
  }
}

static LogicalResult lowerToLlvm(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.enableVerifier(false); // once, behind all four
  // Before the conversion: what comes out of it are inline assembly and intrinsics.
  manager.addPass(createTilePtxToAsmPass());
  manager.addPass(createConvertNVVMToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  LLVM::DIScopeForLLVMFuncOpPassOptions lines;
  lines.emissionKind = LLVM::DIEmissionKind::DebugDirectivesOnly;
  manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass(lines));
  return success(succeeded(manager.run(module)) && succeeded(verify(module)));
}

OwningOpRef<ModuleOp> isolateKernel(LLVM::LLVMFuncOp kernel) {
  auto symbols = reachableSymbols(kernel);
  if (failed(symbols))
    return nullptr;
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc(), kernel.getName());
  (*module)->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                     StringAttr::get(kernel.getContext(), kDataLayout));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  for (Operation &op : *kernel->getBlock())
    if (symbols->contains(&op))
      dropForeignAttributes(builder.clone(op));
  return failed(lowerToLlvm(*module)) ? nullptr : std::move(module);
}

} // namespace moec::codegen
