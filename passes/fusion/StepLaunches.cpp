//===- StepLaunches.cpp - What each launch of a step is -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/StepLaunches.h"

#include <algorithm>

namespace moec::fusion {

std::string nameOf(const std::vector<StageKind> &stages) {
  std::string name = nameOf(stages.front());
  if (stages.size() > 1)
    name += std::string("_to_") + nameOf(stages.back());
  return name;
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

static bool isExpertProduct(StageKind stage) {
  return stage == StageKind::ExpertUp || stage == StageKind::ExpertDown;
}
static bool isSharedProduct(StageKind stage) {
  return stage == StageKind::SharedUp || stage == StageKind::SharedDown;
}

/// The most rows an expert is expected to get when a rank has `tokens`.
static uint32_t rowsFor(const KernelProblem &problem, uint32_t tokens) {
  uint64_t rows = uint64_t(tokens) * problem.ranks * problem.topK / problem.experts;
  return tokens == UINT32_MAX ? UINT32_MAX : uint32_t(std::min<uint64_t>(rows, UINT32_MAX));
}

/// The most tokens of a rank with which an expert is expected to get `rows`.
static uint32_t tokensFor(const KernelProblem &problem, uint32_t rows) {
  uint64_t tokens = uint64_t(rows) * problem.experts / (uint64_t(problem.ranks) * problem.topK);
  return rows == UINT32_MAX ? UINT32_MAX : uint32_t(std::min<uint64_t>(tokens, UINT32_MAX));
}

/// The form for `tokens` of the shared expert.
static GemmForm sharedFor(const KernelSolution &solution, uint32_t tokens) {
  for (const GemmForm &form : solution.shared)
    if (tokens <= form.maxRows)
      return form;
  return {};
}

/// The shared expert's forms are chosen by the same number as those of the experts.
static std::vector<LaunchVariant> sharedVariants(const KernelProblem &problem,
                                                 const KernelSolution &solution) {
  std::vector<LaunchVariant> variants;
  for (const GemmForm &form : solution.shared) {
    uint32_t rows = rowsFor(problem, form.maxRows);
    uint32_t least = variants.empty() ? 1 : variants.back().maxRows + 1;
    if (rows >= least)
      variants.push_back({rows, {}, form});
  }
  return variants;
}

std::vector<LaunchVariant> variantsOf(const std::vector<StageKind> &stages,
                                      const KernelProblem &problem,
                                      const KernelSolution &solution) {
  if (std::any_of(stages.begin(), stages.end(), isExpertProduct)) {
    std::vector<LaunchVariant> variants;
    for (const GemmForm &form : solution.experts)
      variants.push_back(
          {form.maxRows, form, sharedFor(solution, tokensFor(problem, form.maxRows))});
    return variants;
  }
  if (std::any_of(stages.begin(), stages.end(), isSharedProduct))
    return sharedVariants(problem, solution);
  return {LaunchVariant()};
}

/// The tile of a stage, or null.
static const GemmTile *tileOf(StageKind stage, const LaunchVariant &variant) {
  switch (stage) {
  case StageKind::ExpertUp:
    return &variant.experts.up;
  case StageKind::ExpertDown:
    return &variant.experts.down;
  case StageKind::SharedUp:
    return &variant.shared.up;
  case StageKind::SharedDown:
    return &variant.shared.down;
  case StageKind::Route:
  case StageKind::Dispatch:
  case StageKind::Reduce:
    return nullptr;
  }
  return nullptr;
}

uint32_t rowsOf(const std::vector<StageKind> &stages, const LaunchVariant &variant) {
  for (StageKind stage : stages)
    if (const GemmTile *tile = tileOf(stage, variant))
      return tile->rows;
  return 0;
}

static bool isGated(StageKind stage, const KernelProblem &problem) {
  return (stage == StageKind::ExpertUp && problem.gated) ||
         (stage == StageKind::SharedUp && problem.sharedGated);
}

std::string shapeOf(const std::vector<StageKind> &stages, const KernelProblem &problem,
                    const LaunchVariant &variant) {
  for (StageKind stage : stages)
    if (const GemmTile *tile = tileOf(stage, variant))
      return nameOf(*tile, isGated(stage, problem));
  return "";
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static std::vector<uint32_t> opsOf(StageKind stage, const StepOps &ops) {
  switch (stage) {
  case StageKind::Route:
    return {ops.route};
  case StageKind::Dispatch:
    return {ops.pack, ops.putRows, ops.putRecords, ops.signalRows, ops.waitRows};
  case StageKind::ExpertDown:
    return {ops.experts, ops.putReturned, ops.signalReturned};
  case StageKind::SharedDown:
    return {*ops.shared};
  case StageKind::Reduce:
    return {ops.waitReturned, ops.slotSum};
  case StageKind::ExpertUp: // half of a task, which ends in the down product
  case StageKind::SharedUp:
    return {};
  }
  return {};
}

std::vector<uint32_t> opsOf(const std::vector<StageKind> &stages, const Step &step) {
  std::vector<uint32_t> all;
  for (StageKind stage : stages) {
    std::vector<uint32_t> ops = opsOf(stage, step.ops);
    all.insert(all.end(), ops.begin(), ops.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

} // namespace moec::fusion
