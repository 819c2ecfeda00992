//===- ExpertChoice.h - From a token's logits to its experts ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router's rule (runtime/module/Layer.h) for one token by the lanes of a warp.
// What chooses is compared as integers in the order of the floats, which a warp can
// reduce in one instruction: there is no NaN among them, and one zero.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_EXPERTCHOICE_H
#define MOEC_PASSES_FUSION_STAGES_EXPERTCHOICE_H

#include "passes/fusion/stages/LaneList.h"

namespace moec::fusion {

class ExpertChoice {
public:
  /// `selectionBias` is the list of the experts' biases, empty without one.
  ExpertChoice(WarpCode &code, const Layer &layer, LaneList selectionBias);

  /// The run of the lists of experts (LaneList.h): 1 where they make no whole vectors, or are
  /// summed over the lanes, since the bits tell the order; else a vector. Where groups are
  /// limited all of a lane, if a group then has lanes of its own, or else 1.
  static uint32_t runOf(const Layer &layer);

  struct Slots {
    LaneList experts, weights; ///< of topK slots
  };
  /// `logits` [experts] have their bias and their rounding.
  Slots choose(LaneList logits);

private:
  struct Best {
    mlir::Value index;
    mlir::Value weight; ///< of the list that was given
  };
  struct TopTwo {
    mlir::Value best, second; ///< keys, at least that of minus infinity
  };

  void applyScore(LaneList &values, uint32_t count);
  LaneList keysOf(const LaneList &values);
  void limitGroups(LaneList &keys);
  LaneList scoreGroups(const LaneList &keys);
  LaneList bestGroups(const LaneList &scores);
  mlir::Value groupScore(llvm::ArrayRef<mlir::Value> members);
  mlir::Value isInKeptLanes(const LaneList &keys);
  TopTwo topTwo(llvm::ArrayRef<mlir::Value> keys);
  void finishWeights(LaneList &weights, mlir::Value sum);

  /// The index of the best key, the lowest of equal ones, and its entry in `weights`, unless
  /// that is empty; the key is taken away.
  Best takeBest(LaneList &keys, const LaneList &weights, uint32_t run);
  mlir::Value sumInOrder(const LaneList &values, uint32_t count);

  mlir::Value keyOf(mlir::Value f32);
  mlir::Value valueOf(mlir::Value key);

  WarpCode &code;
  const Layer &layer;
  const Router &router;
  LaneList selectionBias;
  mlir::Value lane;
  uint32_t run;
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_EXPERTCHOICE_H
