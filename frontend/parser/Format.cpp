//===- Format.cpp - The canonical text ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One statement a line, two spaces a level, one space between words, an empty
// line around every block of the outermost level and wherever the author left
// one. Formatting a second time changes nothing.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"

#include <charconv>
#include <cmath>

namespace moec::frontend {

static constexpr size_t lineWidth = 100;

std::string formatNumber(double number) {
  // Up to 2^53 a whole number has one spelling: its digits.
  char digits[40];
  bool isWhole = std::nearbyint(number) == number && std::fabs(number) < 9007199254740992.0;
  auto end = isWhole ? std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(number))
                     : std::to_chars(digits, digits + sizeof digits, number);
  return std::string(digits, end.ptr);
}

static int precedence(const Expression &expression) {
  switch (expression.kind) {
  case Expression::Kind::Add:
  case Expression::Kind::Subtract:
    return 1;
  case Expression::Kind::Multiply:
  case Expression::Kind::Divide:
    return 2;
  case Expression::Kind::Negate:
    return 3;
  case Expression::Kind::Number:
  case Expression::Kind::Name:
  case Expression::Kind::Call:
    return 4;
  }
  return 4;
}

static void format(const Expression &expression, int atLeast, std::string &out) {
  bool parenthesised = precedence(expression) < atLeast;
  if (parenthesised)
    out += '(';
  auto binary = [&](const char *sign, int own) {
    format(expression.operands[0], own, out);
    out += sign;
    format(expression.operands[1], own + 1, out);
  };
  switch (expression.kind) {
  case Expression::Kind::Number:
    out += formatNumber(expression.number);
    break;
  case Expression::Kind::Name:
    out += expression.name;
    break;
  case Expression::Kind::Call:
    out += expression.name + "(";
    for (size_t i = 0; i < expression.operands.size(); ++i) {
      out += i ? ", " : "";
      format(expression.operands[i], 1, out);
    }
    out += ')';
    break;
  case Expression::Kind::Negate:
    out += '-';
    format(expression.operands[0], 3, out);
    break;
  case Expression::Kind::Add:
    binary(" + ", 1);
    break;
  case Expression::Kind::Subtract:
    binary(" - ", 1);
    break;
  case Expression::Kind::Multiply:
    binary(" * ", 2);
    break;
  case Expression::Kind::Divide:
    binary(" / ", 2);
    break;
  }
  if (parenthesised)
    out += ')';
}

std::string formatExpression(const Expression &expression) {
  std::string out;
  format(expression, 1, out);
  return out;
}

static std::string quote(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

/// Breaks after a comma where the line would get too long.
static std::string formatRanges(const std::vector<Range> &ranges, size_t column, size_t indent) {
  std::string out;
  for (size_t i = 0; i < ranges.size(); ++i) {
    std::string item = std::to_string(ranges[i].first);
    if (ranges[i].last != ranges[i].first)
      item += ".." + std::to_string(ranges[i].last);
    if (i + 1 < ranges.size())
      item += ',';
    if (i && column + 1 + item.size() > lineWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (i) {
      out += ' ';
      ++column;
    }
    column += item.size();
    out += item;
  }
  return out;
}

static std::string formatValue(const Value &value, size_t column, size_t indent) {
  std::string out;
  switch (value.kind) {
  case ValueKind::Name:
  case ValueKind::Word:
  case ValueKind::Type:
    return value.text;
  case ValueKind::Integer:
    return std::to_string(value.integer);
  case ValueKind::Number:
    return formatNumber(value.number);
  case ValueKind::String:
    return quote(value.text);
  case ValueKind::Words:
    for (const std::string &word : value.words)
      out += (out.empty() ? "" : ", ") + word;
    return out;
  case ValueKind::Shape:
    for (uint64_t extent : value.shape)
      out += (out.empty() ? "" : "x") + std::to_string(extent);
    return out;
  case ValueKind::Size:
  case ValueKind::Rate:
  case ValueKind::Time:
  case ValueKind::Work:
    return formatNumber(value.number) + " " + value.unit;
  case ValueKind::Expression:
    return formatExpression(value.expression);
  case ValueKind::Ranges:
    return formatRanges(value.ranges, column, indent);
  }
  return out;
}

static void formatElements(const std::vector<SyntaxElement> &elements, const Statement &statement,
                           size_t indent, std::string &out) {
  for (const SyntaxElement &element : elements) {
    switch (element.kind) {
    case SyntaxElement::Kind::Literal:
      out += " " + element.text;
      break;
    case SyntaxElement::Kind::Field:
      if (const Value *value = statement.find(element.text))
        out += " " + formatValue(*value, indent + out.size() + 1, indent + 4);
      break;
    case SyntaxElement::Kind::Optional:
      // A part is there if its first field is.
      for (const SyntaxElement &inner : element.elements) {
        if (inner.kind != SyntaxElement::Kind::Field)
          continue;
        if (statement.find(inner.text))
          formatElements(element.elements, statement, indent, out);
        break;
      }
      break;
    }
  }
}

static std::string formatHeader(const Statement &statement, size_t indent) {
  std::string out = statement.rule->keyword;
  formatElements(statement.rule->elements, statement, indent, out);
  return out;
}

static void formatComments(const std::vector<std::string> &comments, const std::string &indent,
                           std::string &out) {
  for (const std::string &comment : comments)
    out += comment.empty() ? "\n" : indent + comment + "\n";
}

static void formatStatements(const std::vector<Statement> &statements, size_t level,
                             std::string &out) {
  const std::string indent(2 * level, ' ');
  const Statement *previous = nullptr;
  for (const Statement &statement : statements) {
    bool opens = statement.hasBody || statement.rule->opensBlock();
    bool forced =
        level == 0 && previous && (opens || previous->hasBody || previous->name() == "moe");
    if (previous && (statement.blankBefore || forced))
      out += '\n';
    previous = &statement;
    formatComments(statement.comments, indent, out);
    out += indent + formatHeader(statement, indent.size());
    bool hasContent = !statement.body.empty() || !statement.bodyComments.empty();
    bool showBody =
        statement.rule->opensBlock() &&
        (!statement.rule->bodyOptional() || hasContent || !statement.closingComment.empty());
    bool isEmpty = !hasContent && statement.comment.empty();
    if (showBody)
      out += isEmpty ? " {}" : " {";
    if (!statement.comment.empty())
      out += "  " + statement.comment;
    if (showBody && !isEmpty) {
      out += '\n';
      formatStatements(statement.body, level + 1, out);
      formatComments(statement.bodyComments, std::string(2 * level + 2, ' '), out);
      out += indent + "}";
    }
    if (!statement.closingComment.empty())
      out += "  " + statement.closingComment;
    out += '\n';
  }
}

std::string formatText(const Ast &ast) {
  std::string out;
  formatStatements(ast.statements, 0, out);
  formatComments(ast.endComments, "", out);
  return out;
}

static std::optional<Ast> parseClean(std::string text, std::string name, Diagnostics &diagnostics) {
  uint32_t file = diagnostics.sources().add(std::move(name), std::move(text));
  size_t before = diagnostics.errorCount();
  Ast ast = parseFile(file, diagnostics);
  // A full engine stops the parser early, without another word.
  if (diagnostics.errorCount() != before || diagnostics.full())
    return std::nullopt;
  return ast;
}

std::optional<std::string> formatSource(std::string text, std::string name,
                                        Diagnostics &diagnostics) {
  std::optional<Ast> ast = parseClean(std::move(text), std::move(name), diagnostics);
  return ast ? std::optional(formatText(*ast)) : std::nullopt;
}

std::optional<std::string> sourceToJson(std::string text, std::string name,
                                        Diagnostics &diagnostics) {
  std::optional<Ast> ast = parseClean(std::move(text), std::move(name), diagnostics);
  return ast ? std::optional(formatJson(*ast)) : std::nullopt;
}

} // namespace moec::frontend
