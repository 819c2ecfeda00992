//===- KernelFunction.cpp - The function that a kernel becomes ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/KernelFunction.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/lowering/Emitter.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace moec::lowering {

/// Of NVPTX. Without it the alignment of an i64 is 4, and its accesses are split.
static constexpr StringLiteral kDataLayout =
    "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64";

static unsigned getMaxSlots(tile::KernelOp kernel) {
  unsigned slots = 0;
  kernel->walk([&](tile::PipeOp pipe) { slots = std::max(slots, pipe.getType().getSlots()); });
  return slots > 1 ? slots : 0;
}

unsigned getAnswersOffset(tile::KernelOp kernel) {
  return llvm::alignTo(kernel.getSmem().value_or(0), 16);
}

/// With the answers, where a role of several warps counts.
static unsigned getSharedBytes(tile::KernelOp kernel) {
  bool answers = false;
  kernel->walk([&](tile::ArriveOp arrive) {
    answers |= arrive->getParentOfType<tile::RoleOp>().getNumWarps() > 1;
  });
  if (answers)
    return getAnswersOffset(kernel) + 4 * kernel.getWarps();
  return kernel.getSmem().value_or(0);
}

static tile::KernelInfoAttr getInfo(tile::KernelOp kernel) {
  SmallVector<StringAttr> stages;
  for (tile::StageOp stage : kernel.getStages())
    stages.push_back(stage.getLabelAttr());
  SmallVector<tile::BindingAttr> bindings(kernel.getBindings().getAsRange<tile::BindingAttr>());
  return tile::KernelInfoAttr::get(kernel.getContext(), stages, kernel.getShape(),
                                   getMaxSlots(kernel), kernel.getThreads(), getSharedBytes(kernel),
                                   kernel.getArgBytes().value_or(0), bindings);
}

Operation *createFunction(tile::KernelOp kernel) {
  OpBuilder builder(kernel);
  MLIRContext *context = kernel.getContext();
  auto named = [&](StringRef name, Attribute value) {
    return NamedAttribute(StringAttr::get(context, name), value);
  };
  auto flush = builder.getStrArrayAttr({"denormal-fp-math-f32", "preserve-sign,preserve-sign"});
  SmallVector<NamedAttribute> attrs = {
      named("nvvm.kernel", builder.getUnitAttr()),
      named("nvvm.reqntid", builder.getDenseI32ArrayAttr({int32_t(kernel.getThreads()), 1, 1})),
      named("nvvm.minctasm", builder.getI32IntegerAttr(1)),
      named("passthrough", builder.getArrayAttr({flush})),
      named(tile::kInfoAttrName, getInfo(kernel))};
  auto table = LLVM::LLVMPointerType::get(context, 1);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {table});
  auto function =
      LLVM::LLVMFuncOp::create(builder, kernel.getLoc(), kernel.getSymName(), type,
                               LLVM::Linkage::External, false, LLVM::CConv::C, {}, attrs);
  function.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(), builder.getI64IntegerAttr(128));
  function.addEntryBlock(builder);
  return function;
}

void prepareModule(ModuleOp module) {
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                  StringAttr::get(module.getContext(), kDataLayout));
  if (module.lookupSymbol(kSharedMemory))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/false,
                         LLVM::Linkage::External, kSharedMemory, Attribute(), /*alignment=*/1024,
                         /*addrSpace=*/3);
}

void createReturn(OpBuilder &builder, Location loc) {
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}

} // namespace moec::lowering
