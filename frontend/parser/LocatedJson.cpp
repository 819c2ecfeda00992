//===- LocatedJson.cpp - JSON with places ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// nlohmann-json decides what is valid, but its events carry no places. A scan of
// the text beforehand lists where each key and value starts; the events then
// come in the same order.
//===----------------------------------------------------------------------===//

#include "frontend/parser/LocatedJson.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Parser.h"

#include <nlohmann/json.hpp>

namespace moec::frontend {

/// What a program's text can say must pass here: two levels a part of an expression, which may be a
/// chain, and two a block.
static constexpr size_t maxDepth = 2 * maxExpressionNodes + 16;

const JsonValue *JsonValue::find(std::string_view name) const {
  for (const JsonMember &member : members)
    if (member.name == name)
      return &member.value;
  return nullptr;
}

std::string describeJson(const JsonValue &value) {
  switch (value.kind) {
  case JsonValue::Kind::Null:
    return "null";
  case JsonValue::Kind::Boolean:
    return value.boolean ? "true" : "false";
  case JsonValue::Kind::Integer:
    return "the number " + std::to_string(value.integer);
  case JsonValue::Kind::Number:
    return "the number " + formatNumber(value.number);
  case JsonValue::Kind::String:
    return "\"" + value.text + "\"";
  case JsonValue::Kind::Array:
    return "an array of " + std::to_string(value.elements.size());
  case JsonValue::Kind::Object:
    return "an object";
  }
  return "";
}

namespace {
struct Extent {
  size_t start, end;
};
} // namespace

/// Where keys and values start and end (containers: their bracket). Right for
/// valid JSON, harmless for anything else.
static std::vector<Extent> scan(std::string_view text) {
  std::vector<Extent> extents;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    size_t start = i++;
    if (c == '"') {
      for (; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\')
          ++i;
      i = std::min(i + 1, text.size());
    } else if (std::string_view(" \t\r\n,:]}").find(c) != std::string_view::npos) {
      continue;
    } else if (c != '{' && c != '[') {
      i = std::min(text.find_first_of(" \t\r\n,:]}[{\"", i), text.size());
    }
    extents.push_back({start, i});
  }
  return extents;
}

namespace {
/// Builds the tree from the events.
class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
  Builder(uint32_t file, Diagnostics &diagnostics)
      : file(file), diagnostics(diagnostics), extents(scan(diagnostics.sources().text(file))) {}

  std::optional<JsonValue> root;

  bool null() override { return add(JsonValue::Kind::Null); }
  bool boolean(bool value) override {
    if (!add(JsonValue::Kind::Boolean))
      return false;
    last->boolean = value;
    return true;
  }
  bool number_integer(number_integer_t value) override {
    // Only negative ones come here.
    return addNumber(JsonValue::Kind::Number, static_cast<double>(value), 0);
  }
  bool number_unsigned(number_unsigned_t value) override {
    return addNumber(JsonValue::Kind::Integer, static_cast<double>(value), value);
  }
  bool number_float(number_float_t value, const string_t &) override {
    return addNumber(JsonValue::Kind::Number, value, 0);
  }
  bool string(string_t &value) override {
    if (!add(JsonValue::Kind::String))
      return false;
    last->text = std::move(value);
    return true;
  }
  bool binary(binary_t &) override { return false; }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::Object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::Array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &name) override {
    Location place = takePlace();
    JsonValue &object = *stack.back();
    for (const JsonMember &member : object.members) {
      if (member.name == name) {
        diagnostics.report(DiagnosticId::JsonDuplicateKey, place, {name})
            .at(member.location, "first here");
        return false;
      }
    }
    object.members.push_back({std::move(name), place, {}});
    return true;
  }
  bool parse_error(std::size_t position, const std::string &,
                   const nlohmann::detail::exception &error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: what"
    std::string_view what = error.what();
    size_t colon = what.find(": ");
    if (colon != std::string_view::npos)
      what.remove_prefix(colon + 2);
    Location place = diagnostics.sources().locate(file, position ? position - 1 : 0, 1);
    diagnostics.report(DiagnosticId::JsonSyntax, place, {std::string(what)});
    return false;
  }

private:
  Location takePlace() {
    if (taken >= extents.size())
      return diagnostics.sources().locate(file, SIZE_MAX, 0);
    const Extent &extent = extents[taken++];
    return diagnostics.sources().locate(file, extent.start, extent.end - extent.start);
  }
  bool add(JsonValue::Kind kind) {
    JsonValue value;
    value.kind = kind;
    value.location = takePlace();
    if (stack.empty()) {
      root = std::move(value);
      last = &*root;
      return true;
    }
    JsonValue &parent = *stack.back();
    if (parent.is(JsonValue::Kind::Array)) {
      parent.elements.push_back(std::move(value));
      last = &parent.elements.back();
    } else {
      parent.members.back().value = std::move(value);
      last = &parent.members.back().value;
    }
    return true;
  }
  bool addNumber(JsonValue::Kind kind, double number, uint64_t integer) {
    add(kind);
    last->number = number;
    last->integer = integer;
    return true;
  }
  bool open(JsonValue::Kind kind) {
    add(kind);
    stack.push_back(last);
    if (stack.size() <= maxDepth)
      return true;
    diagnostics.report(DiagnosticId::JsonTooDeep, last->location, {std::to_string(maxDepth)});
    return false;
  }
  bool close() {
    stack.pop_back();
    return true;
  }

  uint32_t file;
  Diagnostics &diagnostics;
  std::vector<Extent> extents;
  size_t taken = 0;
  std::vector<JsonValue *> stack; ///< open containers; a parent does not grow meanwhile
  JsonValue *last = nullptr;
};
} // namespace

std::optional<JsonValue> parseLocatedJson(uint32_t file, Diagnostics &diagnostics) {
  const std::string &text = diagnostics.sources().text(file);
  if (text.size() > maxSourceBytes) {
    diagnostics.report(DiagnosticId::CannotRead, Location(),
                       {diagnostics.sources().name(file), tooLarge});
    return std::nullopt;
  }
  Builder builder(file, diagnostics);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return std::nullopt;
  return std::move(builder.root);
}

} // namespace moec::frontend
