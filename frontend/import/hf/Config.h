//===- Config.h - Fields of a config.json -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Access that never invents a value: a field is there, or null where null has a
// meaning, or its absence is reported.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_HF_CONFIG_H
#define MOEC_FRONTEND_IMPORT_HF_CONFIG_H

#include "frontend/parser/LocatedJson.h"

namespace moec::frontend {

class HfConfig {
public:
  HfConfig(const JsonValue &object, std::string model, Diagnostics &diagnostics)
      : object(object), model(std::move(model)), diagnostics(diagnostics) {}

  bool has(std::string_view field) const { return object.find(field) != nullptr; }
  /// Null if the field is missing or null.
  const JsonValue *value(std::string_view field) const;
  Location placeOf(std::string_view field) const;

  /// Required; 0 and a report if the field is missing or not in 1..2^24.
  uint32_t count(std::string_view field);
  /// Required, but null and 0 mean none.
  uint32_t countOrNone(std::string_view field);
  /// As countOrNone, and missing means none too.
  uint32_t countIfAny(std::string_view field);
  /// Required; null means `otherwise`.
  double numberOr(std::string_view field, double otherwise);
  bool flag(std::string_view field);
  std::string text(std::string_view field);

  /// If the field is there it must be this text.
  void expectText(std::string_view field, std::string_view only);
  /// If the field is there it must not be set: 0, false or null.
  void expectUnset(std::string_view field, std::string_view why);
  void unsupported(std::string_view field, const std::string &what);

  void wrong(const JsonValue &found, std::string_view field, std::string_view wanted);

private:
  const JsonValue *required(std::string_view field);

  const JsonValue &object;
  std::string model;
  Diagnostics &diagnostics;
};

} // namespace moec::frontend

#endif // MOEC_FRONTEND_IMPORT_HF_CONFIG_H
