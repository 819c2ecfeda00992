//===- Config.cpp - Fields of a config.json -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/Config.h"
#include "frontend/parser/Suggest.h"

namespace moec::frontend {

static constexpr uint64_t maxCount = 1u << 24;

const JsonValue *HfConfig::value(std::string_view field) const {
  const JsonValue *found = object.find(field);
  return found && !found->is(JsonValue::Kind::Null) ? found : nullptr;
}

Location HfConfig::placeOf(std::string_view field) const {
  const JsonValue *found = object.find(field);
  return found ? found->location : object.location;
}

const JsonValue *HfConfig::required(std::string_view field) {
  if (const JsonValue *found = object.find(field))
    return found;
  Diagnostic &diagnostic = diagnostics.report(DiagnosticId::HfMissingField, object.location,
                                              {std::string(field), model});
  // Files from other hands respell fields; what such a field means is a guess.
  std::vector<std::string_view> names;
  for (const JsonMember &member : object.members)
    names.push_back(member.name);
  std::string similar = nearest(field, names);
  if (!similar.empty())
    diagnostic.at(object.find(similar)->location,
                  "'" + similar + "' is similar, but no field of " + model);
  return nullptr;
}

void HfConfig::wrong(const JsonValue &found, std::string_view field, std::string_view wanted) {
  diagnostics.report(DiagnosticId::HfWrongField, found.location,
                     {std::string(field), std::string(wanted), describeJson(found)});
}

uint32_t HfConfig::count(std::string_view field) {
  const JsonValue *found = required(field);
  if (!found)
    return 0;
  if (found->is(JsonValue::Kind::Integer) && found->integer >= 1 && found->integer <= maxCount)
    return static_cast<uint32_t>(found->integer);
  wrong(*found, field, "a whole number from 1");
  return 0;
}

uint32_t HfConfig::countOrNone(std::string_view field) {
  const JsonValue *found = required(field);
  return found ? countIfAny(field) : 0;
}

uint32_t HfConfig::countIfAny(std::string_view field) {
  const JsonValue *found = value(field);
  if (!found)
    return 0;
  if (found->is(JsonValue::Kind::Integer) && found->integer <= maxCount)
    return static_cast<uint32_t>(found->integer);
  wrong(*found, field, "a whole number or null");
  return 0;
}

double HfConfig::numberOr(std::string_view field, double otherwise) {
  const JsonValue *found = required(field);
  if (!found || found->is(JsonValue::Kind::Null))
    return otherwise;
  if (found->isNumber() && found->number > 0)
    return found->number;
  wrong(*found, field, "a number above 0");
  return otherwise;
}

bool HfConfig::flag(std::string_view field) {
  const JsonValue *found = required(field);
  if (!found)
    return false;
  if (!found->is(JsonValue::Kind::Boolean))
    wrong(*found, field, "true or false");
  return found->boolean;
}

std::string HfConfig::text(std::string_view field) {
  const JsonValue *found = required(field);
  if (!found)
    return "";
  if (!found->is(JsonValue::Kind::String))
    wrong(*found, field, "a string");
  return found->text;
}

void HfConfig::expectText(std::string_view field, std::string_view only) {
  const JsonValue *found = value(field);
  if (found && !(found->is(JsonValue::Kind::String) && found->text == only))
    unsupported(field, std::string(field) + " other than \"" + std::string(only) + "\"");
}

void HfConfig::expectUnset(std::string_view field, std::string_view why) {
  const JsonValue *found = value(field);
  bool isUnset = !found || (found->isNumber() && found->number == 0) ||
                 (found->is(JsonValue::Kind::Boolean) && !found->boolean);
  if (!isUnset)
    unsupported(field, std::string(why));
}

void HfConfig::unsupported(std::string_view field, const std::string &what) {
  diagnostics.report(DiagnosticId::HfUnsupported, placeOf(field), {model, what});
}

} // namespace moec::frontend
