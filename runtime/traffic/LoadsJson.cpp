//===- LoadsJson.cpp - Loads as nested lists ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/module/Limits.h"
#include "runtime/traffic/LoadForms.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace moec::traffic {
namespace {

using Json = nlohmann::json;

/// Lists deeper than this hold no counts, and are not kept.
constexpr int maxDepth = 8;

class JsonReader {
public:
  explicit JsonReader(const std::string &name) : name(name) {}
  rt::Result<ExpertLoads> read(const Json &root);

private:
  template <typename... Parts>
  rt::Status wrong(const std::string &place, const Parts &...parts) const {
    return rt::invalidError(name, ": ", place, place.empty() ? "" : ": ", parts...);
  }
  rt::Status readCounts(const Json &list, const std::string &place, uint32_t layer);
  rt::Status readLayers(const Json &list, const std::string &place);

  const std::string &name;
  ExpertLoads loads;
  uint64_t counts = 0;
};

/// How many lists stand around the first number; 0: it is none.
int depthOf(const Json &value) {
  const Json *inner = &value;
  int depth = 0;
  while (inner->is_array() && !inner->empty() && depth <= maxDepth) {
    inner = &(*inner)[0];
    ++depth;
  }
  return inner->is_number() ? depth : 0;
}

std::string element(const std::string &place, size_t index) {
  return rt::concat(place, "[", index, "]");
}

rt::Status JsonReader::readCounts(const Json &list, const std::string &place, uint32_t layer) {
  if (!list.is_array() || list.empty())
    return wrong(place, "wanted a list of counts, found ", list.type_name());
  if (list.size() > maxExperts || (counts += list.size()) > maxLoadCounts)
    return wrong(place, "wanted at most ", maxExperts, " counts in a list and ", maxLoadCounts,
                 " in all");
  std::vector<double> window;
  for (size_t expert = 0; expert < list.size(); ++expert) {
    const Json &count = list[expert];
    double value = count.is_number() ? count.get<double>() : NAN;
    if (!std::isfinite(value) || value < 0)
      return wrong(element(place, expert), "wanted a count of 0 or more, found ",
                   rt::printable(count.dump().substr(0, 40)));
    window.push_back(value);
  }
  LayerLoads &loadsOfLayer = loads.layers[layer];
  if (!loadsOfLayer.windows.empty() && loadsOfLayer.windows[0].size() != window.size())
    return wrong(place, "wanted ", loadsOfLayer.windows[0].size(), " counts as before, found ",
                 window.size());
  loadsOfLayer.windows.push_back(std::move(window));
  return {};
}

rt::Status JsonReader::readLayers(const Json &list, const std::string &place) {
  if (!list.is_array() || list.empty() || list.size() > maxLoadLayers)
    return wrong(place, "wanted a list of layers, at most ", maxLoadLayers);
  for (size_t layer = 0; layer < list.size(); ++layer)
    MOEC_RETURN_IF_ERROR(
        readCounts(list[layer], element(place, layer), static_cast<uint32_t>(layer)));
  return {};
}

rt::Result<ExpertLoads> JsonReader::read(const Json &root) {
  std::string place;
  const Json *value = &root;
  if (root.is_object()) {
    place = root.contains("expert_tokens") ? "expert_tokens" : "logical_count";
    auto found = root.find(place);
    if (found == root.end())
      return wrong("", "wanted a list of counts or an object with \"logical_count\" (SGLang) or "
                       "\"expert_tokens\" (moec run --json)");
    value = &*found;
  }
  int depth = depthOf(*value);
  loads.namesLayers = depth > 1;
  if (depth == 1) {
    MOEC_RETURN_IF_ERROR(readCounts(*value, place, 0));
  } else if (depth == 2) {
    MOEC_RETURN_IF_ERROR(readLayers(*value, place));
  } else if (depth == 3 && value->size() <= maxLoadWindows) {
    for (size_t window = 0; window < value->size(); ++window)
      MOEC_RETURN_IF_ERROR(readLayers((*value)[window], element(place, window)));
  } else {
    return wrong(place, "wanted [counts], [layers][counts] or [windows][layers][counts], at most ",
                 maxLoadWindows, " windows");
  }
  return std::move(loads);
}

/// Builds the value, but no deeper than counts can lie.
class ShallowCallback {
public:
  bool operator()(int depth, Json::parse_event_t, Json &) { return depth <= maxDepth; }
};

} // namespace

rt::Result<ExpertLoads> parseJsonLoads(std::string_view text, const std::string &name) {
  try {
    Json root = Json::parse(text.begin(), text.end(), ShallowCallback());
    return JsonReader(name).read(root);
  } catch (const Json::exception &error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..": the end says it.
    std::string_view what = error.what();
    size_t at = what.find("parse error at ");
    return rt::invalidError(
        name, ": not JSON: ", rt::printable(at == what.npos ? what : what.substr(at + 15)));
  }
}

} // namespace moec::traffic
