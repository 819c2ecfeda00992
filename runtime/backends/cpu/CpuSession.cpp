//===- CpuSession.cpp - A session on virtual GPUs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/CpuSession.h"

#include <algorithm>

namespace moec::rt::cpu {

/// The wish of the options within the limit of the module; 0 = no limit.
static Result<uint32_t> chooseCapacity(uint32_t wanted, uint32_t limit) {
  if (wanted && limit && wanted > limit)
    return invalidError("capacity: wanted at most ", limit,
                        " tokens a rank as in the module, found ", wanted);
  return wanted ? wanted : limit;
}

/// At least twice as much as before: memory is committed when it is touched, and to
/// make the heaps anew costs a step.
static uint32_t grownCapacity(uint32_t capacity, int64_t wanted) {
  return static_cast<uint32_t>(
      std::max<int64_t>(wanted, std::min<int64_t>(2 * int64_t(capacity), INT32_MAX)));
}

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

Status CpuSession::checkIo(StepIo io) const {
  if (io.size() != machine.plan.ranks)
    return invalidError("wanted input and output for ", machine.plan.ranks, " ranks, found ",
                        io.size());
  for (size_t rank = 0; rank < io.size(); ++rank) {
    const RankIo &part = io[rank];
    if (part.tokens < 0 || part.tokens > INT32_MAX)
      return invalidError("rank ", rank, ": wanted a number of tokens, found ", part.tokens);
    if (!mayGrow && part.tokens > machine.layout.maxTokens)
      return invalidError("rank ", rank, ": wanted at most ", machine.layout.maxTokens,
                          " tokens, the capacity of the session, found ", part.tokens);
    if (part.tokens == 0)
      continue;
    if (part.input_dtype != MOEC_F32 && part.input_dtype != MOEC_BF16)
      return invalidError("rank ", rank, ": wanted an input of f32 or bf16, found ",
                          typeName(part.input_dtype));
    if (!part.input || !part.output)
      return invalidError("rank ", rank, part.input ? ": wanted memory for " : ": wanted ",
                          part.tokens, part.input ? " tokens of output" : " tokens of input",
                          ", found a null pointer");
  }
  return Status();
}

Status CpuSession::step(std::span<const moec_rank_io> io) { return steps({&io, 1}); }

Status CpuSession::steps(std::span<const StepIo> all) {
  if (!machine.weights.isLoaded())
    return invalidError("wanted weights before the first step, found none loaded");
  int64_t most = 0;
  for (StepIo io : all) {
    MOEC_RETURN_IF_ERROR(checkIo(io));
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
