//===- PlanTasks.h - A plan as tasks with sizes -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_PLANTASKS_H
#define MOEC_RUNTIME_SIMULATOR_PLANTASKS_H

#include "runtime/base/Status.h"
#include "runtime/plan/Expand.h"
#include "runtime/simulator/KernelTimes.h"
#include "runtime/simulator/TaskGraph.h"
#include "runtime/traffic/ItemCounts.h"

namespace moec::simulator {

/// How many items a set has; 0 of S, which takes a plan's stages to know.
double countOf(const traffic::ItemCounts &counts, const plan::ConcreteItems &items);

/// The tasks of steps 1 to `steps` of a checked plan, every step with the same
/// traffic. Family i is op i of the plan; gates have a family behind them. A put
/// carries the records of its items at their size in the target buffer. Invalid
/// where `counts` are of another number of ranks, or the tasks are too many.
rt::Result<TaskGraph> makePlanTasks(const plan::Plan &plan, const traffic::ItemCounts &counts,
                                    const KernelTimes &times, uint32_t steps = 1);

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_PLANTASKS_H
