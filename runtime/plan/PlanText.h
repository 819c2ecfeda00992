//===- PlanText.h - A plan as text -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The syntax is that of the comm dialect after -comm-schedule, so that what is in
// a module can be read beside the IR that it came from. For reading: there is no
// parser but the dialect's.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_PLANTEXT_H
#define MOEC_RUNTIME_PLAN_PLANTEXT_H

#include "runtime/plan/Plan.h"

#include <span>
#include <string>

namespace moec::plan {

/// The whole plan, one line an op, with a final newline. Wants a checked plan.
std::string planText(const Plan &plan);

/// One op as in planText(), without indentation and newline.
std::string opText(const Plan &plan, const Op &op);

/// "n mod 2", "r * 8 + p"; `variables` names the domain variables in scope.
std::string exprText(const Expr &expr, std::span<const std::string> variables);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_PLANTEXT_H
