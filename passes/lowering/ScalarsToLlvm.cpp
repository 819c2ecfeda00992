//===- ScalarsToLlvm.cpp - Arithmetic and branches of kernels -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/Passes.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_TILESCALARSTOLLVMPASS
#include "passes/Passes.h.inc"

namespace {
struct TileScalarsToLlvmPass : impl::TileScalarsToLlvmPassBase<TileScalarsToLlvmPass> {
  using TileScalarsToLlvmPassBase::TileScalarsToLlvmPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }

  void runOnOperation() override {
    ConversionTarget target(getContext());
    target.addIllegalDialect<cf::ControlFlowDialect, math::MathDialect, arith::ArithDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    FrozenRewritePatternSet frozen(std::move(patterns));
    // None of these patterns fails after it began: to keep the old ops until the end, so
    // that all could be taken back, takes a third of the time.
    ConversionConfig config;
    config.allowPatternRollback = false;
    for (auto kernel : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (failed(applyPartialConversion(kernel, target, frozen, config)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace moec
