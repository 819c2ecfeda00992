//===- Lexer.cpp - Characters to tokens -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Lexer.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace moec::frontend {

static bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isDigit(char c) { return c >= '0' && c <= '9'; }

size_t utf8Length(std::string_view text) {
  if (text.empty())
    return 0;
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  size_t length = first < 0x80   ? 1
                  : first < 0xC2 ? 0
                  : first < 0xE0 ? 2
                  : first < 0xF0 ? 3
                  : first < 0xF5 ? 4
                                 : 0;
  if (length > text.size())
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  // Overlong forms, surrogates and what lies past U+10FFFF.
  bool bad = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
             (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return bad ? 0 : length;
}

bool isControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

bool isPlainText(std::string_view text) {
  while (!text.empty()) {
    size_t length = utf8Length(text);
    if (length == 0 || isControl(text.front()))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string describeToken(const Token &token) {
  switch (token.kind) {
  case TokenKind::Name:
  case TokenKind::Number:
  case TokenKind::Sign:
    return "'" + token.text + "'";
  case TokenKind::String:
    return "a string";
  case TokenKind::Comment:
  case TokenKind::Newline:
    return "the end of the line";
  case TokenKind::End:
    return "the end of the file";
  }
  return "";
}

namespace {
class Lexer {
public:
  Lexer(uint32_t file, Diagnostics &diagnostics)
      : file(file), diagnostics(diagnostics), text(diagnostics.sources().text(file)) {}
  std::vector<Token> run();

private:
  void lexName();
  void lexNumber();
  void lexString();
  void lexComment();
  bool lexSign();
  void rejectRun();
  /// Reports the bytes of [start, end) that plain text cannot hold.
  void checkPlain(size_t start, size_t end, std::string_view where);
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  void push(TokenKind kind, size_t start, std::string value) {
    Location place = diagnostics.sources().locate(file, start, at - start);
    tokens.push_back({kind, std::move(value), place, std::exchange(afterGap, false), false});
  }

  uint32_t file;
  Diagnostics &diagnostics;
  std::string_view text;
  size_t at = 0;
  bool afterGap = false;
  std::vector<Token> tokens;
};
} // namespace

void Lexer::lexName() {
  size_t start = at;
  while (isLetter(peek()) || isDigit(peek()) ||
         (peek() == '-' && (isLetter(peek(1)) || isDigit(peek(1)))))
    ++at;
  push(TokenKind::Name, start, std::string(text.substr(start, at - start)));
}

void Lexer::lexNumber() {
  size_t start = at;
  auto digits = [&] {
    while (isDigit(peek()))
      ++at;
  };
  digits();
  if (peek() == '.' && isDigit(peek(1))) {
    ++at;
    digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if (isDigit(peek(1 + sign))) {
      at += 1 + sign;
      digits();
    }
  }
  push(TokenKind::Number, start, std::string(text.substr(start, at - start)));
}

void Lexer::checkPlain(size_t start, size_t end, std::string_view where) {
  for (size_t i = start; i < end;) {
    size_t length = utf8Length(text.substr(i, end - i));
    if (length == 0 || isControl(text[i])) {
      char byte[8];
      std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(text[i]));
      Location place = diagnostics.sources().locate(file, i, 1);
      diagnostics.report(DiagnosticId::InvalidByte, place, {byte, std::string(where)});
      return;
    }
    i += length;
  }
}

void Lexer::lexString() {
  size_t start = at++, reported = diagnostics.all().size();
  std::string value;
  while (at < text.size() && text[at] != '"' && text[at] != '\n') {
    if (text[at] != '\\') {
      value += text[at++];
      continue;
    }
    if (peek(1) == '"' || peek(1) == '\\') {
      value += peek(1);
    } else {
      Location place = diagnostics.sources().locate(file, at, 2);
      diagnostics.report(DiagnosticId::UnknownEscape, place);
    }
    at = std::min(at + 2, text.size());
    if (text[at - 1] == '\n')
      --at;
  }
  bool closed = peek() == '"' && at < text.size();
  size_t end = at;
  if (closed)
    ++at;
  else if (end > start && text[end - 1] == '\r')
    --end;
  push(TokenKind::String, start, std::move(value));
  Location place = diagnostics.sources().locate(file, start, end - start);
  if (!closed)
    diagnostics.report(DiagnosticId::UnterminatedString, place);
  else
    checkPlain(start, end, "a string");
  tokens.back().broken = diagnostics.all().size() != reported;
}

void Lexer::lexComment() {
  size_t start = at;
  at = std::min(text.find('\n', at), text.size());
  size_t next = at;
  while (at > start && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\r'))
    --at;
  checkPlain(start, at, "a comment");
  push(TokenKind::Comment, start, std::string(text.substr(start, at - start)));
  at = next;
}

bool Lexer::lexSign() {
  size_t length = 0;
  std::string_view rest = text.substr(at, 2);
  if (rest == "->" || rest == "..")
    length = 2;
  else if (std::string_view("{}()[],;+-*/").find(rest.front()) != std::string_view::npos)
    length = 1;
  if (length == 0)
    return false;
  size_t start = at;
  at += length;
  push(TokenKind::Sign, start, std::string(text.substr(start, length)));
  return true;
}

/// One message for all bytes up to the next that can start something.
void Lexer::rejectRun() {
  size_t start = at;
  auto startsToken = [](char c) {
    return isLetter(c) || isDigit(c) || c == '"' || c == '#' || c == ' ' || c == '\t' ||
           c == '\r' || c == '\n' ||
           std::string_view("{}()[],;+-*/").find(c) != std::string_view::npos;
  };
  size_t length = utf8Length(text.substr(at));
  bool showable = length != 0 && !isControl(text[at]);
  std::string shown = "'" + std::string(text.substr(at, std::max<size_t>(length, 1))) + "'";
  if (!showable) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(text[at]));
    shown = byte;
  }
  at += std::max<size_t>(length, 1);
  while (at < text.size() && !startsToken(text[at]))
    ++at;
  afterGap = true;
  Location place = diagnostics.sources().locate(file, start, at - start);
  if (showable)
    diagnostics.report(DiagnosticId::UnexpectedCharacter, place, {shown});
  else
    diagnostics.report(DiagnosticId::InvalidByte, place, {shown, "the text"});
}

std::vector<Token> Lexer::run() {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") // byte order mark
    at = 3;
  while (at < text.size() && !diagnostics.full()) {
    char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r') {
      ++at;
    } else if (c == '\n') {
      ++at;
      push(TokenKind::Newline, at - 1, "");
    } else if (c == '#') {
      lexComment();
    } else if (c == '"') {
      lexString();
    } else if (isLetter(c)) {
      lexName();
    } else if (isDigit(c)) {
      lexNumber();
    } else if (!lexSign()) {
      rejectRun();
    }
  }
  at = text.size();
  push(TokenKind::End, at, "");
  return std::move(tokens);
}

std::vector<Token> lex(uint32_t file, Diagnostics &diagnostics) {
  return Lexer(file, diagnostics).run();
}

} // namespace moec::frontend
