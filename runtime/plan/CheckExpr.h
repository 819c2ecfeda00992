//===- CheckExpr.h - Is an expression well-formed, and in bounds? -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_CHECKEXPR_H
#define MOEC_RUNTIME_PLAN_CHECKEXPR_H

#include "runtime/base/Where.h"
#include "runtime/plan/Expr.h"

#include <string>
#include <vector>

namespace moec::plan {

/// What an expression may refer to: r, n, then the domain variables in scope.
struct Variables {
  std::vector<Interval> bounds;
  std::vector<std::string> names; ///< of the domain variables
  bool step = true;               ///< n may be used
};

/// Each node is well-formed, the stack never runs empty or over and ends with one
/// value, no value leaves 64 bits, and the result lies in `wanted`. The bounds are
/// those of interval arithmetic: "r - r" counts as 1 - ranks to ranks - 1.
rt::Status checkExpr(const Expr &expr, const Variables &variables, Interval wanted,
                     const rt::Where &where);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_CHECKEXPR_H
