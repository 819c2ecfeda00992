//===- moe-opt.cpp - Runs passes on text ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/Passes.h"
#include "frontend/driver/Dialects.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  moec::registerDialects(registry);
  moec::codegen::registerNvptxTranslations(registry);
  moec::registerMoePasses();
  moec::registerPipelines();
  moec::codegen::registerNvptxPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "moec: runs passes on moe and comm IR\n", registry));
}
