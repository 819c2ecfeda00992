//===- RewriteMatrices.cpp - wgmma, ldmatrix and stmatrix ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/emulator/KernelRewriter.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace moec::emulator {
using namespace mlir;

static Rewritten rewriteProduct(KernelRewriter &r, NVVM::WgmmaMmaAsyncOp op) {
  if (op.getTypeA() != NVVM::WGMMATypes::bf16 || op.getTypeB() != NVVM::WGMMATypes::bf16 ||
      op.getTypeD() != NVVM::WGMMATypes::f32 || op.getShape().getK() != 16)
    return r.refuse(op, "these element types");
  if (op.getScaleA() != NVVM::WGMMAScaleIn::one || op.getScaleB() != NVVM::WGMMAScaleIn::one)
    return r.refuse(op, "negated operands");
  const int64_t transposes = (op.getLayoutA() == NVVM::MMALayout::col ? 1 : 0) |
                             (op.getLayoutB() == NVVM::MMALayout::row ? 2 : 0);
  Value memory = r.accumulators(op, op.getInouts());
  r.call(op, "moecEmuProduct", {},
         {memory, op.getDescriptorA(), op.getDescriptorB(), r.constant(op.getShape().getN()),
          r.constant(op.getScaleD() == NVVM::WGMMAScaleOut::one ? 1 : 0), r.constant(transposes)});
  op->replaceAllUsesWith(r.products(op, memory, op->getResultTypes()));
  return r.erase(op);
}

static Rewritten rewriteStoreMatrix(KernelRewriter &r, NVVM::StMatrixOp op) {
  if (op.getEltType() != NVVM::LdStMatrixEltType::B16)
    return r.refuse(op, "this element type");
  Value words = r.allocate(op, LLVM::LLVMArrayType::get(r.i32, 4));
  for (auto [index, source] : llvm::enumerate(op.getSources()))
    LLVM::StoreOp::create(r.builder, op.getLoc(), source,
                          r.element(words, r.i32, static_cast<int32_t>(index)));
  r.call(op, "moecEmuStoreMatrix", {},
         {op.getPtr(), words, r.constant(static_cast<int64_t>(op.getSources().size())),
          r.constant(op.getLayout() == NVVM::MMALayout::col ? 1 : 0)});
  return r.erase(op);
}

static Rewritten rewriteLoadMatrix(KernelRewriter &r, NVVM::LdMatrixOp op) {
  if (op.getEltType() != NVVM::LdStMatrixEltType::B16)
    return r.refuse(op, "this element type");
  Value words = r.allocate(op, LLVM::LLVMArrayType::get(r.i32, 4));
  r.call(op, "moecEmuLoadMatrix", {},
         {op.getPtr(), words, r.constant(op.getNum()),
          r.constant(op.getLayout() == NVVM::MMALayout::col ? 1 : 0)});
  return r.replace(op, LLVM::LoadOp::create(r.builder, op.getLoc(), op.getRes().getType(), words));
}

Rewritten rewriteMatrices(KernelRewriter &r, Operation *op) {
  return llvm::TypeSwitch<Operation *, Rewritten>(op)
      .Case([&](NVVM::WgmmaMmaAsyncOp product) { return rewriteProduct(r, product); })
      .Case<NVVM::WgmmaFenceAlignedOp>(
          [&](Operation *) { return r.become(op, "moecEmuProductFence"); })
      .Case<NVVM::WgmmaGroupSyncAlignedOp>(
          [&](Operation *) { return r.become(op, "moecEmuProductCommit"); })
      .Case([&](NVVM::WgmmaWaitGroupSyncOp wait) {
        return r.become(op, "moecEmuProductWait",
                        {r.constant(static_cast<int64_t>(wait.getGroup()))});
      })
      .Case([&](NVVM::StMatrixOp store) { return rewriteStoreMatrix(r, store); })
      .Case([&](NVVM::LdMatrixOp load) { return rewriteLoadMatrix(r, load); })
      .Default([](Operation *) { return Rewritten::NotMine; });
}

} // namespace moec::emulator
