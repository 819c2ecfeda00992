//===- TaskBars.h - Tasks as bars of a timeline -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_REPORT_TASKBARS_H
#define MOEC_RUNTIME_REPORT_TASKBARS_H

#include "runtime/simulator/Simulate.h"

#include <vector>

namespace moec::report {

/// One task, or several of an op on a rank that overlap or touch.
struct Bar {
  uint32_t rank = 0;
  simulator::FamilyId family = 0;
  uint32_t peer = 0;  ///< of a transfer of one task
  uint32_t tasks = 1; ///< more than one: merged, and `peer` says nothing
  double begin = 0, end = 0;
  double bytes = 0; ///< of transfers
};

struct Bars {
  std::vector<Bar> bars; ///< by rank, then by begin
  uint64_t tasks = 0;    ///< that take time
  bool isMerged = false;
};

/// Transfers, computations and waits that take time. Beyond `most` bars those of an op on
/// a rank are merged where they overlap, and then where less than a growing part of the
/// run lies between them.
Bars barsOf(const simulator::TaskGraph &graph, const simulator::Simulation &simulation,
            size_t most);

} // namespace moec::report

#endif // MOEC_RUNTIME_REPORT_TASKBARS_H
