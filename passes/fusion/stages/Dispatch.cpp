//===- Dispatch.cpp - Tokens to their experts' ranks ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/DispatchParts.h"

namespace moec::fusion {

mlir::LogicalResult buildDispatch(KernelBuilder &kernel) {
  kernel.startStage("dispatch");
  kernel.role("dispatch", firstStageWarp, firstStageWarp + stageWarps - 1, [&] {
    WarpCode code(kernel.builder, kernel.loc);
    StepState state(kernel, code);
    writeSend(kernel, code, state);
    writeIndex(kernel, code, state);
  });
  return mlir::success();
}

} // namespace moec::fusion
