//===- CheckpointIndex.cpp - Which shard holds which tensor ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/CheckpointIndex.h"

#include <nlohmann/json.hpp>

namespace moec::rt {

namespace {
using Json = nlohmann::json;

class IndexEvents {
public:
  WeightMap map;
  Status status;
  bool found = false;

  bool null() { return value("null"); }
  bool boolean(bool) { return value("a boolean"); }
  bool binary(Json::binary_t &) { return value("binary data"); }
  bool number_integer(Json::number_integer_t) { return value("a number"); }
  bool number_unsigned(Json::number_unsigned_t) { return value("a number"); }
  bool number_float(Json::number_float_t, const std::string &) { return value("a number"); }
  bool string(std::string &file);
  bool start_object(size_t);
  bool end_object() {
    inMap = false;
    return --depth, true;
  }
  bool start_array(size_t) {
    bool ok = value("an array");
    ++depth;
    return ok;
  }
  bool end_array() { return --depth, true; }
  bool key(std::string &name);
  bool parse_error(size_t position, const std::string &, const Json::exception &) {
    return fail("index is not JSON at byte ", position);
  }

private:
  template <typename... Parts> bool fail(const Parts &...parts) {
    status = invalidError(parts...);
    return false;
  }
  /// Any value but a string or an object.
  bool value(const char *what) {
    if (depth == 0)
      return fail("index: wanted an object, found ", what);
    if (inMap)
      return fail("weight_map: wanted a file name for tensor ", quote(tensor), ", found ", what);
    if (atMap())
      return fail("weight_map: wanted an object, found ", what);
    return true;
  }
  bool atMap() const { return depth == 1 && top == "weight_map"; }

  size_t depth = 0;
  bool inMap = false;
  std::string top, tensor;
};
} // namespace

bool IndexEvents::string(std::string &file) {
  if (!inMap)
    return value("a string");
  bool isPlain = !file.empty() && file != "." && file != ".." &&
                 file.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
  if (!isPlain)
    return fail("weight_map: wanted the name of a file in the same folder for tensor ",
                quote(tensor), ", found ", quote(file));
  map[tensor] = file;
  return true;
}

bool IndexEvents::start_object(size_t) {
  if (inMap)
    return value("an object");
  if (atMap())
    inMap = found = true;
  ++depth;
  return true;
}

bool IndexEvents::key(std::string &name) {
  if (inMap) {
    tensor = name;
    if (map.contains(name))
      return fail("weight_map: tensor ", quote(name), " is there twice");
  } else if (depth == 1) {
    top = name;
    if (found && name == "weight_map")
      return fail("index: weight_map is there twice");
  }
  return true;
}

Result<WeightMap> parseCheckpointIndex(std::string_view json) {
  if (size_t zero = json.find('\0'); zero != json.npos)
    return invalidError("index is not JSON at byte ", zero + 1);
  IndexEvents events;
  if (!Json::sax_parse(json.begin(), json.end(), &events))
    return events.status;
  if (!events.found)
    return invalidError("index: wanted the key weight_map, found none");
  return std::move(events.map);
}

} // namespace moec::rt
