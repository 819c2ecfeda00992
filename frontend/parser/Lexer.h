//===- Lexer.h - Characters to tokens ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_LEXER_H
#define MOEC_FRONTEND_PARSER_LEXER_H

#include "frontend/parser/Diagnostics.h"

namespace moec::frontend {

enum class TokenKind : uint8_t {
  Name,    ///< letters, digits, _ and inner -
  Number,  ///< 64, 2.5, 1e-20; the unit is a token of its own
  String,  ///< text without the quotes, escapes resolved
  Sign,    ///< { } ( ) [ ] , ; + - * / -> ..
  Comment, ///< from # to the end of the line, # included, no space at the end
  Newline,
  End,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string text;
  Location location;
  /// Bytes that are no token stood before it: what looks wrong here was said.
  bool afterGap = false;
  /// A string with something wrong inside, also said.
  bool broken = false;

  bool is(TokenKind wanted) const { return kind == wanted; }
  bool isSign(std::string_view sign) const { return kind == TokenKind::Sign && text == sign; }
  bool isName(std::string_view name) const { return kind == TokenKind::Name && text == name; }
};

/// The tokens of a file, the last of kind End. What is no token is reported once
/// a run and left out.
std::vector<Token> lex(uint32_t file, Diagnostics &diagnostics);

/// For messages: "'foo'", "the end of the line", "a string".
std::string describeToken(const Token &token);

/// Number of bytes of a whole UTF-8 character at the start of `text`; 0 if there
/// is none.
size_t utf8Length(std::string_view text);

/// A control character other than tab.
bool isControl(char c);

/// True if a string or comment of the language can hold this text: valid UTF-8,
/// no control characters but tab.
bool isPlainText(std::string_view text);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_LEXER_H
