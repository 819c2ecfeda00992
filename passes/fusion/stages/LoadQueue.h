//===- LoadQueue.h - Loops that load ahead of their use ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop with a load and its use waits for memory in every round. Written several
// times into the body it has as many loads under way, and as much more code. A queue
// in registers has both: each round loads for a later one, and the code stands once.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_LOADQUEUE_H
#define MOEC_PASSES_FUSION_STAGES_LOADQUEUE_H

#include "passes/fusion/stages/WarpCode.h"

namespace moec::fusion {

struct LoadQueue {
  using Values = ScalarCode::Values;
  /// The words of a round: an i32 each, as they come from memory. What is done to them
  /// waits for them, so it stands in the body.
  using Load = llvm::function_ref<Values(mlir::Value round)>;
  /// With the round, its words and the carried values; returns the next ones.
  using Body = llvm::function_ref<Values(mlir::Value round, mlir::ValueRange words,
                                         mlir::ValueRange carried)>;

  unsigned words = 1;  ///< of a round
  unsigned rounds = 4; ///< under way at once

  /// Rounds 0 to `count` - 1. The last one is loaded a few times more. `count` is the
  /// same in all lanes.
  Values run(WarpCode &code, mlir::Value count, mlir::ValueRange carried, Load load,
             Body body) const;
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_LOADQUEUE_H
