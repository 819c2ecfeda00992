//===- CheckExpr.cpp - Is an expression well-formed, and in bounds? ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/plan/CheckExpr.h"

#include "runtime/plan/PlanText.h"

namespace moec::plan {

using rt::Status;
using rt::Where;
using Kind = ExprNode::Kind;

static Status checkVariable(int64_t number, const Variables &variables, const Where &where) {
  int64_t count = static_cast<int64_t>(variables.bounds.size());
  if (number < 0 || number >= count)
    return where.invalid("wanted a variable from 0 to ", count - 1, ", found ", number);
  if (number == stepVariable && !variables.step)
    return where.invalid("the step (variable 1) is not in scope here");
  return {};
}

/// `nodes` up to and including the operator at `position`.
static Status checkOperator(std::span<const ExprNode> nodes, size_t position, size_t depth,
                            const Where &where) {
  const ExprNode &node = nodes[position];
  if (depth < 2)
    return where.invalid("an operator wants 2 operands, found ", depth);
  if (node.value != 0)
    return where.invalid("wanted the value 0 for an operator, found ", node.value);
  if (node.kind != Kind::FloorDiv && node.kind != Kind::Mod)
    return {};
  const ExprNode &divisor = nodes[position - 1];
  if (divisor.kind != Kind::Constant)
    return where.invalid("wanted a constant divisor, found another expression");
  if (divisor.value <= 0)
    return where.invalid("wanted a positive divisor, found ", divisor.value);
  return {};
}

static Status checkNodes(const Expr &expr, const Variables &variables, const Where &where) {
  if (expr.nodes.empty())
    return where.invalid("wanted an expression, found none");
  if (expr.nodes.size() > maxExprNodes)
    return where.invalid("wanted at most ", maxExprNodes, " nodes, found ", expr.nodes.size());
  size_t depth = 0;
  for (size_t i = 0; i < expr.nodes.size(); ++i) {
    const ExprNode &node = expr.nodes[i];
    Where at = where.at("node", i);
    switch (node.kind) {
    case Kind::Variable:
      MOEC_RETURN_IF_ERROR(checkVariable(node.value, variables, at));
      [[fallthrough]];
    case Kind::Constant:
      if (++depth > maxExprDepth)
        return at.invalid("wanted at most ", maxExprDepth, " operands at once, found ", depth);
      break;
    case Kind::Add:
    case Kind::Mul:
    case Kind::FloorDiv:
    case Kind::Mod:
      MOEC_RETURN_IF_ERROR(checkOperator(expr.nodes, i, depth, at));
      --depth;
      break;
    }
  }
  if (depth != 1)
    return where.invalid("wanted one value at the end, found ", depth);
  return {};
}

Status checkExpr(const Expr &expr, const Variables &variables, Interval wanted,
                 const Where &where) {
  MOEC_RETURN_IF_ERROR(checkNodes(expr, variables, where));
  std::optional<Interval> found = evaluateInterval(expr, variables.bounds);
  if (!found)
    return where.invalid("'", exprText(expr, variables.names), "' may leave 64 bits");
  if (found->low >= wanted.low && found->high <= wanted.high)
    return {};
  if (expr.nodes.size() == 1 && found->low == found->high)
    return where.invalid("wanted a value from ", wanted.low, " to ", wanted.high, ", found ",
                         found->low);
  return where.invalid("wanted a value from ", wanted.low, " to ", wanted.high, ", found '",
                       exprText(expr, variables.names), "' from ", found->low, " to ", found->high);
}

} // namespace moec::plan
