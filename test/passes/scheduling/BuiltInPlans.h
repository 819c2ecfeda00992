//===- BuiltInPlans.h - The plans that -comm-schedule makes -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_SCHEDULING_BUILTINPLANS_H
#define MOEC_TEST_PASSES_SCHEDULING_BUILTINPLANS_H

#include "passes/scheduling/ScheduleProblem.h"
#include "runtime/plan/Plan.h"

namespace moec::test {

struct BuiltIn {
  scheduling::Algorithm algorithm = scheduling::Algorithm::StaggeredPut;
  scheduling::Combine combine = scheduling::Combine::Rows;
  uint32_t nodes = 1, lanes = 2; ///< staged: groups of one machine, and their GPUs
  uint32_t depth = 1;
  bool copyEngine = false, crossByHost = false;
  bool pipeline = false; ///< of experts
  uint32_t chunks = 1;
  bool spray = false;

  std::string name() const; ///< "two_tier partial 2x2 depth 1"
};

/// By the pass, from the form that -moe-distribute makes, of a layer with a shared
/// expert and a residual. Checked as a module's reader checks it.
plan::Plan makePlan(const BuiltIn &builtIn);

/// Every algorithm and way to combine on one or more nodes of these lanes.
std::vector<BuiltIn> builtInsOn(uint32_t nodes, uint32_t lanes);

} // namespace moec::test

#endif // MOEC_TEST_PASSES_SCHEDULING_BUILTINPLANS_H
