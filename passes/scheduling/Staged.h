//===- Staged.h - Once to each host bridge, then to its GPUs ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For one machine whose GPUs are joined by PCIe. What crosses a host bridge or the
// link between sockets is slow and shared by all GPUs behind it, so a token crosses
// once for each group that wants it and is handed on behind: two tiers, with groups of
// a machine's GPUs in place of nodes and peer-to-peer copies in place of rails. A rank
// has one put across in flight (of pieces one to each group), to the rank of its lane in the
// next group first.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_STAGED_H
#define MOEC_PASSES_SCHEDULING_STAGED_H

#include "passes/scheduling/ScheduleProblem.h"

namespace moec::scheduling {

ScheduleSolution solveStaged(const ScheduleProblem &problem);

/// Why a machine cannot be staged; empty if it can.
std::string checkStaged(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_STAGED_H
