//===- ActivationExpr.cpp - What lies between two products ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/ActivationExpr.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace moec {

using Op = ActivationOp;

static constexpr Op lastOp = Op::Softplus;

const char *nameOf(ActivationOp op) {
  switch (op) {
  case Op::Gate:
    return "gate";
  case Op::Up:
    return "up";
  case Op::Constant:
    return "constant";
  case Op::Add:
    return "add";
  case Op::Sub:
    return "sub";
  case Op::Mul:
    return "mul";
  case Op::Div:
    return "div";
  case Op::Neg:
    return "neg";
  case Op::Min:
    return "min";
  case Op::Max:
    return "max";
  case Op::Clamp:
    return "clamp";
  case Op::Exp:
    return "exp";
  case Op::Tanh:
    return "tanh";
  case Op::Sigmoid:
    return "sigmoid";
  case Op::Silu:
    return "silu";
  case Op::Gelu:
    return "gelu";
  case Op::GeluTanh:
    return "gelu_tanh";
  case Op::Relu:
    return "relu";
  case Op::Square:
    return "square";
  case Op::Sqrt:
    return "sqrt";
  case Op::Softplus:
    return "softplus";
  }
  return nullptr;
}

size_t operandCount(ActivationOp op) {
  switch (op) {
  case Op::Gate:
  case Op::Up:
  case Op::Constant:
    return 0;
  case Op::Add:
  case Op::Sub:
  case Op::Mul:
  case Op::Div:
  case Op::Min:
  case Op::Max:
    return 2;
  case Op::Clamp:
    return 3;
  case Op::Neg:
  case Op::Exp:
  case Op::Tanh:
  case Op::Sigmoid:
  case Op::Silu:
  case Op::Gelu:
  case Op::GeluTanh:
  case Op::Relu:
  case Op::Square:
  case Op::Sqrt:
  case Op::Softplus:
    return 1;
  }
  return 0;
}

// --- The usual functions -------------------------------------------------------

ActivationExpr::ActivationExpr(Activation activation) {
  switch (activation) {
  case Activation::Silu:
    steps = {{Op::Gate}, {Op::Silu}, {Op::Up}, {Op::Mul}};
    return;
  case Activation::GeluTanh:
    steps = {{Op::Gate}, {Op::GeluTanh}, {Op::Up}, {Op::Mul}};
    return;
  case Activation::ClampedSwiglu:
    *this = clampedSwiglu(7, 1.702);
    return;
  }
}

ActivationExpr ActivationExpr::clampedSwiglu(double limit, double alpha) {
  ActivationStep low{Op::Constant, -limit}, high{Op::Constant, limit};
  return ActivationExpr({{Op::Gate},
                         high,
                         {Op::Min},
                         {Op::Constant, alpha},
                         {Op::Gate},
                         high,
                         {Op::Min},
                         {Op::Mul},
                         {Op::Sigmoid},
                         {Op::Mul},
                         {Op::Up},
                         low,
                         high,
                         {Op::Clamp},
                         {Op::Constant, 1},
                         {Op::Add},
                         {Op::Mul}});
}

bool ActivationExpr::usesGate() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const ActivationStep &step) { return step.op == Op::Gate; });
}

std::optional<KnownActivation> recognize(const ActivationExpr &expression) {
  for (Activation function : {Activation::Silu, Activation::GeluTanh})
    if (expression == ActivationExpr(function))
      return KnownActivation{function};
  const std::vector<ActivationStep> &steps = expression.steps;
  if (steps.size() != ActivationExpr(Activation::ClampedSwiglu).steps.size())
    return std::nullopt;
  double limit = steps[1].value, alpha = steps[3].value;
  if (limit <= 0 || expression != ActivationExpr::clampedSwiglu(limit, alpha))
    return std::nullopt;
  return KnownActivation{Activation::ClampedSwiglu, limit, alpha};
}

static std::string numberText(double value) {
  char digits[40];
  auto end = std::to_chars(digits, digits + sizeof digits, value);
  return std::string(digits, end.ptr);
}

std::string checkActivation(const ActivationExpr &expression) {
  const std::vector<ActivationStep> &steps = expression.steps;
  if (steps.size() > maxActivationSteps)
    return "wanted at most " + std::to_string(maxActivationSteps) + " steps, found " +
           std::to_string(steps.size());
  size_t depth = 0;
  bool usesUp = false;
  for (const ActivationStep &step : steps) {
    if (step.op > lastOp)
      return "wanted a step from 0 to " + std::to_string(static_cast<int>(lastOp)) + ", found " +
             std::to_string(static_cast<int>(step.op));
    size_t operands = operandCount(step.op);
    if (depth < operands)
      return std::string("wanted ") + std::to_string(operands) + " operands for " +
             nameOf(step.op) + ", found " + std::to_string(depth);
    if (!std::isfinite(static_cast<float>(step.value)))
      return "wanted finite constants, found " + numberText(step.value);
    if (step.op != Op::Constant && step.value != 0)
      return std::string("wanted a value with constants alone, found one at ") + nameOf(step.op);
    depth += 1 - operands;
    if (depth > maxActivationStack)
      return "wanted at most " + std::to_string(maxActivationStack) + " values at once";
    usesUp |= step.op == Op::Up;
  }
  if (depth != 1)
    return "wanted one value at the end, found " + std::to_string(depth);
  return usesUp ? "" : "wanted a function of up, found none";
}

// --- Text ----------------------------------------------------------------------

namespace {
/// A part of the infix text, and how tightly it binds: 1 sums, 2 products, 3 signs, 4 all else.
struct Part {
  std::string text;
  int precedence;
};
} // namespace

static std::string within(const Part &part, int atLeast) {
  return part.precedence < atLeast ? "(" + part.text + ")" : part.text;
}

static Part infix(const Part &left, const char *sign, const Part &right, int precedence) {
  return {within(left, precedence) + sign + within(right, precedence + 1), precedence};
}

static Part call(Op op, const std::vector<Part> &operands) {
  std::string text = std::string(nameOf(op)) + "(";
  for (const Part &operand : operands)
    text += (&operand == operands.data() ? "" : ", ") + operand.text;
  return {text + ")", 4};
}

static Part partOf(const ActivationStep &step, const std::vector<Part> &operands) {
  switch (step.op) {
  case Op::Gate:
  case Op::Up:
    return {nameOf(step.op), 4};
  case Op::Constant:
    return {numberText(step.value), std::signbit(step.value) ? 3 : 4};
  case Op::Add:
    return infix(operands[0], " + ", operands[1], 1);
  case Op::Sub:
    return infix(operands[0], " - ", operands[1], 1);
  case Op::Mul:
    return infix(operands[0], " * ", operands[1], 2);
  case Op::Div:
    return infix(operands[0], " / ", operands[1], 2);
  case Op::Neg:
    return {"-" + within(operands[0], 3), 3};
  case Op::Min:
  case Op::Max:
  case Op::Clamp:
  case Op::Exp:
  case Op::Tanh:
  case Op::Sigmoid:
  case Op::Silu:
  case Op::Gelu:
  case Op::GeluTanh:
  case Op::Relu:
  case Op::Square:
  case Op::Sqrt:
  case Op::Softplus:
    return call(step.op, operands);
  }
  return {};
}

std::string toText(const ActivationExpr &expression) {
  std::vector<Part> stack;
  for (const ActivationStep &step : expression.steps) {
    auto first = stack.end() - static_cast<std::ptrdiff_t>(operandCount(step.op));
    std::vector<Part> operands(first, stack.end());
    stack.erase(first, stack.end());
    stack.push_back(partOf(step, operands));
  }
  return stack.empty() ? "" : stack.back().text;
}

std::string toPostfix(const ActivationExpr &expression) {
  std::string text;
  for (const ActivationStep &step : expression.steps)
    text += (text.empty() ? "" : " ") +
            (step.op == Op::Constant ? numberText(step.value) : std::string(nameOf(step.op)));
  return text;
}

static std::optional<ActivationStep> stepOf(std::string_view word) {
  for (int op = 0; op <= static_cast<int>(lastOp); ++op)
    if (static_cast<Op>(op) != Op::Constant && word == nameOf(static_cast<Op>(op)))
      return ActivationStep{static_cast<Op>(op)};
  double value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size())
    return std::nullopt;
  return ActivationStep{Op::Constant, value};
}

std::optional<ActivationExpr> fromPostfix(std::string_view text) {
  ActivationExpr expression;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    std::optional<ActivationStep> step = stepOf(text.substr(0, end));
    if (!step)
      return std::nullopt;
    expression.steps.push_back(*step);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return expression;
}

} // namespace moec
