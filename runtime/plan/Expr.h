//===- Expr.h - Building and evaluating plan expressions -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_EXPR_H
#define MOEC_RUNTIME_PLAN_EXPR_H

#include "runtime/plan/Plan.h"

#include <cstdint>
#include <optional>
#include <span>

namespace moec::plan {

/// Numbers of the fixed variables; domain variable i is firstDomainVariable + i.
inline constexpr int64_t rankVariable = 0;
inline constexpr int64_t stepVariable = 1;
inline constexpr int64_t firstDomainVariable = 2;

/// Deepest operand stack and most nodes that a checked expression has.
inline constexpr uint32_t maxExprDepth = 16;
inline constexpr uint32_t maxExprNodes = 64;

// --- Building ----------------------------------------------------------------

Expr constant(int64_t value);
Expr variable(int64_t number);
Expr domainVariable(uint32_t position);
Expr rank(); ///< r
Expr step(); ///< n
Expr operator+(Expr lhs, const Expr &rhs);
Expr operator*(Expr lhs, const Expr &rhs);
Expr floorDiv(Expr lhs, int64_t divisor);
Expr mod(Expr lhs, int64_t divisor);

// Nodes and lanes, as the dialect simplifies them: rank = node * lanes + lane.
Expr nodeOf(Expr rank, uint32_t lanes);
Expr laneOf(Expr rank, uint32_t lanes);
Expr rankAt(Expr node, const Expr &lane, uint32_t lanes);

// --- Evaluating --------------------------------------------------------------

/// The value under `variables` (r, n, then the domain variables in scope). The
/// expression has passed the plan's checks, with that many variables in scope;
/// does not allocate.
int64_t evaluate(const Expr &expr, std::span<const int64_t> variables);

/// Bounds of a value, both ends included.
struct Interval {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const Interval &) const = default;
};
/// Bounds of `expr` when each variable lies in its own bounds, or nothing where a
/// value on the way might leave 64 bits. The expression is well-formed.
std::optional<Interval> evaluateInterval(const Expr &expr, std::span<const Interval> variables);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_EXPR_H
