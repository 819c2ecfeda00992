//===- JsonReader.cpp - A program from JSON -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inverse of JsonWriter.cpp, by the same table. The places of the tree are
// those of the JSON text, so that later messages show the right line of it.
//===----------------------------------------------------------------------===//

#include "frontend/parser/JsonReader.h"
#include "frontend/parser/Parser.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>

namespace moec::frontend {

namespace {
class Reader {
public:
  Reader(uint32_t file, Diagnostics &diagnostics) : diagnostics(diagnostics), values(diagnostics) {
    ast.file = file;
  }
  Ast run();

private:
  bool wanted(const JsonValue &found, std::string_view what);
  /// The statements of the program, or null (reported) if there are none.
  const JsonValue *findBody(const JsonValue &root);
  void readFile(const JsonValue &root);
  void readBody(const JsonValue &list, BlockKind block, std::vector<Statement> &into,
                bool &damaged);
  bool readStatement(const JsonValue &object, BlockKind block, Statement &statement);
  bool readElements(const std::vector<SyntaxElement> &elements, bool optional,
                    const JsonValue &object, Statement &statement);
  bool readComment(const JsonValue &object, std::string_view key, std::string &comment);
  bool readComments(const JsonValue &object, std::string_view key,
                    std::vector<std::string> &comments);
  bool readDecoration(const JsonValue &object, Statement &statement);
  bool checkKeys(const JsonValue &object, const Statement &statement);

  Diagnostics &diagnostics;
  JsonValueReader values;
  Ast ast;
};
} // namespace

static constexpr std::string_view ownKeys[] = {
    "statement", "blank", "comments", "comment", "body", "body_comments", "closing_comment"};

bool Reader::wanted(const JsonValue &found, std::string_view what) {
  diagnostics.report(DiagnosticId::JsonWrongValue, found.location,
                     {std::string(what), describeJson(found)});
  return false;
}

bool Reader::readComment(const JsonValue &object, std::string_view key, std::string &comment) {
  const JsonValue *value = object.find(key);
  if (!value)
    return true;
  bool fits = value->is(JsonValue::Kind::String) && isPlainText(value->text) &&
              value->text.starts_with("#") &&
              value->text.find_last_not_of(" \t") + 1 == value->text.size();
  if (!fits)
    return wanted(*value, "a comment \"# ..\" of one line");
  comment = value->text;
  return true;
}

bool Reader::readComments(const JsonValue &object, std::string_view key,
                          std::vector<std::string> &comments) {
  const JsonValue *list = object.find(key);
  if (!list)
    return true;
  if (!list->is(JsonValue::Kind::Array))
    return wanted(*list, "an array of comments");
  for (const JsonValue &value : list->elements) {
    bool isBlank = value.is(JsonValue::Kind::String) && value.text.empty();
    bool fits = value.is(JsonValue::Kind::String) && isPlainText(value.text) &&
                value.text.starts_with("#") &&
                value.text.find_last_not_of(" \t") + 1 == value.text.size();
    if (!isBlank && !fits)
      return wanted(value, "a comment \"# ..\" of one line");
    // Two empty lines are one, and none comes before the first comment.
    if (!isBlank || (!comments.empty() && !comments.back().empty()) ||
        (comments.empty() && key == "body_comments"))
      comments.push_back(value.text);
  }
  return true;
}

/// An empty line at the end of a block means nothing, nor does one at its start.
static void trimBlank(std::vector<std::string> &comments, bool atStart) {
  while (!comments.empty() && comments.back().empty())
    comments.pop_back();
  if (atStart && !comments.empty() && comments.front().empty())
    comments.erase(comments.begin());
}

bool Reader::readDecoration(const JsonValue &object, Statement &statement) {
  if (const JsonValue *blank = object.find("blank")) {
    if (!blank->is(JsonValue::Kind::Boolean))
      return wanted(*blank, "true or false");
    statement.blankBefore = blank->boolean;
  }
  return readComments(object, "comments", statement.comments) &&
         readComments(object, "body_comments", statement.bodyComments) &&
         readComment(object, "comment", statement.comment) &&
         readComment(object, "closing_comment", statement.closingComment);
}

bool Reader::readElements(const std::vector<SyntaxElement> &elements, bool optional,
                          const JsonValue &object, Statement &statement) {
  bool isPresent = !optional;
  for (const SyntaxElement &element : elements) {
    if (element.kind == SyntaxElement::Kind::Optional) {
      if (!readElements(element.elements, true, object, statement))
        return false;
      continue;
    }
    if (element.kind == SyntaxElement::Kind::Literal)
      continue;
    const JsonValue *found = object.find(element.text);
    if (!found && !isPresent)
      return true;
    isPresent = true;
    if (!found) {
      diagnostics.report(DiagnosticId::JsonMissingKey, object.location,
                         {statement.rule->keyword, element.text});
      return false;
    }
    Field field{element.text, {}};
    if (!values.read(*found, element, field.value))
      return false;
    statement.fields.push_back(std::move(field));
  }
  return true;
}

static void fieldNames(const std::vector<SyntaxElement> &elements,
                       std::vector<std::string_view> &names) {
  for (const SyntaxElement &element : elements) {
    if (element.kind == SyntaxElement::Kind::Field)
      names.push_back(element.text);
    fieldNames(element.elements, names);
  }
}

bool Reader::checkKeys(const JsonValue &object, const Statement &statement) {
  std::vector<std::string_view> names(std::begin(ownKeys), std::end(ownKeys));
  fieldNames(statement.rule->elements, names);
  bool known = true;
  for (const JsonMember &member : object.members) {
    bool isKnown = std::find(names.begin(), names.end(), member.name) != names.end();
    // A field of a left out part, such as `then_by` without `then_k`.
    bool isRead =
        std::find(std::begin(ownKeys), std::end(ownKeys), member.name) != std::end(ownKeys) ||
        statement.find(member.name);
    if (isKnown && isRead)
      continue;
    known = false;
    Diagnostic &diagnostic = diagnostics.report(DiagnosticId::JsonUnknownKey, member.location,
                                                {member.name, statement.rule->keyword});
    std::string meant = isKnown ? "" : nearest(member.name, names);
    if (!meant.empty())
      diagnostic.under("did you mean \"" + meant + "\"?");
    else if (isKnown)
      diagnostic.help("it needs the key before it too: `" + describeSyntax(*statement.rule) + "`");
    else
      diagnostic.help("known here: " + listOf(names));
  }
  return known;
}

static const JsonMember *memberOf(const JsonValue &object, std::string_view name) {
  for (const JsonMember &member : object.members)
    if (member.name == name)
      return &member;
  return nullptr;
}

bool Reader::readStatement(const JsonValue &object, BlockKind block, Statement &statement) {
  if (!object.is(JsonValue::Kind::Object))
    return wanted(object, "an object with the key \"statement\"");
  const JsonValue *keyword = object.find("statement");
  if (!keyword || !keyword->is(JsonValue::Kind::String))
    return wanted(keyword ? *keyword : object, "an object with the key \"statement\"");
  statement.rule = resolveKeyword(block, keyword->text, keyword->location, diagnostics);
  if (!statement.rule)
    return false;
  statement.keyword = statement.location = keyword->location;
  statement.open = object.location;
  bool good = readElements(statement.rule->elements, false, object, statement);
  good = good && checkKeys(object, statement);
  good = readDecoration(object, statement) && good;
  statement.broken = !good;
  const JsonValue *body = object.find("body");
  if (!body) {
    for (const char *key : {"body_comments", "closing_comment"})
      if (const JsonMember *member = memberOf(object, key)) {
        diagnostics
            .report(DiagnosticId::JsonUnknownKey, member->location, {key, statement.rule->keyword})
            .help("without a \"body\" such a comment has no place");
        statement.broken = true;
      }
    bool needsBody = (statement.rule->opensBlock() && !statement.rule->bodyOptional());
    if (needsBody && good)
      diagnostics.report(DiagnosticId::JsonMissingKey, object.location,
                         {statement.rule->keyword, "body"});
    statement.broken |= needsBody;
    statement.bodyDamaged |= needsBody;
    return true;
  }
  if (!statement.rule->opensBlock()) {
    diagnostics.report(DiagnosticId::UnexpectedBlock, body->location, {statement.rule->keyword});
    statement.broken = true;
    return true;
  }
  statement.hasBody = true;
  readBody(*body, statement.rule->body, statement.body, statement.bodyDamaged);
  trimBlank(statement.bodyComments, statement.body.empty());
  return true;
}

void Reader::readBody(const JsonValue &list, BlockKind block, std::vector<Statement> &into,
                      bool &damaged) {
  if (!list.is(JsonValue::Kind::Array)) {
    wanted(list, "an array of statements");
    damaged = true;
    return;
  }
  for (const JsonValue &object : list.elements) {
    if (diagnostics.full())
      return;
    Statement statement;
    if (!readStatement(object, block, statement)) {
      damaged = true;
      continue;
    }
    if (into.empty())
      statement.blankBefore = false;
    into.push_back(std::move(statement));
  }
}

const JsonValue *Reader::findBody(const JsonValue &root) {
  if (!root.is(JsonValue::Kind::Object)) {
    wanted(root, "an object with the keys \"moe\" and \"body\"");
    return nullptr;
  }
  for (const char *key : {"moe", "body"}) {
    if (root.find(key))
      continue;
    diagnostics.report(DiagnosticId::JsonMissingKey, root.location, {"the program", key});
    return nullptr;
  }
  const JsonValue &version = *root.find("moe");
  if (version.kind == JsonValue::Kind::Integer && version.integer == 1)
    return root.find("body");
  if (version.isNumber())
    diagnostics.report(DiagnosticId::UnknownVersion, version.location,
                       {formatNumber(version.number)});
  else
    wanted(version, "the version of the language, 1");
  return nullptr;
}

void Reader::readFile(const JsonValue &root) {
  const JsonValue *body = findBody(root);
  if (!body) {
    ast.damaged = true;
    return;
  }
  for (const JsonMember &member : root.members) {
    std::vector<std::string_view> known = {"moe", "body", "body_comments"};
    if (std::find(known.begin(), known.end(), member.name) == known.end())
      diagnostics
          .report(DiagnosticId::JsonUnknownKey, member.location, {member.name, "the program"})
          .help("known here: " + listOf(known));
  }
  readBody(*body, BlockKind::File, ast.statements, ast.damaged);
  readComments(root, "body_comments", ast.endComments);
  trimBlank(ast.endComments, ast.statements.empty());
  bool startsRight = !ast.statements.empty() && ast.statements.front().name() == "moe";
  if (!startsRight && !ast.damaged)
    diagnostics.report(DiagnosticId::MissingVersion, body->location, {"something else"})
        .help("start the body with {\"statement\": \"moe\", \"version\": 1}");
}

Ast Reader::run() {
  if (std::optional<JsonValue> root = parseLocatedJson(ast.file, diagnostics))
    readFile(*root);
  else
    ast.damaged = true;
  return std::move(ast);
}

Ast parseJson(uint32_t file, Diagnostics &diagnostics) { return Reader(file, diagnostics).run(); }

} // namespace moec::frontend
