//===- ResolveActivation.cpp - Activations and biases of experts ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

namespace moec::frontend {

/// The functions of one element, by their names in the language.
static std::optional<ActivationOp> functionOf(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ActivationOp::Softplus); ++i) {
    ActivationOp op = static_cast<ActivationOp>(i);
    bool isFunction = op == ActivationOp::Min || op == ActivationOp::Max ||
                      op == ActivationOp::Clamp || op >= ActivationOp::Exp;
    if (isFunction && name == nameOf(op))
      return op;
  }
  return std::nullopt;
}

static std::string functionList() {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ActivationOp::Softplus); ++i)
    if (std::optional<ActivationOp> op = functionOf(nameOf(static_cast<ActivationOp>(i))))
      names.push_back(nameOf(*op));
  return listOf(names);
}

/// The operator of a node that is one.
static std::optional<ActivationOp> opOf(const Expression &expression) {
  switch (expression.kind) {
  case Expression::Kind::Add:
    return ActivationOp::Add;
  case Expression::Kind::Subtract:
    return ActivationOp::Sub;
  case Expression::Kind::Multiply:
    return ActivationOp::Mul;
  case Expression::Kind::Divide:
    return ActivationOp::Div;
  case Expression::Kind::Negate:
    return ActivationOp::Neg;
  case Expression::Kind::Call:
    return functionOf(expression.name);
  case Expression::Kind::Name:
    if (expression.isName("gate"))
      return ActivationOp::Gate;
    return expression.isName("up") ? std::optional(ActivationOp::Up) : std::nullopt;
  case Expression::Kind::Number:
    return ActivationOp::Constant;
  }
  return std::nullopt;
}

/// Appends the steps; the part that has none, if there is one.
static const Expression *append(const Expression &expression, std::vector<ActivationStep> &steps) {
  std::optional<ActivationOp> op = opOf(expression);
  if (!op)
    return &expression;
  const std::vector<Expression> &operands = expression.operands;
  bool isNegated = op == ActivationOp::Neg && operands[0].kind == Expression::Kind::Number;
  if (isNegated) {
    steps.push_back({ActivationOp::Constant, -operands[0].number});
    return nullptr;
  }
  // A product has one form: with `up` behind.
  bool isSwapped = op == ActivationOp::Mul && operands[0].isName("up") && !operands[1].isName("up");
  for (size_t i = 0; i < operands.size(); ++i)
    if (const Expression *part = append(operands[isSwapped ? 1 - i : i], steps))
      return part;
  steps.push_back({*op, op == ActivationOp::Constant ? expression.number : 0});
  return nullptr;
}

void resolveActivation(const Statement &statement, GatedMlp &mlp, Diagnostics &diagnostics) {
  const Value *value = statement.find("value");
  if (!value ||
      !checkExpression(value->expression, ExpressionContext::Activation, "activation", diagnostics))
    return;
  ActivationExpr expression;
  expression.steps.clear();
  if (const Expression *part = append(value->expression, expression.steps)) {
    diagnostics
        .report(DiagnosticId::UnsupportedExpression, part->location,
                {"the activation's", formatExpression(*part)})
        .help("implemented: gate, up, numbers, + - * / and " + functionList());
    return;
  }
  if (std::string fault = checkActivation(expression); !fault.empty())
    diagnostics
        .report(DiagnosticId::UnsupportedExpression, value->location,
                {"the activation", formatExpression(value->expression)})
        .note(std::move(fault));
  else
    mlp.activation = std::move(expression);
}

void resolveBias(const Statement &statement, GatedMlp &mlp, Diagnostics &diagnostics) {
  const Value *of = statement.find("of");
  for (const std::string &word : of ? of->words : std::vector<std::string>()) {
    mlp.gateBias |= word == "gate";
    mlp.upBias |= word == "up";
    mlp.downBias |= word == "down";
  }
  if (!mlp.gateBias || mlp.activation.usesGate())
    return;
  refuse(statement, "a bias of a gate that the activation does not read", "", diagnostics);
  mlp.gateBias = false;
}

} // namespace moec::frontend
