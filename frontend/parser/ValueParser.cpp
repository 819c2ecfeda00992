//===- ValueParser.cpp - Tokens to the values of fields -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Parser.h"
#include "frontend/parser/Suggest.h"
#include "frontend/parser/Units.h"

#include <charconv>

namespace moec::frontend {

bool ValueParser::fail(std::string_view wanted) {
  const Token &token = cursor.peek();
  if (!token.afterGap)
    diagnostics.report(DiagnosticId::UnexpectedToken, token.location,
                       {std::string(wanted), describeToken(token)});
  return false;
}

bool ValueParser::parse(const SyntaxElement &field, Value &value) {
  value.kind = field.value;
  Location start = cursor.peek().location;
  bool parsed = false;
  switch (field.value) {
  case ValueKind::Name:
    parsed = parseName(value);
    break;
  case ValueKind::Integer:
    parsed = parseInteger(value);
    break;
  case ValueKind::Number:
    parsed = parseNumber(value);
    break;
  case ValueKind::String:
    parsed = parseString(value);
    break;
  case ValueKind::Word:
    parsed = parseWord(field, value);
    break;
  case ValueKind::Words:
    parsed = parseWords(field, value);
    break;
  case ValueKind::Type:
    parsed = parseType(value);
    break;
  case ValueKind::Shape:
    parsed = parseShape(value);
    break;
  case ValueKind::Size:
  case ValueKind::Rate:
  case ValueKind::Time:
  case ValueKind::Work:
    parsed = parseQuantity(value);
    break;
  case ValueKind::Expression:
    nodes = 0;
    parsed = parseSum(value.expression, 0);
    break;
  case ValueKind::Ranges:
    parsed = parseRanges(value);
    break;
  }
  value.location = start.upTo(cursor.previous().location);
  return parsed;
}

bool isClauseWord(std::string_view word) {
  for (std::string_view clause : {"in", "then", "rejected", "by", "of", "keep"})
    if (word == clause)
      return true;
  return false;
}

bool isReservedName(std::string_view word) {
  return word == "for" || word == "on" || word == "with";
}

bool ValueParser::parseName(Value &value) {
  if (!cursor.peek().is(TokenKind::Name) || isReservedName(cursor.peek().text))
    return fail("a name");
  const Token &token = cursor.next();
  value.text = token.text;
  if (value.text.size() <= maxNameBytes)
    return true;
  diagnostics.report(DiagnosticId::NameTooLong, token.location, {std::to_string(maxNameBytes)});
  return false;
}

bool ValueParser::parseString(Value &value) {
  if (!cursor.peek().is(TokenKind::String))
    return fail("a \"string\"");
  value.text = cursor.peek().text;
  return !cursor.next().broken;
}

bool ValueParser::takeNumber(double &number) {
  const Token &token = cursor.peek();
  if (!token.is(TokenKind::Number))
    return fail("a number");
  auto [end, error] =
      std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
  if (error != std::errc()) {
    diagnostics.report(DiagnosticId::NumberTooLarge, token.location, {token.text});
    return false;
  }
  cursor.next();
  return true;
}

bool ValueParser::takeInteger(uint64_t &integer) {
  const Token &token = cursor.peek();
  bool isWhole = token.is(TokenKind::Number) &&
                 token.text.find_first_not_of("0123456789") == std::string::npos;
  if (!isWhole)
    return fail("a whole number");
  auto [end, error] =
      std::from_chars(token.text.data(), token.text.data() + token.text.size(), integer);
  if (error != std::errc()) {
    diagnostics.report(DiagnosticId::NumberTooLarge, token.location, {token.text});
    return false;
  }
  cursor.next();
  return true;
}

bool ValueParser::parseInteger(Value &value) { return takeInteger(value.integer); }
bool ValueParser::parseNumber(Value &value) { return takeNumber(value.number); }

bool ValueParser::takeWord(const std::vector<std::string_view> &words, std::string_view what,
                           std::string &word) {
  const Token &token = cursor.peek();
  if (!token.is(TokenKind::Name))
    return fail(what.empty() ? listOf(words) : std::string(what));
  for (std::string_view candidate : words) {
    if (token.text == candidate) {
      word = cursor.next().text;
      return true;
    }
  }
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownWord, token.location, {token.text, listOf(words)});
  std::string meant = nearest(token.text, words);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(token.location, meant);
  return false;
}

bool ValueParser::parseWord(const SyntaxElement &field, Value &value) {
  return takeWord({field.words.begin(), field.words.end()}, "", value.text);
}

bool ValueParser::parseType(Value &value) { return takeWord(typeNames(), "a type", value.text); }

bool ValueParser::parseWords(const SyntaxElement &field, Value &value) {
  do {
    if (!value.words.empty()) {
      cursor.next();
      cursor.skipLines();
    }
    std::string word;
    if (!takeWord({field.words.begin(), field.words.end()}, "", word))
      return false;
    value.words.push_back(std::move(word));
  } while (cursor.peek().isSign(","));
  return true;
}

/// 128 or 128x128; the second half is a name to the lexer.
bool ValueParser::parseShape(Value &value) {
  uint64_t rows = 0;
  if (!takeInteger(rows))
    return false;
  value.shape = {rows};
  const Token &token = cursor.peek();
  bool hasColumns = token.is(TokenKind::Name) && token.text.size() > 1 && token.text[0] == 'x' &&
                    token.text.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!hasColumns)
    return true;
  uint64_t columns = 0;
  const char *end = token.text.data() + token.text.size();
  if (std::from_chars(token.text.data() + 1, end, columns).ec != std::errc()) {
    diagnostics.report(DiagnosticId::NumberTooLarge, token.location, {token.text.substr(1)});
    return false;
  }
  value.shape.push_back(columns);
  cursor.next();
  return true;
}

namespace {
/// In base units: far beyond any machine, and far from what arithmetic would make infinite.
struct Limit {
  ValueKind kind;
  double least, most;
  std::string_view name, words;
};
} // namespace

static constexpr Limit limits[] = {
    {ValueKind::Rate, 1, 1e18, "rate", "1 B/s to 1e9 GB/s"},
    {ValueKind::Work, 1, 1e24, "rate of work", "1e-9 GFLOP/s to 1e9 PFLOP/s"},
    {ValueKind::Time, 0, 1e3, "time", "at most 1000 s"},
    {ValueKind::Size, 0, 1e18, "size", "at most 1e6 TB"},
};

static bool checkLimits(const Value &value, const std::string &text, const Location &place,
                        Diagnostics &diagnostics) {
  double amount = value.inBaseUnits();
  for (const Limit &limit : limits)
    if (limit.kind == value.kind && !(amount >= limit.least && amount <= limit.most)) {
      diagnostics.report(
          DiagnosticId::OutOfRange, place,
          {std::string(limit.name), std::string(limit.words), text + " " + value.unit});
      return false;
    }
  return true;
}

bool checkUnit(const Value &value, const std::string &text, const Location &place,
               Diagnostics &diagnostics) {
  ValueKind wanted = value.kind;
  const std::string &unit = value.unit;
  const Unit *found = findUnit(unit);
  if (found && found->kind == wanted)
    return checkLimits(value, text, place, diagnostics);
  if (found) {
    Diagnostic &diagnostic =
        diagnostics.report(DiagnosticId::UnitMismatch, place,
                           {std::string(describeKind(wanted)),
                            std::string(quantityName(found->kind)), text + " " + unit});
    bool isRate = wanted == ValueKind::Rate && found->kind == ValueKind::Size;
    bool isSize = wanted == ValueKind::Size && found->kind == ValueKind::Rate;
    std::string meant = isRate ? unit + "/s" : isSize ? unit.substr(0, unit.size() - 2) : "";
    if (!meant.empty())
      diagnostic.under("did you mean " + text + " " + meant + "?").fix(place, text + " " + meant);
    return false;
  }
  if (unit.empty()) {
    diagnostics.report(DiagnosticId::MissingUnit, place, {std::string(describeKind(wanted)), text});
    return false;
  }
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownUnit, place,
                         {unit, std::string(quantityName(wanted)), listOf(unitNames(wanted))});
  std::string meant = nearest(unit, unitNames(wanted));
  if (!meant.empty())
    diagnostic.under("did you mean " + text + " " + meant + "?").fix(place, text + " " + meant);
  return false;
}

bool ValueParser::parseQuantity(Value &value) {
  Location start = cursor.peek().location;
  std::string text = cursor.peek().text;
  if (!cursor.peek().is(TokenKind::Number))
    return fail(describeKind(value.kind));
  if (!takeNumber(value.number))
    return false;
  // `at` is not a unit but the next word of `memory 80 GiB at ..`.
  if (cursor.peek().is(TokenKind::Name) && cursor.peek().text != "at")
    value.unit = cursor.next().text;
  if (!value.unit.empty() && cursor.peek().isSign("/") && cursor.peekAhead(1).isName("s")) {
    cursor.next();
    value.unit += "/" + cursor.next().text;
  }
  Location place = start.upTo(cursor.previous().location);
  return checkUnit(value, text, place, diagnostics);
}

bool ValueParser::parseRanges(Value &value) {
  do {
    if (!value.ranges.empty()) {
      cursor.next();
      cursor.skipLines();
    }
    Range range;
    range.location = cursor.peek().location;
    if (!takeInteger(range.first))
      return false;
    range.last = range.first;
    if (cursor.peek().isSign("..")) {
      cursor.next();
      if (!takeInteger(range.last))
        return false;
    }
    range.location = range.location.upTo(cursor.previous().location);
    if (range.last < range.first) {
      diagnostics.report(DiagnosticId::DescendingRange, range.location,
                         {std::to_string(range.first), std::to_string(range.last)});
      return false;
    }
    value.ranges.push_back(range);
  } while (cursor.peek().isSign(","));
  return true;
}

//===- expressions --------------------------------------------------------===//

bool ValueParser::countNode(const Location &place) {
  if (++nodes <= maxExpressionNodes)
    return true;
  diagnostics.report(DiagnosticId::ExpressionTooLarge, place, {std::to_string(maxExpressionNodes)});
  return false;
}

static Expression binary(Expression::Kind kind, Expression left, Expression right) {
  Expression result;
  result.kind = kind;
  result.location = left.location.upTo(right.location);
  result.operands.push_back(std::move(left));
  result.operands.push_back(std::move(right));
  return result;
}

bool ValueParser::parseSum(Expression &result, unsigned depth) {
  if (!parseProduct(result, depth))
    return false;
  while (cursor.peek().isSign("+") || cursor.peek().isSign("-")) {
    const Token &sign = cursor.next();
    cursor.skipLines();
    Expression right;
    if (!countNode(sign.location) || !parseProduct(right, depth))
      return false;
    result = binary(sign.isSign("+") ? Expression::Kind::Add : Expression::Kind::Subtract,
                    std::move(result), std::move(right));
  }
  return true;
}

bool ValueParser::parseProduct(Expression &result, unsigned depth) {
  if (!parseOperand(result, depth))
    return false;
  while (cursor.peek().isSign("*") || cursor.peek().isSign("/")) {
    const Token &sign = cursor.next();
    cursor.skipLines();
    Expression right;
    if (!countNode(sign.location) || !parseOperand(right, depth))
      return false;
    result = binary(sign.isSign("*") ? Expression::Kind::Multiply : Expression::Kind::Divide,
                    std::move(result), std::move(right));
  }
  return true;
}

/// Reports a missing `)` and shows the one that is open.
bool ValueParser::failInside(std::string_view wanted, const Location &open) {
  size_t reported = diagnostics.all().size();
  fail(wanted);
  if (diagnostics.all().size() != reported)
    diagnostics.last().at(open, "opened here");
  return false;
}

bool ValueParser::parseCall(Expression &result, unsigned depth) {
  result.kind = Expression::Kind::Call;
  Location open = cursor.next().location;
  cursor.skipLines();
  while (!cursor.peek().isSign(")")) {
    if (!result.operands.empty()) {
      if (!cursor.peek().isSign(","))
        return failInside("',' or ')'", open);
      cursor.next();
      cursor.skipLines();
    }
    Expression operand;
    if (!parseSum(operand, depth + 1))
      return false;
    result.operands.push_back(std::move(operand));
    cursor.skipLines();
  }
  result.location = result.location.upTo(cursor.next().location);
  return true;
}

bool ValueParser::parseOperand(Expression &result, unsigned depth) {
  const Token &token = cursor.peek();
  // Parentheses are no part: the JSON form has none, and its text may need a pair for each part.
  bool isParenthesis = token.isSign("(");
  if (isParenthesis && depth >= 2 * maxExpressionNodes) {
    diagnostics.report(DiagnosticId::ExpressionTooDeep, token.location,
                       {std::to_string(2 * maxExpressionNodes)});
    return false;
  }
  if (!isParenthesis && !countNode(token.location))
    return false;
  result.location = token.location;
  if (token.is(TokenKind::Number)) {
    result.kind = Expression::Kind::Number;
    return takeNumber(result.number);
  }
  if (token.isSign("-")) {
    cursor.next();
    result.kind = Expression::Kind::Negate;
    result.operands.emplace_back();
    bool parsed = parseOperand(result.operands.front(), depth + 1);
    result.location = result.location.upTo(cursor.previous().location);
    return parsed;
  }
  if (isParenthesis) {
    Location open = cursor.next().location;
    cursor.skipLines();
    if (!parseSum(result, depth + 1))
      return false;
    cursor.skipLines();
    if (!cursor.peek().isSign(")"))
      return failInside("')'", open);
    cursor.next();
    return true;
  }
  if (!token.is(TokenKind::Name) || isClauseWord(token.text))
    return fail("an expression");
  result.kind = Expression::Kind::Name;
  result.name = cursor.next().text;
  return !cursor.peek().isSign("(") || parseCall(result, depth);
}

} // namespace moec::frontend
