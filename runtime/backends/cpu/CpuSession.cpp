//===- CpuSession.cpp - A session on virtual GPUs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/CpuSession.h"

#include "runtime/backends/Capacity.h"

#include <algorithm>

namespace moec::rt::cpu {

CpuSession::CpuSession(const Manifest &manifest, const plan::Plan &plan,
                       const SessionOptions &options)
    : options(options), mayGrow(options.maxTokensPerRank == 0),
      machine(manifest, plan, options.testSeed ? 1 : options.threads) {}

Result<std::unique_ptr<CpuSession>> CpuSession::create(const Manifest &manifest,
                                                       const plan::Plan &plan,
                                                       const SessionOptions &options) {
  SessionOptions chosen = options;
  MOEC_ASSIGN_OR_RETURN(chosen.maxTokensPerRank,
                        chooseCapacity(options.maxTokensPerRank, manifest.maxTokensPerRank));
  std::unique_ptr<CpuSession> session(new CpuSession(manifest, plan, chosen));
  MOEC_RETURN_IF_ERROR(session->reserve(chosen.maxTokensPerRank));
  return session;
}

/// Makes memory for `maxTokens` a rank.
Status CpuSession::reserve(uint32_t maxTokens) {
  MOEC_RETURN_IF_ERROR(machine.reserve(maxTokens));
  if (!executor) {
    if (options.testSeed) {
      MOEC_RETURN_IF_ERROR(TestMode::check(machine));
      test = std::make_unique<TestMode>(machine, options.testSeed);
    }
    executor = std::make_unique<Executor>(machine, test.get());
  }
  machine.setFlags(executor->lastStep());
  return test ? test->poison() : Status();
}

void CpuSession::startAt(uint64_t step) {
  executor->startAt(step);
  machine.setFlags(executor->lastStep());
}

Status CpuSession::loadWeights(const WeightLookup &lookup) { return machine.weights.load(lookup); }

Status CpuSession::step(std::span<const moec_rank_io> io) { return steps({&io, 1}); }

Status CpuSession::steps(std::span<const StepIo> all) {
  if (!machine.weights.isLoaded())
    return invalidError("wanted weights before the first step, found none loaded");
  int64_t most = 0;
  for (StepIo io : all) {
    MOEC_RETURN_IF_ERROR(
        checkStepIo(io, machine.plan.ranks, mayGrow ? 0 : machine.layout.maxTokens));
    for (const RankIo &part : io)
      most = std::max(most, part.tokens);
  }
  if (mayGrow && most > machine.layout.maxTokens)
    MOEC_RETURN_IF_ERROR(reserve(grownCapacity(machine.layout.maxTokens, most)));

  StepReport &report = machine.report;
  std::fill(report.phaseSeconds.begin(), report.phaseSeconds.end(), 0);
  for (std::vector<uint64_t> *counts :
       {&report.dispatchBytes, &report.combineBytes, &report.expertTokens})
    std::fill(counts->begin(), counts->end(), 0);
  auto start = std::chrono::steady_clock::now();
  MOEC_RETURN_IF_ERROR(executor->run(all));
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.step += all.size();
  return Status();
}

} // namespace moec::rt::cpu
