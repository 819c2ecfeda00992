//===- RouteRule.h - What a router may choose -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of runtime/module/Layer.h in f64, as a judge: a choice is right if no
// expert that is better by more than the rounding of f32 stands behind or outside, and
// if experts that are exactly equal stand in the order of their numbers.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_FUSION_STAGES_ROUTERULE_H
#define MOEC_TEST_PASSES_FUSION_STAGES_ROUTERULE_H

#include "runtime/module/Layer.h"

#include <string>
#include <vector>

namespace moec::stages {

class RouteRule {
public:
  /// `logits`: exact products, with bias, before rounding.
  RouteRule(const Layer &layer, std::vector<double> logits,
            const std::vector<float> &selectionBias);

  /// Empty if this is a right choice, else what is wrong with it.
  std::string judge(const std::vector<uint32_t> &experts) const;
  /// Weights of a choice, rounded as the layer says, as far as f64 is exact.
  std::vector<double> weightsOf(const std::vector<uint32_t> &experts) const;
  /// Two groups are so close that either may be kept.
  bool isGroupChoiceOpen() const { return groupsOpen; }

private:
  void limitGroups();

  const Layer &layer;
  std::vector<double> scores, choosing;
  bool groupsOpen = false;
};

/// To the nearest bf16, ties to even.
double roundToBf16(double value);

} // namespace moec::stages

#endif // MOEC_TEST_PASSES_FUSION_STAGES_ROUTERULE_H
