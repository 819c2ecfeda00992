//===- Explain.h - Why two tasks are not in order, as a story ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_EXPLAIN_H
#define MOEC_PASSES_SCHEDULING_EXPLAIN_H

#include "passes/scheduling/TaskGraph.h"
#include "passes/scheduling/VerifyPlan.h"

namespace moec::scheduling {

/// "step 1, rank 0: %sd(1) signals %fd[0, 0] = 1 to rank 1"
TraceLine tellTask(const TaskGraph &graph, TaskId id);

/// Tasks in the order in which they happen, each on a line.
std::vector<TraceLine> tellTasks(const TaskGraph &graph, const std::vector<TaskId> &tasks);

/// For two tasks that nothing orders: for each the last of the other's rank that it
/// knows of, and how; hence a run in which both come at the same time.
std::vector<TraceLine> tellUnordered(const TaskGraph &graph, TaskId a, TaskId b);

/// For a task that should come after another and need not: what it knows of the
/// other's rank.
std::vector<TraceLine> tellKnown(const TaskGraph &graph, TaskId later, TaskId earlier);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_EXPLAIN_H
