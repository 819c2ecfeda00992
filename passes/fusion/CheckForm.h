//===- CheckForm.h - Judge a form of kernels --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shares no code with what decides: what a solution must satisfy is said here
// again.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_CHECKFORM_H
#define MOEC_PASSES_FUSION_CHECKFORM_H

#include "passes/fusion/KernelForm.h"

namespace moec::fusion {

/// Why there are no kernels for the problem at all; empty if there are. One line,
/// for the user.
std::string checkProblem(const KernelProblem &problem);

/// Why `solution` is none of `problem`; empty if it is. A reason given here for a
/// checked problem is a bug of the solver.
std::string checkSolution(const KernelProblem &problem, const KernelSolution &solution);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_CHECKFORM_H
