//===- LocatedJson.h - JSON with places -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A JSON text whose values know where they stand, so that messages about a
// generated program or a checkpoint's config point at a line and column.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_LOCATEDJSON_H
#define MOEC_FRONTEND_PARSER_LOCATEDJSON_H

#include "frontend/parser/Diagnostics.h"

namespace moec::frontend {

struct JsonMember;

struct JsonValue {
  enum class Kind : uint8_t { Null, Boolean, Integer, Number, String, Array, Object };
  Kind kind = Kind::Null;
  bool boolean = false;
  uint64_t integer = 0; ///< Integer: not negative
  double number = 0;    ///< Integer and Number
  std::string text;
  std::vector<JsonValue> elements;
  std::vector<JsonMember> members; ///< in the order of the text
  Location location;               ///< of an array or object: its first character

  bool is(Kind wanted) const { return kind == wanted; }
  bool isNumber() const { return kind == Kind::Integer || kind == Kind::Number; }
  /// The first member of that name, or null.
  const JsonValue *find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  Location location;
  JsonValue value;
};

/// Reads a whole file; nothing if it is no JSON or nests deeper than 64 levels.
std::optional<JsonValue> parseLocatedJson(uint32_t file, Diagnostics &diagnostics);

/// For messages: "an object", "the number 5", "\"top\"".
std::string describeJson(const JsonValue &value);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_LOCATEDJSON_H
