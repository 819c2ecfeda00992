//===- Grammar.cpp - The table of statements, compiled --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles the syntax strings of Grammar.def once, at first use.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Grammar.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <utility>

namespace moec::frontend {

namespace {
struct KindName {
  std::string_view name;
  ValueKind kind;
  std::string_view description;
};
} // namespace

static constexpr KindName kindNames[] = {
    {"name", ValueKind::Name, "a name"},
    {"integer", ValueKind::Integer, "a whole number"},
    {"number", ValueKind::Number, "a number"},
    {"string", ValueKind::String, "a \"string\""},
    {"word", ValueKind::Word, "a word"},
    {"words", ValueKind::Words, "a list of words"},
    {"type", ValueKind::Type, "a type"},
    {"shape", ValueKind::Shape, "a block shape such as 128x128"},
    {"size", ValueKind::Size, "a size such as 80 GiB"},
    {"rate", ValueKind::Rate, "a rate such as 450 GB/s"},
    {"time", ValueKind::Time, "a time such as 3 us"},
    {"work", ValueKind::Work, "a rate of work such as 989 TFLOP/s"},
    {"expression", ValueKind::Expression, "an expression"},
    {"ranges", ValueKind::Ranges, "numbers such as 0, 8..15"},
};

static std::vector<std::string> splitWords(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    size_t end = std::min(list.find('|'), list.size());
    words.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

/// "<name:kind>" or "<name:word(a|b)>", without the brackets.
static SyntaxElement compileField(std::string_view text) {
  SyntaxElement field;
  field.kind = SyntaxElement::Kind::Field;
  size_t colon = text.find(':');
  field.text = text.substr(0, colon);
  std::string_view kind = text.substr(colon + 1);
  size_t list = kind.find('(');
  if (list != std::string_view::npos)
    field.words = splitWords(kind.substr(list + 1, kind.size() - list - 2));
  kind = kind.substr(0, list);
  for (const KindName &entry : kindNames) {
    if (entry.name == kind) {
      field.value = entry.kind;
      return field;
    }
  }
  assert(false && "unknown kind in Grammar.def");
  return field;
}

/// Consumes `text` up to its end or the `]` that closes the part.
static std::vector<SyntaxElement> compile(std::string_view &text) {
  std::vector<SyntaxElement> elements;
  while (!text.empty() && text.front() != ']') {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    if (text.front() == '[') {
      text.remove_prefix(1);
      SyntaxElement part;
      part.kind = SyntaxElement::Kind::Optional;
      part.elements = compile(text);
      assert(!text.empty() && "unclosed [ in Grammar.def");
      text.remove_prefix(1);
      elements.push_back(std::move(part));
      continue;
    }
    size_t end = text.front() == '<' ? text.find('>') + 1 : text.find_first_of(" ]");
    end = std::min(end, text.size());
    if (text.front() == '<') {
      elements.push_back(compileField(text.substr(1, end - 2)));
    } else {
      SyntaxElement literal;
      literal.text = text.substr(0, end);
      elements.push_back(std::move(literal));
    }
    text.remove_prefix(end);
  }
  return elements;
}

static StatementRule makeRule(BlockKind block, const char *keyword, std::string_view syntax,
                              BlockKind body, int flags) {
  StatementRule rule;
  rule.block = block;
  rule.keyword = keyword;
  rule.syntax = syntax;
  rule.elements = compile(syntax);
  rule.body = body;
  rule.flags = static_cast<uint8_t>(flags);
  return rule;
}

static std::vector<StatementRule> makeGrammar() {
  constexpr int Once = StatementRule::Once, Required = StatementRule::Required,
                Repeatable = StatementRule::Repeatable, BodyOptional = StatementRule::BodyOptional;
  std::vector<StatementRule> rules;
#define MOEC_STATEMENT(BLOCK, KEYWORD, SYNTAX, BODY, FLAGS)                                        \
  rules.push_back(makeRule(BlockKind::BLOCK, KEYWORD, SYNTAX, BlockKind::BODY, FLAGS));
#include "frontend/parser/Grammar.def"
  return rules;
}

const std::vector<StatementRule> &grammar() {
  static const std::vector<StatementRule> rules = makeGrammar();
  return rules;
}

const StatementRule *findRule(BlockKind block, std::string_view keyword) {
  for (const StatementRule &rule : grammar())
    if (rule.block == block && rule.keyword == keyword)
      return &rule;
  return nullptr;
}

std::vector<std::string_view> keywordsOf(BlockKind block) {
  std::vector<std::string_view> keywords;
  for (const StatementRule &rule : grammar())
    if (rule.block == block)
      keywords.push_back(rule.keyword);
  return keywords;
}

std::string_view blockName(BlockKind block) {
  switch (block) {
  case BlockKind::None:
    return "no block";
  case BlockKind::File:
    return "file";
  case BlockKind::Machine:
    return "machine";
  case BlockKind::Link:
    return "link";
  case BlockKind::Mesh:
    return "mesh";
  case BlockKind::Layer:
    return "layer";
  case BlockKind::Experts:
    return "experts";
  case BlockKind::Shared:
    return "shared";
  case BlockKind::Dense:
    return "dense";
  case BlockKind::Router:
    return "router";
  case BlockKind::Checkpoint:
    return "weights";
  case BlockKind::Placement:
    return "placement";
  case BlockKind::Schedule:
    return "schedule";
  }
  return "";
}

static void describe(const std::vector<SyntaxElement> &elements, std::string &out) {
  for (const SyntaxElement &element : elements) {
    if (!out.empty() && out.back() != '[')
      out += ' ';
    switch (element.kind) {
    case SyntaxElement::Kind::Literal:
      out += element.text;
      break;
    case SyntaxElement::Kind::Field:
      for (size_t i = 0; i < element.words.size(); ++i)
        out += (i ? "|" : "") + element.words[i];
      if (element.words.empty())
        for (char c : element.text)
          out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      break;
    case SyntaxElement::Kind::Optional:
      out += '[';
      describe(element.elements, out);
      out += ']';
      break;
    }
  }
}

std::string describeSyntax(const StatementRule &rule) {
  std::string out = rule.keyword;
  describe(rule.elements, out);
  if (rule.opensBlock())
    out += rule.bodyOptional() ? " [{ .. }]" : " { .. }";
  return out;
}

std::string_view describeKind(ValueKind kind) {
  for (const KindName &entry : kindNames)
    if (entry.kind == kind)
      return entry.description;
  return "";
}

const std::vector<std::string_view> &typeNames() {
  static const std::vector<std::string_view> names = {"f32",  "bf16",  "f16",  "e4m3", "e5m2",
                                                      "e2m1", "ue8m0", "int8", "int4"};
  return names;
}

} // namespace moec::frontend
