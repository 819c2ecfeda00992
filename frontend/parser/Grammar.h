//===- Grammar.h - The table of statements, compiled ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grammar.def in a form that the parser, the formatter and the JSON reader and
// writer walk. Nothing here knows what a statement means.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_GRAMMAR_H
#define MOEC_FRONTEND_PARSER_GRAMMAR_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moec::frontend {

enum class BlockKind : uint8_t {
  None,
  File,
  Machine,
  Link,
  Mesh,
  Layer,
  Experts,
  Shared,
  Dense,
  Router,
  Checkpoint,
  Placement,
  Schedule,
};

enum class ValueKind : uint8_t {
  Name,       ///< hgx-h100
  Integer,    ///< 64
  Number,     ///< 1.25
  String,     ///< "load.csv"
  Word,       ///< one of a list
  Words,      ///< gate, up
  Type,       ///< bf16
  Shape,      ///< 128 or 128x128
  Size,       ///< 80 GiB
  Rate,       ///< 450 GB/s
  Time,       ///< 3 us
  Work,       ///< 989 TFLOP/s
  Expression, ///< silu(gate) * up
  Ranges,     ///< 0, 8..15
};

struct SyntaxElement {
  enum class Kind : uint8_t { Literal, Field, Optional };
  Kind kind = Kind::Literal;
  std::string text; ///< the literal, or the field's name
  ValueKind value = ValueKind::Name;
  std::vector<std::string> words;      ///< of a Word or Words field
  std::vector<SyntaxElement> elements; ///< of an Optional
};

struct StatementRule {
  enum Flags : uint8_t { Once = 0, Required = 1, Repeatable = 2, BodyOptional = 4 };
  BlockKind block = BlockKind::None;
  std::string keyword;
  std::string syntax; ///< as in the table
  std::vector<SyntaxElement> elements;
  BlockKind body = BlockKind::None;
  uint8_t flags = Once;

  bool required() const { return flags & Required; }
  bool repeatable() const { return flags & Repeatable; }
  bool opensBlock() const { return body != BlockKind::None; }
  bool bodyOptional() const { return flags & BodyOptional; }
};

/// All rules in the order of the table.
const std::vector<StatementRule> &grammar();
/// The rule, or null.
const StatementRule *findRule(BlockKind block, std::string_view keyword);
/// The keywords of a block, in the order of the table.
std::vector<std::string_view> keywordsOf(BlockKind block);
/// "layer"; "file" for the outermost.
std::string_view blockName(BlockKind block);
/// For messages: `choose top K of EXPRESSION [in TYPE]`.
std::string describeSyntax(const StatementRule &rule);
/// For messages: "a whole number".
std::string_view describeKind(ValueKind kind);

/// Element types that can be written, implemented or not.
const std::vector<std::string_view> &typeNames();

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_GRAMMAR_H
