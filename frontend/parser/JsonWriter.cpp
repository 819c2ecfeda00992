//===- JsonWriter.cpp - A program as JSON ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// {"moe": 1, "body": [{"statement": "layer", "name": "a", "body": [..]}, ..]}.
// A field's key is its name in Grammar.def. Comments, empty lines and the
// comment behind a closing brace have keys of their own, so that the text comes
// back as `moec fmt` would print it.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace moec::frontend {

using Json = nlohmann::ordered_json;

static Json numberJson(double number) {
  bool isWhole = std::nearbyint(number) == number && std::fabs(number) < 9007199254740992.0;
  return isWhole ? Json(static_cast<int64_t>(number)) : Json(number);
}

/// Numbers and names as they are; an operator or a function as {"*": [a, b]}.
static Json expressionJson(const Expression &expression) {
  std::string key;
  switch (expression.kind) {
  case Expression::Kind::Number:
    return numberJson(expression.number);
  case Expression::Kind::Name:
    return expression.name;
  case Expression::Kind::Call:
    key = expression.name;
    break;
  case Expression::Kind::Add:
    key = "+";
    break;
  case Expression::Kind::Negate:
  case Expression::Kind::Subtract:
    key = "-";
    break;
  case Expression::Kind::Multiply:
    key = "*";
    break;
  case Expression::Kind::Divide:
    key = "/";
    break;
  }
  Json operands = Json::array();
  for (const Expression &operand : expression.operands)
    operands.push_back(expressionJson(operand));
  Json result = Json::object();
  result[key] = std::move(operands);
  return result;
}

static Json valueJson(const Value &value) {
  switch (value.kind) {
  case ValueKind::Name:
  case ValueKind::Word:
  case ValueKind::Type:
  case ValueKind::String:
    return value.text;
  case ValueKind::Integer:
    return value.integer;
  case ValueKind::Number:
    return numberJson(value.number);
  case ValueKind::Words:
    return value.words;
  case ValueKind::Shape:
    return value.shape;
  case ValueKind::Size:
  case ValueKind::Rate:
  case ValueKind::Time:
  case ValueKind::Work:
    return formatNumber(value.number) + " " + value.unit;
  case ValueKind::Expression:
    return expressionJson(value.expression);
  case ValueKind::Ranges:
    break;
  }
  Json ranges = Json::array();
  for (const Range &range : value.ranges)
    ranges.push_back(range.first == range.last ? Json(range.first)
                                               : Json::array({range.first, range.last}));
  return ranges;
}

static Json statementJson(const Statement &statement);

static Json bodyJson(const std::vector<Statement> &statements) {
  Json body = Json::array();
  for (const Statement &statement : statements)
    body.push_back(statementJson(statement));
  return body;
}

static Json statementJson(const Statement &statement) {
  Json result = Json::object();
  result["statement"] = statement.rule->keyword;
  if (statement.blankBefore)
    result["blank"] = true;
  if (!statement.comments.empty())
    result["comments"] = statement.comments;
  for (const Field &field : statement.fields)
    result[field.name] = valueJson(field.value);
  if (!statement.comment.empty())
    result["comment"] = statement.comment;
  if (statement.hasBody)
    result["body"] = bodyJson(statement.body);
  if (!statement.bodyComments.empty())
    result["body_comments"] = statement.bodyComments;
  if (!statement.closingComment.empty())
    result["closing_comment"] = statement.closingComment;
  return result;
}

std::string formatJson(const Ast &ast) {
  Json result = Json::object();
  result["moe"] = 1;
  result["body"] = bodyJson(ast.statements);
  if (!ast.endComments.empty())
    result["body_comments"] = ast.endComments;
  return result.dump(2) + "\n";
}

} // namespace moec::frontend
