//===- WarpCode.h - Write the code of whole warps ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the stages that route, send and add need beyond scalar code: numbers of
// lanes and warps, exchanges between the 32 lanes of a warp, vectors, floats.
//
// An exchange is executed by all lanes of the warp at once. So it never stands in
// an `ifThen` or in a loop whose condition differs between lanes.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_WARPCODE_H
#define MOEC_PASSES_FUSION_STAGES_WARPCODE_H

#include "passes/fusion/stages/ScalarCode.h"
#include "runtime/module/Layer.h"

namespace moec::fusion {

/// Warps of the role that does everything in a stage of scalar code: the two math
/// warpgroups, since the helpers' registers do not suffice in a fused kernel.
inline constexpr unsigned firstStageWarp = 4, stageWarps = 8;
inline constexpr unsigned warpLanes = 32;

class WarpCode : public ScalarCode {
public:
  using ScalarCode::ScalarCode;

  // Who runs.
  mlir::Value lane();
  mlir::Value stageWarp(); ///< 0 to stageWarps - 1, the same in all lanes
  mlir::Value cta();       ///< of the rank
  mlir::Value ctas();

  // Floats: f32, no contraction.
  mlir::Value subFloat(mlir::Value a, mlir::Value b);
  mlir::Value divFloat(mlir::Value a, mlir::Value b);
  /// a / b within 2 ulp, for b between 2^-126 and 2^126.
  mlir::Value divNearly(mlir::Value a, mlir::Value b);
  mlir::Value maxFloat(mlir::Value a, mlir::Value b); ///< the number, if one is NaN
  mlir::Value exp(mlir::Value a);
  mlir::Value sigmoid(mlir::Value a);
  mlir::Value rounded(mlir::Value a, DType type); ///< to `type` and back
  mlir::Value bitsOf(mlir::Value f32);
  mlir::Value floatOf(mlir::Value i32);
  /// The two bf16 of a word, the lower half first.
  std::pair<mlir::Value, mlir::Value> floatsOf(mlir::Value word);
  mlir::Value countBits(mlir::Value a);
  mlir::Value lowestBit(mlir::Value a); ///< number of the lowest set bit; a is not 0
  mlir::Value divUp(mlir::Value a, mlir::Value b);
  /// The same in half the code, for `a` up to 2^24 and `b` from 8 on.
  mlir::Value divUpShort(mlir::Value a, mlir::Value b);
  mlir::Value addressOf(mlir::Value pointer); ///< as an i64

  // 16 bytes at once, as four words.
  Values loadVector(mlir::Value address);
  void storeVector(mlir::ValueRange words, mlir::Value address);

  // Exchanges.
  mlir::Value fromLane(mlir::Value value, mlir::Value lane);
  mlir::Value fromLane64(mlir::Value i64, mlir::Value lane);
  /// That of the lane whose number differs in the bits of `distance`.
  mlir::Value shuffleXor(mlir::Value value, unsigned distance);
  mlir::Value ballot(mlir::Value condition);
  /// The lanes that have the same value as this one.
  mlir::Value lanesWith(mlir::Value value);
  mlir::Value warpMax(mlir::Value i32);
  mlir::Value warpMin(mlir::Value i32);
  mlir::Value warpSum(mlir::Value i32);
  mlir::Value warpOr(mlir::Value i32);
  mlir::Value warpMaxFloat(mlir::Value f32);
  mlir::Value warpSumFloat(mlir::Value f32); ///< as a tree over the lanes
  /// Sum over the lanes below this one, and over all.
  std::pair<mlir::Value, mlir::Value> sumBelow(mlir::Value i32);
  /// Lanes below this one, as bits.
  mlir::Value lanesBelow();

  // Order. What was written before is seen by the others after.
  void syncWarp();
  void syncStage(); ///< all warps of the role, `stageWarps` of them
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_WARPCODE_H
