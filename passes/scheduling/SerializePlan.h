//===- SerializePlan.h - From comm.plan to the plan of a module -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_SERIALIZEPLAN_H
#define MOEC_PASSES_SCHEDULING_SERIALIZEPLAN_H

#include "dialects/comm/CommOps.h"
#include "runtime/plan/Plan.h"

namespace moec {

/// The plan that the module holds: op i of the result is the i-th family of
/// tasks of `op`. Reports on `op` what has no form in a plan (an abstract
/// exchange, a packed buffer, partial sums) and fails.
mlir::FailureOr<plan::Plan> serializePlan(comm::PlanOp op);

/// File, line and column of a location: that of the innermost file position it
/// holds. All empty if there is none.
plan::Location getFileLocation(mlir::Location loc);

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_SERIALIZEPLAN_H
