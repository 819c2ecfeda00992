//===- CpuSession.h - A session on virtual GPUs -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_CPUSESSION_H
#define MOEC_RUNTIME_BACKENDS_CPU_CPUSESSION_H

#include "runtime/backends/cpu/Executor.h"
#include "runtime/backends/cpu/TestMode.h"

namespace moec::rt::cpu {

class CpuSession final : public BackendSession {
public:
  static Result<std::unique_ptr<CpuSession>>
  create(const Manifest &manifest, const plan::Plan &plan, const SessionOptions &options);

  Status loadWeights(const WeightLookup &lookup) override;
  Status step(std::span<const moec_rank_io> io) override;
  const StepReport &report() const override { return machine.report; }

  /// Several steps without a pause in between: a rank may run ahead of others as far
  /// as the plan lets it. For tests; `step` is the case of one.
  Status steps(std::span<const StepIo> steps);
  /// Before the first step: its number, 1 otherwise.
  void startAt(uint64_t step);

private:
  CpuSession(const Manifest &manifest, const plan::Plan &plan, const SessionOptions &options);

  Status reserve(uint32_t maxTokens);

  SessionOptions options;
  bool mayGrow; ///< no capacity was given
  Machine machine;
  std::unique_ptr<TestMode> test;
  std::unique_ptr<Executor> executor;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_CPUSESSION_H
