//===- Router.h - From logits to experts and weights ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of runtime/module/Layer.h. A NaN compares below every number: it is
// chosen last, so that the indices are always valid; what it does to the weights
// is left as arithmetic has it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROUTER_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROUTER_H

#include "runtime/module/Layer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moec::rt::cpu {

class RouterRule {
public:
  /// Biases are empty where the router has none. All references outlive this.
  RouterRule(const Router &router, uint32_t experts, const std::vector<float> &logitsBias,
             const std::vector<float> &selectionBias)
      : router(router), experts(experts), logitsBias(logitsBias), selectionBias(selectionBias) {}

  /// Memory of one call; one a thread.
  struct Workspace {
    std::vector<float> scores, choosing;
    std::vector<std::pair<float, uint32_t>> order;
  };

  /// `logits` [experts] are the products alone and are overwritten. `chosen` and
  /// `weights` are [topK].
  void choose(std::span<float> logits, Workspace &work, uint32_t *chosen, float *weights) const;

private:
  void limitGroups(Workspace &work) const;
  void selectTop(std::span<const float> values, Workspace &work, uint32_t count,
                 uint32_t *chosen) const;
  void finishWeights(float *weights) const;

  const Router &router;
  uint32_t experts;
  const std::vector<float> &logitsBias;
  const std::vector<float> &selectionBias;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKS_ROUTER_H
