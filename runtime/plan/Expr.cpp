//===- Expr.cpp - Building and evaluating plan expressions ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/Expr.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace moec::plan {

// --- Building ----------------------------------------------------------------

using Kind = ExprNode::Kind;

Expr constant(int64_t value) { return {{{Kind::Constant, value}}}; }
Expr variable(int64_t number) { return {{{Kind::Variable, number}}}; }
Expr domainVariable(uint32_t position) { return variable(firstDomainVariable + position); }
Expr rank() { return variable(rankVariable); }
Expr step() { return variable(stepVariable); }

static Expr binary(Expr lhs, const Expr &rhs, Kind kind) {
  lhs.nodes.insert(lhs.nodes.end(), rhs.nodes.begin(), rhs.nodes.end());
  lhs.nodes.push_back({kind, 0});
  return lhs;
}

Expr operator+(Expr lhs, const Expr &rhs) { return binary(std::move(lhs), rhs, Kind::Add); }
Expr operator*(Expr lhs, const Expr &rhs) { return binary(std::move(lhs), rhs, Kind::Mul); }
Expr floorDiv(Expr lhs, int64_t divisor) {
  return binary(std::move(lhs), constant(divisor), Kind::FloorDiv);
}
Expr mod(Expr lhs, int64_t divisor) { return binary(std::move(lhs), constant(divisor), Kind::Mod); }

Expr nodeOf(Expr rank, uint32_t lanes) {
  return lanes == 1 ? rank : floorDiv(std::move(rank), lanes);
}
Expr laneOf(Expr rank, uint32_t lanes) {
  return lanes == 1 ? constant(0) : mod(std::move(rank), lanes);
}
Expr rankAt(Expr node, const Expr &lane, uint32_t lanes) {
  return lanes == 1 ? node : std::move(node) * constant(lanes) + lane;
}

// --- Evaluating --------------------------------------------------------------

/// Towards minus infinity; `divisor` is positive.
static int64_t floorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0);
}
static int64_t floorRemainder(int64_t value, int64_t divisor) {
  int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

static int64_t apply(Kind kind, int64_t lhs, int64_t rhs) {
  switch (kind) {
  case Kind::Add:
    return lhs + rhs;
  case Kind::Mul:
    return lhs * rhs;
  case Kind::FloorDiv:
    return floorDivide(lhs, rhs);
  case Kind::Mod:
    return floorRemainder(lhs, rhs);
  case Kind::Constant:
  case Kind::Variable:
    break;
  }
  assert(false && "not an operator");
  return 0;
}

int64_t evaluate(const Expr &expr, std::span<const int64_t> variables) {
  std::array<int64_t, maxExprDepth> stack;
  size_t depth = 0;
  for (const ExprNode &node : expr.nodes) {
    if (node.kind == Kind::Constant || node.kind == Kind::Variable) {
      assert(depth < maxExprDepth);
      stack[depth++] = node.kind == Kind::Constant ? node.value : variables[node.value];
      continue;
    }
    assert(depth >= 2);
    --depth;
    stack[depth - 1] = apply(node.kind, stack[depth - 1], stack[depth]);
  }
  assert(depth == 1 && "an expression leaves one value");
  return stack[0];
}

static std::optional<Interval> add(Interval lhs, Interval rhs) {
  Interval sum;
  if (__builtin_add_overflow(lhs.low, rhs.low, &sum.low) ||
      __builtin_add_overflow(lhs.high, rhs.high, &sum.high))
    return std::nullopt;
  return sum;
}

static std::optional<Interval> multiply(Interval lhs, Interval rhs) {
  std::array<int64_t, 4> corners;
  if (__builtin_mul_overflow(lhs.low, rhs.low, &corners[0]) ||
      __builtin_mul_overflow(lhs.low, rhs.high, &corners[1]) ||
      __builtin_mul_overflow(lhs.high, rhs.low, &corners[2]) ||
      __builtin_mul_overflow(lhs.high, rhs.high, &corners[3]))
    return std::nullopt;
  auto [low, high] = std::minmax_element(corners.begin(), corners.end());
  return Interval{*low, *high};
}

static std::optional<Interval> applyInterval(Kind kind, Interval lhs, Interval rhs) {
  switch (kind) {
  case Kind::Add:
    return add(lhs, rhs);
  case Kind::Mul:
    return multiply(lhs, rhs);
  case Kind::FloorDiv:
    return Interval{floorDivide(lhs.low, rhs.low), floorDivide(lhs.high, rhs.low)};
  case Kind::Mod:
    // Within one period the remainder follows the value; else it may be anything.
    if (floorDivide(lhs.low, rhs.low) == floorDivide(lhs.high, rhs.low))
      return Interval{floorRemainder(lhs.low, rhs.low), floorRemainder(lhs.high, rhs.low)};
    return Interval{0, rhs.low - 1};
  case Kind::Constant:
  case Kind::Variable:
    break;
  }
  assert(false && "not an operator");
  return std::nullopt;
}

std::optional<Interval> evaluateInterval(const Expr &expr, std::span<const Interval> variables) {
  std::vector<Interval> stack;
  for (const ExprNode &node : expr.nodes) {
    if (node.kind == Kind::Constant) {
      stack.push_back({node.value, node.value});
    } else if (node.kind == Kind::Variable) {
      stack.push_back(variables[node.value]);
    } else {
      Interval rhs = stack.back();
      stack.pop_back();
      std::optional<Interval> value = applyInterval(node.kind, stack.back(), rhs);
      if (!value)
        return std::nullopt;
      stack.back() = *value;
    }
  }
  return stack.back();
}

} // namespace moec::plan
