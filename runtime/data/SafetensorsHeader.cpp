//===- SafetensorsHeader.cpp - The JSON of a safetensors file -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Events instead of a document: a document would keep the last of two equal keys
// and say nothing, and its destruction would be recursive.
//===----------------------------------------------------------------------===//

#include "runtime/data/SafetensorsHeader.h"

#include <nlohmann/json.hpp>
#include <set>

namespace moec::rt {

namespace {
using Json = nlohmann::json;

/// Where in {"name": {"dtype": .., "shape": [..], "data_offsets": [..]}, ..} we are.
enum class Place { Outside, Top, Metadata, Tensor, Shape, Offsets };

/// More than any tensor has; keeps messages short.
constexpr size_t maxDimensions = 32;

class HeaderEvents {
public:
  SafetensorsHeader header;
  Status status;

  bool null() { return unexpected("null"); }
  bool boolean(bool value) { return unexpected(value ? "true" : "false"); }
  bool binary(Json::binary_t &) { return unexpected("binary data"); }
  bool number_integer(Json::number_integer_t value) { return unexpected(concat(value)); }
  bool number_float(Json::number_float_t, const std::string &text) {
    return unexpected(text.size() > 20 ? text.substr(0, 20) + "..." : text);
  }
  bool number_unsigned(Json::number_unsigned_t value);
  bool string(std::string &value);
  bool start_object(size_t);
  bool end_object();
  bool start_array(size_t);
  bool end_array();
  bool key(std::string &name);
  bool parse_error(size_t position, const std::string &, const Json::exception &) {
    return fail("header is not JSON at byte ", position);
  }

private:
  template <typename... Parts> bool fail(const Parts &...parts) {
    status = invalidError(parts...);
    return false;
  }
  bool unexpected(const std::string &found);
  std::string where() const { return concat("tensor ", quote(tensor)); }

  Place place = Place::Outside;
  std::string field;  ///< the last key of the innermost object
  std::string tensor; ///< the last key of the outermost object
  std::set<std::string, std::less<>> tensors, fields;
  std::vector<uint64_t> offsets;
};
} // namespace

/// A value where another kind of value belongs.
bool HeaderEvents::unexpected(const std::string &found) {
  switch (place) {
  case Place::Outside:
    return fail("header: wanted an object, found ", found);
  case Place::Top:
    return fail(tensor == "__metadata__" ? "__metadata__" : where(), ": wanted an object, found ",
                found);
  case Place::Metadata:
    return fail("__metadata__: wanted a string for ", quote(field), ", found ", found);
  case Place::Tensor:
    return fail(where(), ": wanted ", field == "dtype" ? "a string" : "an array", " for ", field,
                ", found ", found);
  case Place::Shape:
  case Place::Offsets:
    return fail(where(), ": wanted whole numbers from 0 in ", field, ", found ", found);
  }
  return false;
}

bool HeaderEvents::number_unsigned(Json::number_unsigned_t value) {
  Shape *shape = place == Place::Shape ? &header.entries.back().shape : nullptr;
  if (shape && shape->size() == maxDimensions)
    return fail(where(), ": wanted at most ", maxDimensions, " sizes in shape, found more");
  if (shape)
    shape->push_back(value);
  else if (place == Place::Offsets)
    offsets.push_back(value);
  else
    return unexpected(concat(value));
  return true;
}

bool HeaderEvents::string(std::string &value) {
  if (place == Place::Metadata) {
    header.metadata[field] = value;
    return true;
  }
  if (place != Place::Tensor || field != "dtype")
    return unexpected(concat("the string ", quote(value)));
  std::optional<ElementType> type = elementTypeOf(value);
  if (!type)
    return fail(where(), ": unknown element type ", quote(value));
  header.entries.back().type = *type;
  return true;
}

bool HeaderEvents::start_object(size_t) {
  fields.clear();
  switch (place) {
  case Place::Outside:
    place = Place::Top;
    return true;
  case Place::Top:
    if (tensor == "__metadata__") {
      place = Place::Metadata;
      return true;
    }
    place = Place::Tensor;
    header.entries.emplace_back().name = tensor;
    return true;
  case Place::Metadata:
  case Place::Tensor:
  case Place::Shape:
  case Place::Offsets:
    return unexpected("an object");
  }
  return false;
}

bool HeaderEvents::end_object() {
  if (place == Place::Tensor)
    for (const char *name : {"dtype", "shape", "data_offsets"})
      if (!fields.contains(name))
        return fail(where(), ": wanted dtype, shape and data_offsets, found no ", name);
  place = place == Place::Top ? Place::Outside : Place::Top;
  return true;
}

bool HeaderEvents::start_array(size_t) {
  if (place != Place::Tensor || field == "dtype")
    return unexpected("an array");
  place = field == "shape" ? Place::Shape : Place::Offsets;
  return true;
}

bool HeaderEvents::end_array() {
  if (place == Place::Offsets) {
    if (offsets.size() != 2)
      return fail(where(), ": wanted two numbers in data_offsets, found ", offsets.size());
    header.entries.back().begin = offsets[0];
    header.entries.back().end = offsets[1];
    offsets.clear();
  }
  place = Place::Tensor;
  return true;
}

bool HeaderEvents::key(std::string &name) {
  if (place == Place::Top) {
    tensor = name;
    if (!tensors.insert(name).second)
      return fail(name == "__metadata__" ? name : where(), " is there twice");
    return true;
  }
  field = name;
  if (place == Place::Metadata) {
    if (!fields.insert(name).second)
      return fail("__metadata__: ", quote(name), " is there twice");
    return true;
  }
  if (name != "dtype" && name != "shape" && name != "data_offsets")
    return fail(where(), ": wanted dtype, shape and data_offsets, found ", quote(name));
  if (!fields.insert(name).second)
    return fail(where(), ": ", name, " is there twice");
  return true;
}

Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view json) {
  // The parser takes a zero byte for the end of its input.
  if (size_t zero = json.find('\0'); zero != json.npos)
    return invalidError("header is not JSON at byte ", zero + 1);
  HeaderEvents events;
  if (!Json::sax_parse(json.begin(), json.end(), &events))
    return events.status.ok() ? internalError("header was refused without a reason")
                              : events.status;
  return std::move(events.header);
}

} // namespace moec::rt
