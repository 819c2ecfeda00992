//===- Executor.h - Runs a plan on fibers -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One fiber a rank, each with a list scheduler over its own tasks. A rank runs what
// is ready and lets the others on when all it has left are waits that are not yet
// fulfilled. When that is true of all ranks the plan is in deadlock.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_EXECUTOR_H
#define MOEC_RUNTIME_BACKENDS_CPU_EXECUTOR_H

#include "runtime/backends/cpu/Fiber.h"
#include "runtime/backends/cpu/TaskContext.h"

#include <chrono>
#include <deque>

namespace moec::rt::cpu {

class TestMode;

/// What the ranks are given for one step, one entry a rank.
using StepIo = std::span<const RankIo>;

class Executor {
public:
  /// `test` is null outside test mode.
  Executor(Machine &machine, TestMode *test);
  ~Executor();

  /// Runs the steps on all ranks. A rank goes on to its next step when it is through
  /// with the one before, however far the others are. After a failure nothing more
  /// can be run: epochs of the ranks differ.
  Status run(std::span<const StepIo> steps);

  /// Steps count from 1; tests start near the end of the epochs' circle.
  void startAt(uint64_t step) { nextStep = step; }
  uint64_t lastStep() const { return nextStep - 1; }

private:
  struct RankState;

  Status runInTurn();
  Status runAtRandom();
  void resume(RankState &state);

  void runRank(RankState &state);
  void stop(RankState &state, Status reason);
  void beginStep(RankState &state, uint64_t step, const RankIo &io);
  void provideInput(Rank &rank);
  void becomeReady(RankState &state, uint32_t task);
  void pollWaits(RankState &state);
  bool windowIsOpen(const RankState &state, uint32_t task) const;
  void runSomething(RankState &state);

  Status runTask(RankState &state, uint32_t number);
  bool takesTurns(const Task &task) const;
  Status runBody(RankState &state, const Task &task, uint32_t number);
  Status runSignal(TaskContext &context);
  Status runWait(TaskContext &context);
  /// The cell that a Signal writes or a Wait reads.
  FlagWord &flagOf(const Rank &rank, const Task &task) const;

  Status describeDeadlock() const;
  std::string describeWait(const RankState &state, const Task &task) const;

  Machine &machine;
  TestMode *test;
  uint64_t nextStep = 1;
  std::span<const StepIo> steps;
  std::vector<std::unique_ptr<RankState>> states;
  Status taskFailure; ///< of the fiber that ran last
  Status failure;     ///< of a run; nothing runs after it
  std::chrono::steady_clock::time_point lastTime;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_EXECUTOR_H
