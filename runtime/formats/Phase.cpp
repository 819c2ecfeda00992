//===- Phase.cpp - The two exchanges of a step ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Phase.h"

#include <algorithm>
#include <array>

namespace moec::formats {

using plan::Op;
using plan::OpKind;

static constexpr std::array allPhases = {Phase::Step, Phase::Dispatch, Phase::Combine};

const char *nameOf(Phase phase) {
  switch (phase) {
  case Phase::Step:
    return "step";
  case Phase::Dispatch:
    return "dispatch";
  case Phase::Combine:
    return "combine";
  }
  return "";
}

std::optional<Phase> phaseFromName(std::string_view name) {
  for (Phase phase : allPhases)
    if (name == nameOf(phase))
      return phase;
  return std::nullopt;
}

static bool runsExperts(const Op &op) {
  return op.kind == OpKind::Compute && op.task == plan::TaskKind::Experts;
}

/// By op: whether it comes after the experts, by order on a rank or by flags.
static std::vector<bool> afterExperts(const plan::Plan &plan) {
  std::vector<bool> after(plan.ops.size());
  std::vector<bool> raised(plan.flags.size()); ///< flags that say so
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < plan.ops.size(); ++i) {
      const Op &op = plan.ops[i];
      if (after[i])
        continue;
      bool follows = op.kind == OpKind::Wait && raised[op.flag];
      for (const plan::After &edge : op.after)
        follows |= after[edge.op] || runsExperts(plan.ops[edge.op]);
      if (!follows)
        continue;
      after[i] = changed = true;
      if (op.kind == OpKind::Signal)
        raised[op.flag] = true;
    }
  }
  return after;
}

std::vector<bool> opsOf(const plan::Plan &plan, Phase phase) {
  if (phase == Phase::Step)
    return std::vector<bool>(plan.ops.size(), true);
  std::vector<bool> ops = afterExperts(plan);
  if (phase == Phase::Dispatch)
    for (size_t i = 0; i < ops.size(); ++i)
      ops[i] = !ops[i] && !runsExperts(plan.ops[i]);
  return ops;
}

} // namespace moec::formats
