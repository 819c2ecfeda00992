//===- Program.h - One rank's tasks of one step -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan's families spelt out for one rank, once a session. What depends on the
// step number is brought up to date by beginStep().
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_PROGRAM_H
#define MOEC_RUNTIME_BACKENDS_CPU_PROGRAM_H

#include "runtime/plan/Expand.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moec::rt::cpu {

struct Task {
  const plan::Op *op = nullptr;
  uint32_t opNumber = 0;
  std::vector<int64_t> point; ///< values of the op's domain variables
  std::vector<plan::ConcreteRegion> reads, writes;
  uint32_t peer = 0;     ///< Put, Signal: rank `to`, 0 for all; Wait: the flag's writer
  uint32_t peers = 1;    ///< Put, Signal: so many ranks from `peer` on are written
  uint64_t flagCell = 0; ///< Signal, Wait
  uint32_t epoch = 0;    ///< Signal, Wait
  plan::ConcreteItems payload;
  uint32_t predecessors = 0;
  std::vector<uint32_t> successors;
};

class Program {
public:
  /// `plan` has passed its checks and outlives this.
  Program(const plan::Plan &plan, uint32_t rank);

  /// Steps count from 1.
  void beginStep(uint64_t step);

  const std::vector<Task> &tasks() const { return all; }

private:
  void resolve(Task &task, uint64_t step) const;
  void link();

  const plan::Plan &plan;
  uint32_t rank;
  std::vector<Task> all;
  /// First task of each op; the tasks of an op are neighbours.
  std::vector<uint32_t> firstTask;
  std::vector<bool> changes; ///< per op: more than its epoch depends on the step
};

/// "pd(3)": the op's name and the values of its domain variables.
std::string taskName(const Task &task);
/// "%pd(3) at olmoe.moe:12:3, rank 0, step 2"
std::string taskPlace(const Task &task, uint32_t rank, uint64_t step);
/// "fd[0, 3]"
std::string flagName(const plan::Flag &flag, uint64_t cell);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_PROGRAM_H
