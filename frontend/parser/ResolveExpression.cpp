//===- ResolveExpression.cpp - Names and functions of expressions ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The closed vocabulary. It is larger than what is implemented: everything that
// a published router, expert or combination needs can be written, and is then
// refused by name where there is no code for it.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>

namespace moec::frontend {

namespace {
struct Function {
  std::string_view name;
  size_t least, most; ///< operands
};
} // namespace

static constexpr Function functions[] = {
    // products with weights
    {"linear", 1, 1},
    {"mlp", 1, 2},
    {"product_keys", 1, 1},
    // over all experts, or over the chosen ones in `weights`
    {"softmax", 1, 1},
    {"sum", 1, 2},
    {"top", 1, 2},
    {"pnorm", 2, 2},
    {"sparsemixer", 2, 2},
    // element by element
    {"sigmoid", 1, 1},
    {"softplus", 1, 1},
    {"sqrt", 1, 1},
    {"exp", 1, 1},
    {"tanh", 1, 1},
    {"silu", 1, 1},
    {"gelu", 1, 1},
    {"gelu_tanh", 1, 1},
    {"relu", 1, 1},
    {"square", 1, 1},
    {"min", 2, 2},
    {"max", 2, 2},
    {"clamp", 3, 3},
    {"rms_norm", 1, 2},
};

static std::vector<std::string_view> namesIn(ExpressionContext context) {
  switch (context) {
  case ExpressionContext::RouterInput:
    return {"x", "token", "residual", "hidden", "channel_scale"};
  case ExpressionContext::Logits:
    return {"x", "input", "router_bias", "previous"};
  case ExpressionContext::Score:
    return {"logits"};
  case ExpressionContext::Choose:
    return {"logits", "score", "selection_bias"};
  case ExpressionContext::GroupScore:
    return {"max"};
  case ExpressionContext::Rejected:
    return {"inf"};
  case ExpressionContext::RoutingWeights:
    return {"logits", "score", "selection_bias", "shared", "k", "expert_scale", "global_scale"};
  case ExpressionContext::Combine:
    return {"routed", "shared", "dense", "x", "bias"};
  case ExpressionContext::Residual:
    return {"x", "y"};
  case ExpressionContext::Activation:
    return {"gate", "up", "gate_bias", "up_bias"};
  case ExpressionContext::SharedScale:
    return {"x"};
  case ExpressionContext::LookupKey:
    return {"token"};
  case ExpressionContext::Fuse:
    return {"route", "dispatch", "up", "down", "combine", "shared", "nothing", "everything"};
  }
  return {};
}

static std::string countOf(const Function &function) {
  std::string least = std::to_string(function.least);
  if (function.least != function.most)
    return least + " or " + std::to_string(function.most) + " operands";
  return least + (function.least == 1 ? " operand" : " operands");
}

static bool checkCall(const Expression &call, Diagnostics &diagnostics) {
  std::vector<std::string_view> names;
  for (const Function &function : functions) {
    names.push_back(function.name);
    if (call.name != function.name)
      continue;
    size_t count = call.operands.size();
    if (count >= function.least && count <= function.most)
      return true;
    diagnostics.report(DiagnosticId::ArgumentCount, call.location,
                       {call.name, countOf(function), std::to_string(count)});
    return false;
  }
  Location place = call.location;
  place.length = static_cast<uint32_t>(std::min<size_t>(place.length, call.name.size()));
  Diagnostic &diagnostic = diagnostics.report(DiagnosticId::UnknownFunction, place, {call.name});
  std::string meant = nearest(call.name, names);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(place, meant);
  else
    diagnostic.help("known: " + listOf(names));
  return false;
}

static bool checkName(const Expression &name, ExpressionContext context, const std::string &keyword,
                      Diagnostics &diagnostics) {
  std::vector<std::string_view> names = namesIn(context);
  if (std::find(names.begin(), names.end(), name.name) != names.end())
    return true;
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownOperand, name.location, {name.name, keyword});
  std::string meant = nearest(name.name, names);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(name.location, meant);
  else if (name.name.find('-') != std::string::npos)
    diagnostic.help("a name may hold '-'; to subtract, put spaces around it");
  else
    diagnostic.help("known here: " + listOf(names));
  return false;
}

bool checkExpression(const Expression &expression, ExpressionContext context,
                     const std::string &keyword, Diagnostics &diagnostics) {
  bool good = true;
  if (expression.kind == Expression::Kind::Name)
    good = checkName(expression, context, keyword, diagnostics);
  if (expression.kind == Expression::Kind::Call)
    good = checkCall(expression, diagnostics);
  for (const Expression &operand : expression.operands)
    good &= checkExpression(operand, context, keyword, diagnostics);
  return good;
}

bool isSum(const Expression &expression, std::string_view left, std::string_view right) {
  if (expression.kind != Expression::Kind::Add)
    return false;
  const Expression &first = expression.operands[0], &second = expression.operands[1];
  return (first.isName(left) && second.isName(right)) ||
         (first.isName(right) && second.isName(left));
}

bool mentions(const Expression &expression, std::string_view name) {
  if (expression.isName(name))
    return true;
  return std::any_of(expression.operands.begin(), expression.operands.end(),
                     [&](const Expression &operand) { return mentions(operand, name); });
}

} // namespace moec::frontend
