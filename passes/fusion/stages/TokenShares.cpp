//===- TokenShares.cpp - Which warp has which tokens ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/TokenShares.h"
#include "runtime/module/Kernels.h"
#include "runtime/module/Limits.h"

namespace moec::fusion {
using namespace mlir;

TokenShares::TokenShares(WarpCode &code, Value state)
    : code(code), cta(code.cta()), ctas(code.ctas()) {
  tokens = code.loadI32(state, offsetof(RankState, tokens));
  Value warps = code.mul(ctas, code.i32(stageWarps));
  static_assert(maxTokensPerRank <= 1 << 24);
  length = code.max(code.divUpShort(tokens, warps), code.i32(1));
  count = code.divUp(tokens, length);
}

Value TokenShares::own(Value stageWarp) { return code.add(code.mul(stageWarp, ctas), cta); }

} // namespace moec::fusion
