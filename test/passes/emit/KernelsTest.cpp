//===- KernelsTest.cpp - The table of kernels of a lowered module ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/emit/Kernels.h"
#include "dialects/comm/CommOps.h"
#include "dialects/tile/TileOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace moec {
namespace {

constexpr const char *lowered = R"(
module attributes {tile.arch = "sm_90a", tile.form = "dispatch + up"} {
  comm.plan @p ranks 1 topk 1 depth 1 steps serial result rows {}
  tile.workspace @hidden <constant = 1, per_token = 2, per_received = 3, per_row = 4, per_expert = 5>
  tile.workspace @index <per_expert = 4>
  llvm.func @helper() { llvm.return }
  llvm.func @up_16(%a: !llvm.ptr<1>) attributes {tile.info = #tile.kernel_info<
      stages = ["dispatch", "expert_up"], shape = "swapped 16x256x64", pipe_slots = 6, threads = 384,
      shared = 1000, arg_bytes = 256, args = [
        <"h", view, workspace, 1 at 0, <bf16, dims = [<constant = 72>, <constant = 16>,
         <constant = 1, per_row = 1>], strides = [2, 144, 144], box = [64, 16, 1], swizzle = 128,
         base = -2304>>,
        <"fc", scalar, flag_offset, 1 at 128>]>} { llvm.return }
  llvm.func @up_128(%a: !llvm.ptr<1>) attributes {tile.info = #tile.kernel_info<
      stages = ["dispatch", "expert_up"], shape = "128x256x64", pipe_slots = 4, threads = 384,
      shared = 2000, arg_bytes = 128>} { llvm.return }
  tile.launch @up_launch kernels [@up_16, @up_128] max_rows [16, -1] ops [3, 5]
}
)";

class EmitKernels : public testing::Test {
protected:
  EmitKernels() {
    context.loadDialect<comm::CommDialect, tile::TileDialect, mlir::LLVM::LLVMDialect>();
  }
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }
  /// What is reported for a text that is no table of kernels.
  std::string reasonFor(llvm::StringRef from, llvm::StringRef to) {
    std::string text = lowered;
    text.replace(text.find(from), from.size(), to);
    std::string message;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      message = diagnostic.str();
      return mlir::success();
    });
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(text);
    EXPECT_TRUE(module && mlir::failed(buildKernelSet(*module)));
    return message;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

TEST_F(EmitKernels, EveryFieldIsTaken) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(lowered);
  ASSERT_TRUE(module);
  mlir::FailureOr<KernelSet> set = buildKernelSet(*module);
  ASSERT_TRUE(mlir::succeeded(set));
  EXPECT_EQ(set->arch, "sm_90a");
  EXPECT_EQ(set->form, "dispatch + up");
  EXPECT_EQ(set->workspaces,
            (std::vector<Workspace>{{"hidden", {1, 2, 3, 4, 5}}, {"index", {.perExpert = 4}}}));

  Kernel narrow;
  narrow.name = "up_16";
  narrow.stages = {"dispatch", "expert_up"};
  narrow.tile = "swapped 16x256x64";
  narrow.pipeSlots = 6;
  narrow.sharedBytes = 1000;
  narrow.argBytes = 256;
  TensorMap map;
  map.rank = 3;
  map.dims = {Extent{.constant = 72}, Extent{.constant = 16}, Extent{.constant = 1, .perRow = 1}};
  map.strides = {2, 144, 144};
  map.box = {64, 16, 1};
  map.baseOffset = -2304;
  narrow.args = {{"h", KernelArgKind::View, 0, KernelObject::Workspace, 1, map},
                 {"fc", KernelArgKind::Scalar, 128, KernelObject::FlagOffset, 1, {}}};
  Kernel wide;
  wide.name = "up_128";
  wide.stages = narrow.stages;
  wide.tile = "128x256x64";
  wide.pipeSlots = 4;
  wide.sharedBytes = 2000;
  EXPECT_EQ(set->kernels, (std::vector<Kernel>{narrow, wide}));
  EXPECT_EQ(set->launches,
            (std::vector<Launch>{{"up_launch", {{0, 16}, {1, UINT32_MAX}}, {3, 5}}}));
}

TEST_F(EmitKernels, TheCodeIsTheKernelsAlone) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(lowered);
  ASSERT_TRUE(module);
  mlir::FailureOr<KernelSet> set = buildKernelSet(*module);
  ASSERT_TRUE(mlir::succeeded(set));
  llvm::StringRef bytes(reinterpret_cast<const char *>(set->ir.data()), set->ir.size());
  mlir::OwningOpRef<mlir::ModuleOp> code = parse(bytes);
  ASSERT_TRUE(code);
  std::vector<std::string> names;
  for (mlir::Operation &op : *code->getBody())
    names.push_back(mlir::SymbolTable::getSymbolName(&op).str());
  EXPECT_EQ(names, (std::vector<std::string>{"helper", "up_16", "up_128"}));
  EXPECT_EQ(buildKernelSet(*module)->ir, set->ir) << "a second time";
}

TEST_F(EmitKernels, WithoutATargetThereIsNone) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse("module {}");
  mlir::FailureOr<KernelSet> set = buildKernelSet(*module);
  ASSERT_TRUE(mlir::succeeded(set));
  EXPECT_EQ(*set, KernelSet());
}

TEST_F(EmitKernels, WhatIsMissingIsNamed) {
  EXPECT_EQ(reasonFor("[@up_16, @up_128]", "[@up_16, @helper]"),
            "'tile.launch' op names @helper, which is no lowered kernel");
  EXPECT_EQ(reasonFor("flag_offset, 1 at 128", "flag_offset, 1"),
            "internal error: argument 'fc' of a lowered kernel has no offset");
}

} // namespace
} // namespace moec
