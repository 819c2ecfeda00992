//===- AbstractRun.h - Run a plan with sets in place of rows ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_ABSTRACTRUN_H
#define MOEC_PASSES_SCHEDULING_ABSTRACTRUN_H

#include "passes/scheduling/Faults.h"
#include "passes/scheduling/TaskGraph.h"

#include <tuple>

namespace moec::scheduling {

/// Rank, buffer, region of the buffer.
using RegionKey = std::tuple<uint32_t, uint32_t, uint64_t>;

/// The ranks whose memory a task writes, and reads, ascending.
std::vector<uint32_t> getTargetRanks(const TaskGraph &graph, TaskId id);
std::vector<uint32_t> getSourceRanks(const TaskGraph &graph, TaskId id);

/// "'recv' region 3 of rank 0"
std::string describeRegion(const plan::Plan &plan, const RegionKey &key);

/// Runs the tasks one after another, in an order that the graph allows, and
/// checks what each reads: rules undefined, stale, count, content, sum, dead,
/// post. Tells the result of every run if the plan has no races. Graph sorted.
void runAbstractly(const plan::Plan &plan, const TaskGraph &graph, uint32_t steps, Faults &faults);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_ABSTRACTRUN_H
