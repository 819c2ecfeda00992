//===- Parser.h - Tokens to statements --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recursive descent over Grammar.def. After an error the parser goes on at the
// next statement, so that one run shows all independent errors.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_PARSER_H
#define MOEC_FRONTEND_PARSER_PARSER_H

#include "frontend/parser/Ast.h"
#include "frontend/parser/Lexer.h"

#include <algorithm>
#include <utility>

namespace moec::frontend {

/// Most nodes of one expression: the deepest published one has 19.
inline constexpr unsigned maxExpressionNodes = 256;

/// Names of blocks go into modules, which have room for this.
inline constexpr size_t maxNameBytes = 128;

/// The tokens and where we are in them. Comments met inside a statement are
/// kept for whoever asks.
class TokenCursor {
public:
  explicit TokenCursor(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  const Token &peek() const { return tokens[at]; }
  const Token &peekAhead(size_t count) const {
    return tokens[std::min(at + count, tokens.size() - 1)];
  }
  const Token &previous() const { return tokens[at ? at - 1 : 0]; }
  size_t position() const { return at; }
  /// The End token is never passed.
  const Token &next() { return at + 1 < tokens.size() ? tokens[at++] : tokens[at]; }
  /// To be called where a line may end inside a statement.
  void skipLines();
  std::vector<std::string> takeInnerComments() { return std::exchange(innerComments, {}); }

private:
  std::vector<Token> tokens;
  size_t at = 0;
  std::vector<std::string> innerComments;
};

/// Reads the values of fields. Every function reports what is wrong and then
/// returns false.
class ValueParser {
public:
  ValueParser(TokenCursor &cursor, Diagnostics &diagnostics)
      : cursor(cursor), diagnostics(diagnostics) {}

  bool parse(const SyntaxElement &field, Value &value);
  bool fail(std::string_view wanted);

private:
  bool parseName(Value &value);
  bool parseInteger(Value &value);
  bool parseNumber(Value &value);
  bool parseString(Value &value);
  bool parseWord(const SyntaxElement &field, Value &value);
  bool parseWords(const SyntaxElement &field, Value &value);
  bool parseType(Value &value);
  bool parseShape(Value &value);
  bool parseQuantity(Value &value);
  bool parseRanges(Value &value);
  bool takeInteger(uint64_t &integer);
  bool takeNumber(double &number);
  bool takeWord(const std::vector<std::string_view> &words, std::string_view what,
                std::string &word);

  bool parseSum(Expression &result, unsigned depth);
  bool parseProduct(Expression &result, unsigned depth);
  bool parseOperand(Expression &result, unsigned depth);
  bool parseCall(Expression &result, unsigned depth);
  bool failInside(std::string_view wanted, const Location &open);
  bool countNode(const Location &place);

  TokenCursor &cursor;
  Diagnostics &diagnostics;
  unsigned nodes = 0;
};

/// Words that go on with a statement: no operand of an expression.
bool isClauseWord(std::string_view word);
/// Words that stand where a name may be left out: no name.
bool isReservedName(std::string_view word);

/// The unit of a quantity, checked against the kind that is wanted, and its limits; `text` is
/// the number as written, for messages.
bool checkUnit(const Value &value, const std::string &text, const Location &place,
               Diagnostics &diagnostics);

/// What to write instead of a word that people bring from elsewhere ("top_k",
/// "normalize"); empty if there is nothing to say.
std::string_view hintFor(BlockKind block, std::string_view word);

/// Finds the rule that a keyword stands for and reports what is wrong with it.
/// Null if nobody can tell.
const StatementRule *resolveKeyword(BlockKind block, const std::string &word, const Location &place,
                                    Diagnostics &diagnostics);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_PARSER_H
