//===- Ast.h - A source file as written -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One tree for both forms of the language. A file is a list of statements; each
// is an entry of Grammar.def with its fields, its comments and perhaps a block
// of more statements. Nothing is resolved: names are text, and what the file
// says twice is here twice.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_AST_H
#define MOEC_FRONTEND_PARSER_AST_H

#include "frontend/parser/Diagnostics.h"
#include "frontend/parser/Grammar.h"

namespace moec::frontend {

/// silu(gate) * up. Parentheses are not kept: the operators say where they go.
struct Expression {
  enum class Kind : uint8_t { Number, Name, Call, Negate, Add, Subtract, Multiply, Divide };
  Kind kind = Kind::Number;
  double number = 0;
  std::string name; ///< of a Name, or the function of a Call
  std::vector<Expression> operands;
  Location location;

  bool isName(std::string_view wanted) const { return kind == Kind::Name && name == wanted; }
  bool isCall(std::string_view function, size_t arguments) const {
    return kind == Kind::Call && name == function && operands.size() == arguments;
  }
  /// Same tree, wherever it was written.
  bool sameAs(const Expression &other) const;
};

/// 8..15, both ends included; a single number is a range of one.
struct Range {
  uint64_t first = 0;
  uint64_t last = 0;
  Location location;
};

struct Value {
  ValueKind kind = ValueKind::Name;
  std::string text;     ///< Name, String, Word, Type
  uint64_t integer = 0; ///< Integer
  double number = 0;    ///< Number; of a quantity as written
  std::string unit;     ///< Size, Rate, Time
  std::vector<std::string> words;
  std::vector<uint64_t> shape;
  std::vector<Range> ranges;
  Expression expression;
  Location location;

  /// A quantity in bytes, bytes per second or seconds.
  double inBaseUnits() const;
};

struct Field {
  std::string name;
  Value value;
};

struct Statement {
  const StatementRule *rule = nullptr;
  std::vector<Field> fields; ///< in the order of the syntax
  std::vector<Statement> body;
  bool hasBody = false;
  /// Part of it was wrong and is missing. It counts as being there.
  bool broken = false;
  /// The body had a statement that nobody could make sense of.
  bool bodyDamaged = false;

  bool blankBefore = false;              ///< an empty line stood before it
  std::vector<std::string> comments;     ///< lines before it, "#" included; "" = empty line
  std::string comment;                   ///< at the end of its (first) line
  std::vector<std::string> bodyComments; ///< after the last statement of the body
  std::string closingComment;            ///< behind the closing brace

  Location keyword;
  Location location; ///< the statement without its body
  Location open;     ///< the opening brace

  const Value *find(std::string_view field) const {
    for (const Field &entry : fields)
      if (entry.name == field)
        return &entry.value;
    return nullptr;
  }
  std::string_view name() const { return rule->keyword; }
};

struct Ast {
  uint32_t file = 0;
  std::vector<Statement> statements;
  std::vector<std::string> endComments;
  bool damaged = false; ///< as Statement::bodyDamaged, for the file itself
};

/// Reads a file in either form. What is wrong is reported; the tree holds the
/// rest.
Ast parseFile(uint32_t file, Diagnostics &diagnostics);
Ast parseText(uint32_t file, Diagnostics &diagnostics);
Ast parseJson(uint32_t file, Diagnostics &diagnostics);

/// The canonical text. Needs a tree without broken statements.
std::string formatText(const Ast &ast);
/// The JSON form, which holds everything that formatText prints.
std::string formatJson(const Ast &ast);
std::string formatExpression(const Expression &expression);
/// Shortest digits that read back as the same number.
std::string formatNumber(double number);

/// The canonical text of a source in either form; nothing if it does not parse.
std::optional<std::string> formatSource(std::string text, std::string name,
                                        Diagnostics &diagnostics);
/// The JSON form of a source in either form; nothing if it does not parse.
std::optional<std::string> sourceToJson(std::string text, std::string name,
                                        Diagnostics &diagnostics);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_AST_H
