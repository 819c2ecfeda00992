//===- JsonReader.h - Values of fields from JSON ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_JSONREADER_H
#define MOEC_FRONTEND_PARSER_JSONREADER_H

#include "frontend/parser/Ast.h"
#include "frontend/parser/LocatedJson.h"

namespace moec::frontend {

/// Reads what JsonWriter.cpp writes for one field, and accepts nothing that the
/// text form could not hold. Reports and returns false otherwise.
class JsonValueReader {
public:
  explicit JsonValueReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}

  bool read(const JsonValue &json, const SyntaxElement &field, Value &value);

private:
  bool wanted(const JsonValue &found, std::string_view what);
  bool readName(const JsonValue &json, Value &value);
  bool readWord(const JsonValue &json, const std::vector<std::string_view> &words,
                std::string &word);
  bool readNumber(const JsonValue &json, double &number);
  bool readIntegers(const JsonValue &json, size_t atMost, std::vector<uint64_t> &integers);
  bool readQuantity(const JsonValue &json, Value &value);
  bool readRanges(const JsonValue &json, Value &value);
  bool readExpression(const JsonValue &json, Expression &expression);
  bool readOperation(const JsonValue &json, Expression &expression);

  Diagnostics &diagnostics;
  unsigned nodes = 0;
};

/// True if a name of the language can be spelled so.
bool isPlainName(std::string_view text);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_JSONREADER_H
