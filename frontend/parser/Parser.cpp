//===- Parser.cpp - Tokens to statements ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Parser.h"
#include "frontend/parser/FileKind.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>

namespace moec::frontend {

void TokenCursor::skipLines() {
  for (; peek().is(TokenKind::Newline) || peek().is(TokenKind::Comment); ++at)
    if (peek().is(TokenKind::Comment))
      innerComments.push_back(peek().text);
}

namespace {
/// What stands between two statements.
struct Trivia {
  bool blank = false;
  std::vector<std::string> comments;
};

class Parser {
public:
  Parser(uint32_t file, Diagnostics &diagnostics)
      : diagnostics(diagnostics), reportedBefore(diagnostics.all().size()),
        cursor(lex(file, diagnostics)), values(cursor, diagnostics) {
    ast.file = file;
  }
  Ast run();

private:
  Trivia takeTrivia();
  void parseStatements(BlockKind block, Statement *owner);
  void parseStatement(BlockKind block, Trivia trivia, std::vector<Statement> &into, bool &damaged);
  bool parseElements(const std::vector<SyntaxElement> &elements, Statement &statement,
                     const std::vector<std::string_view> &following);
  bool parseLiteral(const std::string &word);
  bool isPresent(const SyntaxElement &part, const std::vector<std::string_view> &following) const;
  void parseBody(Statement &statement);
  void endStatement(Statement &statement);
  bool atForgottenBrace(BlockKind block) const;
  void skipHeader();
  void skipStatement();
  void skipBlock();
  bool checkVersion();

  Diagnostics &diagnostics;
  size_t reportedBefore;
  TokenCursor cursor;
  ValueParser values;
  Ast ast;
  /// Where a missing brace was reported: not again on the way out.
  size_t unclosedAt = SIZE_MAX;
};
} // namespace

Trivia Parser::takeTrivia() {
  Trivia trivia;
  unsigned newlines = 0;
  auto noteBlank = [&] {
    if (newlines < 2)
      return;
    if (trivia.comments.empty())
      trivia.blank = true;
    else if (!trivia.comments.back().empty())
      trivia.comments.emplace_back();
  };
  for (;; cursor.next()) {
    if (cursor.peek().is(TokenKind::Newline)) {
      ++newlines;
    } else if (cursor.peek().is(TokenKind::Comment)) {
      noteBlank();
      trivia.comments.push_back(cursor.peek().text);
      newlines = 0;
    } else if (!cursor.peek().isSign(";")) {
      break;
    }
  }
  noteBlank();
  return trivia;
}

/// To the end of the header of a statement: a brace, or where it ends.
void Parser::skipHeader() {
  while (true) {
    const Token &token = cursor.peek();
    if (token.is(TokenKind::Newline) || token.is(TokenKind::Comment) || token.is(TokenKind::End) ||
        token.isSign(";") || token.isSign("}") || token.isSign("{"))
      return;
    cursor.next();
  }
}

/// Past the brace that closes the one we stand at.
void Parser::skipBlock() {
  unsigned depth = 0;
  while (!cursor.peek().is(TokenKind::End)) {
    const Token &token = cursor.next();
    depth += token.isSign("{");
    depth -= token.isSign("}");
    if (depth == 0)
      return;
  }
}

void Parser::skipStatement() {
  skipHeader();
  while (cursor.peek().isSign("{")) {
    skipBlock();
    skipHeader();
  }
}

bool Parser::isPresent(const SyntaxElement &part,
                       const std::vector<std::string_view> &following) const {
  const SyntaxElement &first = part.elements.front();
  const Token &token = cursor.peek();
  if (first.kind == SyntaxElement::Kind::Literal)
    return token.isName(first.text);
  switch (first.value) {
  case ValueKind::Name:
  case ValueKind::Word:
    // A name, but not one of the words that go on after the part.
    return token.is(TokenKind::Name) &&
           std::find(following.begin(), following.end(), token.text) == following.end();
  default:
    return token.is(TokenKind::Number);
  }
}

/// Words that may come right after the element at `from` is left out.
static void addFollowing(const std::vector<SyntaxElement> &elements, size_t from,
                         std::vector<std::string_view> &words) {
  for (size_t i = from; i < elements.size(); ++i) {
    const SyntaxElement &element = elements[i];
    bool isPart = element.kind == SyntaxElement::Kind::Optional;
    const SyntaxElement &first = isPart ? element.elements.front() : element;
    if (first.kind == SyntaxElement::Kind::Literal)
      words.push_back(first.text);
    if (!isPart)
      return;
  }
}

bool Parser::parseLiteral(const std::string &word) {
  const Token &token = cursor.peek();
  if (word == "->" ? token.isSign("->") : token.isName(word)) {
    cursor.next();
    return true;
  }
  values.fail("'" + word + "'");
  if (token.is(TokenKind::Name) && !nearest(token.text, {word}).empty())
    diagnostics.last().under("did you mean '" + word + "'?").fix(token.location, word);
  return false;
}

bool Parser::parseElements(const std::vector<SyntaxElement> &elements, Statement &statement,
                           const std::vector<std::string_view> &following) {
  for (size_t i = 0; i < elements.size(); ++i) {
    const SyntaxElement &element = elements[i];
    switch (element.kind) {
    case SyntaxElement::Kind::Literal:
      if (!parseLiteral(element.text))
        return false;
      break;
    case SyntaxElement::Kind::Field: {
      Field field{element.text, {}};
      if (!values.parse(element, field.value))
        return false;
      statement.fields.push_back(std::move(field));
      break;
    }
    case SyntaxElement::Kind::Optional: {
      std::vector<std::string_view> after = following;
      addFollowing(elements, i + 1, after);
      if (isPresent(element, after) && !parseElements(element.elements, statement, after))
        return false;
      break;
    }
    }
  }
  return true;
}

/// True at a statement of the outermost level that starts a line while a block
/// is open: somebody forgot a brace.
bool Parser::atForgottenBrace(BlockKind block) const {
  const Token &token = cursor.peek();
  return block != BlockKind::File && token.is(TokenKind::Name) && token.location.column == 1 &&
         !findRule(block, token.text) && findRule(BlockKind::File, token.text);
}

void Parser::parseBody(Statement &statement) {
  if (!cursor.peek().isSign("{")) {
    // A brace on a line of its own.
    size_t ahead = 0;
    while (cursor.peekAhead(ahead).is(TokenKind::Newline))
      ++ahead;
    bool isBelow = ahead != 0 && cursor.peekAhead(ahead).isSign("{");
    if (!isBelow) {
      if (!statement.broken)
        values.fail("'{' to open the " + std::string(blockName(statement.rule->body)) + " block");
      statement.broken = true;
      statement.bodyDamaged = true;
      return;
    }
    cursor.skipLines();
  }
  statement.open = cursor.next().location;
  statement.hasBody = true;
  if (cursor.peek().is(TokenKind::Comment))
    statement.comment = cursor.next().text;
  parseStatements(statement.rule->body, &statement);
  if (cursor.peek().isSign("}")) {
    cursor.next();
    return;
  }
  statement.bodyDamaged = true;
  if (unclosedAt == cursor.position())
    return;
  unclosedAt = cursor.position();
  const Token &token = cursor.peek();
  diagnostics.report(DiagnosticId::MissingBrace, token.location, {describeToken(token)})
      .at(statement.open,
          "the " + std::string(blockName(statement.rule->body)) + " block starts here");
}

void Parser::endStatement(Statement &statement) {
  const Token &token = cursor.peek();
  bool ends = token.is(TokenKind::Newline) || token.is(TokenKind::Comment) ||
              token.is(TokenKind::End) || token.isSign(";") || token.isSign("}");
  if (!ends && token.isSign("{")) {
    diagnostics.report(DiagnosticId::UnexpectedBlock, token.location, {statement.rule->keyword});
    statement.broken = true;
    skipStatement();
  } else if (!ends && unclosedAt != cursor.position()) {
    if (!statement.broken && !token.afterGap)
      diagnostics
          .report(DiagnosticId::UnexpectedToken, token.location,
                  {"the end of '" + statement.rule->keyword + "'", describeToken(token)})
          .help("write `" + describeSyntax(*statement.rule) + "`, one statement a line");
    statement.broken = true;
    skipStatement();
  }
  if (cursor.peek().isSign(";"))
    cursor.next();
  if (cursor.peek().is(TokenKind::Comment))
    (statement.hasBody ? statement.closingComment : statement.comment) = cursor.next().text;
}

void Parser::parseStatement(BlockKind block, Trivia trivia, std::vector<Statement> &into,
                            bool &damaged) {
  const Token &token = cursor.peek();
  if (!token.is(TokenKind::Name)) {
    values.fail("a statement");
    cursor.next();
    skipStatement();
    damaged = true;
    return;
  }
  Statement statement;
  statement.rule = resolveKeyword(block, token.text, token.location, diagnostics);
  statement.keyword = cursor.next().location;
  bool isCorrected = statement.rule && statement.rule->keyword != token.text;
  if (!statement.rule) {
    skipStatement();
    damaged = true;
    return;
  }
  size_t reported = diagnostics.all().size();
  if (!parseElements(statement.rule->elements, statement, {})) {
    statement.broken = true;
    // Perhaps the keyword was taken for the wrong one: that was said already.
    if (isCorrected && !diagnostics.full())
      diagnostics.truncate(reported);
    else if (diagnostics.all().size() > reported)
      diagnostics.last().help("write `" + describeSyntax(*statement.rule) + "`");
    skipHeader();
  }
  statement.location = statement.keyword.upTo(cursor.previous().location);
  bool wantsBody = statement.rule->opensBlock() &&
                   (!statement.rule->bodyOptional() || cursor.peek().isSign("{"));
  if (wantsBody)
    parseBody(statement);
  endStatement(statement);
  statement.blankBefore = trivia.blank;
  statement.comments = std::move(trivia.comments);
  for (std::string &comment : cursor.takeInnerComments())
    statement.comments.push_back(std::move(comment));
  into.push_back(std::move(statement));
}

/// Up to the closing brace of the owner, or the end of the file.
void Parser::parseStatements(BlockKind block, Statement *owner) {
  std::vector<Statement> &into = owner ? owner->body : ast.statements;
  bool &damaged = owner ? owner->bodyDamaged : ast.damaged;
  while (true) {
    Trivia trivia = takeTrivia();
    const Token &token = cursor.peek();
    bool ends = token.is(TokenKind::End) || (owner && token.isSign("}")) ||
                atForgottenBrace(block) || diagnostics.full();
    if (ends) {
      while (!trivia.comments.empty() && trivia.comments.back().empty())
        trivia.comments.pop_back();
      if (trivia.blank && !trivia.comments.empty() && !into.empty())
        trivia.comments.insert(trivia.comments.begin(), "");
      (owner ? owner->bodyComments : ast.endComments) = std::move(trivia.comments);
      return;
    }
    if (token.isSign("}")) {
      diagnostics.report(DiagnosticId::UnmatchedBrace, token.location);
      cursor.next();
      continue;
    }
    if (into.empty())
      trivia.blank = false;
    parseStatement(block, std::move(trivia), into, damaged);
  }
}

/// `moe 1` comes first. Another version may have another grammar: one message,
/// and nothing more is read.
bool Parser::checkVersion() {
  size_t ahead = 0;
  while (cursor.peekAhead(ahead).is(TokenKind::Newline) ||
         cursor.peekAhead(ahead).is(TokenKind::Comment))
    ++ahead;
  const Token &first = cursor.peekAhead(ahead), &version = cursor.peekAhead(ahead + 1);
  if (!first.isName("moe")) {
    Location start = first.location;
    start.length = std::min(start.length, 1u);
    diagnostics.report(DiagnosticId::MissingVersion, start, {describeToken(first)})
        .help("start the file with `moe 1`")
        .fix(diagnostics.sources().locate(ast.file, 0, 0), "moe 1\n\n");
    ast.damaged = first.is(TokenKind::End);
    return true;
  }
  if (!version.is(TokenKind::Number) || version.text == "1")
    return true;
  if (!diagnostics.full())
    diagnostics.truncate(reportedBefore); // its characters may be others too
  diagnostics.report(DiagnosticId::UnknownVersion, version.location, {version.text});
  ast.damaged = true;
  return false;
}

Ast Parser::run() {
  if (checkVersion())
    parseStatements(BlockKind::File, nullptr);
  return std::move(ast);
}

Ast parseText(uint32_t file, Diagnostics &diagnostics) { return Parser(file, diagnostics).run(); }

Ast parseFile(uint32_t file, Diagnostics &diagnostics) {
  const std::string &text = diagnostics.sources().text(file);
  if (text.size() > maxSourceBytes) {
    diagnostics.report(DiagnosticId::CannotRead, Location(),
                       {diagnostics.sources().name(file), tooLarge});
    return {file, {}, {}, true};
  }
  if (!checkFileKind(file, diagnostics))
    return {file, {}, {}, true};
  size_t first = text.find_first_not_of(" \t\r\n");
  bool isJson = first != std::string::npos && (text[first] == '{' || text[first] == '[');
  return isJson ? parseJson(file, diagnostics) : parseText(file, diagnostics);
}

} // namespace moec::frontend
