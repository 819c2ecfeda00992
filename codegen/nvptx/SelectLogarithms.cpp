//===- SelectLogarithms.cpp - Logarithms as the instruction lg2 -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/EmitPtx.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/Module.h"

namespace moec::codegen {
using namespace llvm;

void selectLogarithms(Module &module) {
  for (Function &function : module) {
    if (function.getIntrinsicID() != Intrinsic::log2 || !function.getReturnType()->isFloatTy())
      continue;
    for (User *user : make_early_inc_range(function.users())) {
      auto *call = cast<CallInst>(user);
      if (!call->hasApproxFunc())
        continue;
      IRBuilder<> builder(call);
      Value *result =
          builder.CreateIntrinsic(Intrinsic::nvvm_lg2_approx_ftz_f, {}, {call->getArgOperand(0)});
      call->replaceAllUsesWith(result);
      call->eraseFromParent();
    }
  }
}

} // namespace moec::codegen
