//===- CheckSchedule.h - Judge a schedule -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shares no code with the solvers: what a solution must satisfy is said here
// again, from the rules of the protocol.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_CHECKSCHEDULE_H
#define MOEC_PASSES_SCHEDULING_CHECKSCHEDULE_H

#include "passes/scheduling/ScheduleProblem.h"

namespace moec::scheduling {

/// Why the problem has no solution at all: its request breaks the protocol or
/// the sizes are out of range. Empty if it has one. One line, for the user.
std::string checkProblem(const ScheduleProblem &problem);

/// Why `solution` is none of `problem`; empty if it is. A reason given here for
/// a checked problem is a bug of the solver.
std::string checkSolution(const ScheduleProblem &problem, const ScheduleSolution &solution);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_CHECKSCHEDULE_H
