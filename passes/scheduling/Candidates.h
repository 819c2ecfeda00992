//===- Candidates.h - Schedules to choose from ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `algorithm auto`: the schedules that fit a layer, each expanded to the plan that
// it would be, so that what is costed is what would run. None changes which sums
// reach the result, unless the source asks for partial sums.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_CANDIDATES_H
#define MOEC_PASSES_SCHEDULING_CANDIDATES_H

#include "dialects/comm/CommOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/candidates/Choose.h"

namespace moec {

/// One schedule to try: what a schedule block would say, and as the plan's request.
struct ScheduleCandidate {
  std::string statements; ///< "algorithm two_tier; window 0"
  comm::ScheduleAttr request;
};

/// The schedules that do what else the plan's request says on that machine, in the order in
/// which equals are preferred.
std::vector<ScheduleCandidate> listCandidates(comm::PlanOp plan, const topology::Machine &machine);

/// The statements of all of them, whatever a plan says and whether it has the ranks for it.
std::vector<std::string> candidateStatements(const topology::Machine &machine);

/// The plan that `candidate` gives, or the reason why it gives none (of a module with a
/// target also that there are no kernels for it). `module` is of phase distribute, has one
/// plan, and stays as it is.
candidates::CandidatePlan tryCandidate(mlir::ModuleOp module, const ScheduleCandidate &candidate);

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_CANDIDATES_H
