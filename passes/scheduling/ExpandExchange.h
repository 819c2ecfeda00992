//===- ExpandExchange.h - Write an exchange as puts and flags ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_EXPANDEXCHANGE_H
#define MOEC_PASSES_SCHEDULING_EXPANDEXCHANGE_H

#include "dialects/comm/CommOps.h"
#include "passes/scheduling/ScheduleProblem.h"

namespace moec {

/// The abstract exchanges of a plan. Either may be missing.
struct Exchange {
  comm::DispatchOp dispatch;
  comm::CombineOp combine;
};

/// Replaces both exchanges by families of tasks that follow the protocol of
/// dialects/comm/README.md with the algorithm, window and depth of `solution`, and
/// makes the buffers that peers write symmetric. Decides nothing. Every new op has
/// the location of the exchange that it came from.
void expandExchange(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution);

/// The algorithms: straight to each rank, by way of one rank of each node, and by the
/// switch to all ranks at once.
void expandStaggered(comm::PlanOp plan, Exchange exchange,
                     const scheduling::ScheduleSolution &solution);
void expandTwoTier(comm::PlanOp plan, Exchange exchange,
                   const scheduling::ScheduleSolution &solution);
/// The same with more than one chunk.
void expandChunks(comm::PlanOp plan, Exchange exchange,
                  const scheduling::ScheduleSolution &solution);
void expandMulticast(comm::PlanOp plan, Exchange exchange,
                     const scheduling::ScheduleSolution &solution);
void expandBirkhoff(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution);

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_EXPANDEXCHANGE_H
