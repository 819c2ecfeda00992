//===- JsonValueReader.cpp - Values of fields from JSON -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/JsonReader.h"
#include "frontend/parser/Parser.h"
#include "frontend/parser/Suggest.h"

#include <charconv>

namespace moec::frontend {

bool isPlainName(std::string_view text) {
  auto isLetter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  auto isInner = [&](char c) { return isLetter(c) || (c >= '0' && c <= '9'); };
  if (text.empty() || !isLetter(text.front()) || !isInner(text.back()))
    return false;
  for (size_t i = 1; i < text.size(); ++i)
    if (!isInner(text[i]) && (text[i] != '-' || !isInner(text[i + 1])))
      return false;
  return true;
}

bool JsonValueReader::wanted(const JsonValue &found, std::string_view what) {
  diagnostics.report(DiagnosticId::JsonWrongValue, found.location,
                     {std::string(what), describeJson(found)});
  return false;
}

bool JsonValueReader::read(const JsonValue &json, const SyntaxElement &field, Value &value) {
  value.kind = field.value;
  value.location = json.location;
  switch (field.value) {
  case ValueKind::Name:
    return readName(json, value);
  case ValueKind::Integer:
    value.integer = json.integer;
    return json.is(JsonValue::Kind::Integer) || wanted(json, "a whole number");
  case ValueKind::Number:
    return readNumber(json, value.number);
  case ValueKind::String:
    if (!json.is(JsonValue::Kind::String) || !isPlainText(json.text))
      return wanted(json, "a string of one line");
    value.text = json.text;
    return true;
  case ValueKind::Word:
    return readWord(json, {field.words.begin(), field.words.end()}, value.text);
  case ValueKind::Words:
    if (!json.is(JsonValue::Kind::Array) || json.elements.empty())
      return wanted(json, "an array of words");
    for (const JsonValue &element : json.elements)
      if (!readWord(element, {field.words.begin(), field.words.end()}, value.words.emplace_back()))
        return false;
    return true;
  case ValueKind::Type:
    return readWord(json, typeNames(), value.text);
  case ValueKind::Shape:
    return readIntegers(json, 2, value.shape);
  case ValueKind::Size:
  case ValueKind::Rate:
  case ValueKind::Time:
  case ValueKind::Work:
    return readQuantity(json, value);
  case ValueKind::Expression:
    nodes = 0;
    return readExpression(json, value.expression);
  case ValueKind::Ranges:
    return readRanges(json, value);
  }
  return false;
}

bool JsonValueReader::readName(const JsonValue &json, Value &value) {
  if (!json.is(JsonValue::Kind::String) || !isPlainName(json.text) || isReservedName(json.text))
    return wanted(json, "a name");
  value.text = json.text;
  if (value.text.size() <= maxNameBytes)
    return true;
  diagnostics.report(DiagnosticId::NameTooLong, json.location, {std::to_string(maxNameBytes)});
  return false;
}

bool JsonValueReader::readWord(const JsonValue &json, const std::vector<std::string_view> &words,
                               std::string &word) {
  if (!json.is(JsonValue::Kind::String))
    return wanted(json, listOf(words));
  for (std::string_view candidate : words) {
    if (json.text == candidate) {
      word = json.text;
      return true;
    }
  }
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownWord, json.location, {json.text, listOf(words)});
  std::string meant = nearest(json.text, words);
  if (!meant.empty())
    diagnostic.under("did you mean \"" + meant + "\"?");
  return false;
}

bool JsonValueReader::readNumber(const JsonValue &json, double &number) {
  if (!json.isNumber() || !(json.number >= 0))
    return wanted(json, "a number");
  number = json.number;
  return true;
}

bool JsonValueReader::readIntegers(const JsonValue &json, size_t atMost,
                                   std::vector<uint64_t> &integers) {
  bool fits =
      json.is(JsonValue::Kind::Array) && !json.elements.empty() && json.elements.size() <= atMost;
  for (const JsonValue &element : json.elements) {
    fits = fits && element.is(JsonValue::Kind::Integer);
    integers.push_back(element.integer);
  }
  return fits || wanted(json, "an array of one or two whole numbers");
}

bool JsonValueReader::readQuantity(const JsonValue &json, Value &value) {
  std::string_view text = json.text;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.number);
  bool isNumber = json.is(JsonValue::Kind::String) && !text.empty() && text.front() >= '0' &&
                  text.front() <= '9' && error == std::errc();
  if (!isNumber)
    return wanted(json, describeKind(value.kind));
  std::string number(text.data(), end);
  text.remove_prefix(number.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  value.unit = text;
  return checkUnit(value, number, json.location, diagnostics);
}

bool JsonValueReader::readRanges(const JsonValue &json, Value &value) {
  if (!json.is(JsonValue::Kind::Array) || json.elements.empty())
    return wanted(json, "an array of whole numbers and [first, last] pairs");
  for (const JsonValue &element : json.elements) {
    Range range{element.integer, element.integer, element.location};
    if (element.is(JsonValue::Kind::Array) && element.elements.size() == 2 &&
        element.elements[0].is(JsonValue::Kind::Integer) &&
        element.elements[1].is(JsonValue::Kind::Integer)) {
      range.first = element.elements[0].integer;
      range.last = element.elements[1].integer;
    } else if (!element.is(JsonValue::Kind::Integer)) {
      return wanted(element, "a whole number or a [first, last] pair");
    }
    if (range.last < range.first) {
      diagnostics.report(DiagnosticId::DescendingRange, range.location,
                         {std::to_string(range.first), std::to_string(range.last)});
      return false;
    }
    value.ranges.push_back(range);
  }
  return true;
}

bool JsonValueReader::readExpression(const JsonValue &json, Expression &expression) {
  expression.location = json.location;
  if (++nodes > maxExpressionNodes) {
    diagnostics.report(DiagnosticId::ExpressionTooLarge, json.location,
                       {std::to_string(maxExpressionNodes)});
    return false;
  }
  if (json.isNumber() && json.number >= 0) {
    expression.kind = Expression::Kind::Number;
    expression.number = json.number;
    return true;
  }
  if (json.isNumber()) {
    expression.kind = Expression::Kind::Negate;
    Expression &operand = expression.operands.emplace_back();
    operand.number = -json.number;
    operand.location = json.location;
    return true;
  }
  if (json.is(JsonValue::Kind::String) && isPlainName(json.text) && !isClauseWord(json.text)) {
    expression.kind = Expression::Kind::Name;
    expression.name = json.text;
    return true;
  }
  bool isOperation = json.is(JsonValue::Kind::Object) && json.members.size() == 1 &&
                     json.members.front().value.is(JsonValue::Kind::Array);
  if (!isOperation)
    return wanted(json, "a number, a name or {\"operator or function\": [operands]}");
  return readOperation(json, expression);
}

bool JsonValueReader::readOperation(const JsonValue &json, Expression &expression) {
  const JsonMember &member = json.members.front();
  const std::vector<JsonValue> &operands = member.value.elements;
  bool isSign = member.name.size() == 1 &&
                std::string_view("+-*/").find(member.name.front()) != std::string_view::npos;
  bool isNegation = member.name == "-" && operands.size() == 1;
  if (isSign && !isNegation && operands.size() != 2)
    return wanted(member.value, "an array of two operands of '" + member.name + "'");
  if (!isSign && (!isPlainName(member.name) || isClauseWord(member.name)))
    return wanted(json, "one of + - * / or the name of a function");
  if (isNegation)
    expression.kind = Expression::Kind::Negate;
  else if (!isSign)
    expression.kind = Expression::Kind::Call;
  else
    expression.kind = member.name == "+"   ? Expression::Kind::Add
                      : member.name == "-" ? Expression::Kind::Subtract
                      : member.name == "*" ? Expression::Kind::Multiply
                                           : Expression::Kind::Divide;
  if (!isSign)
    expression.name = member.name;
  for (const JsonValue &operand : operands)
    if (!readExpression(operand, expression.operands.emplace_back()))
      return false;
  return true;
}

} // namespace moec::frontend
