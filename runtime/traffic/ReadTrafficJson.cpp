//===- ReadTrafficJson.cpp - JSON files of traffic ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ReadTraffic.h"

#include <nlohmann/json.hpp>

namespace moec::traffic {

using Json = nlohmann::json;

static rt::Result<double> numberOf(const Json &json, const std::string &place) {
  if (!json.is_number())
    return rt::invalidError(place, ": wanted a number, found ", json.type_name());
  return checkNumber(json.get<double>(), place);
}

static rt::Result<std::vector<double>> numbersOf(const Json &json, const std::string &place) {
  if (!json.is_array() || json.empty() || json.size() > maxIndex)
    return rt::invalidError(place, ": wanted an array of 1 to ", maxIndex, " numbers, found ",
                            json.is_array() ? rt::concat(json.size()) : json.type_name());
  std::vector<double> numbers;
  for (size_t i = 0; i < json.size(); ++i) {
    MOEC_ASSIGN_OR_RETURN(double value, numberOf(json[i], rt::concat(place, "[", i, "]")));
    numbers.push_back(value);
  }
  return numbers;
}

static rt::Result<uint32_t> indexOf(const Json &json, const std::string &place) {
  if (!json.is_number_unsigned() || json.get<uint64_t>() >= maxIndex)
    return rt::invalidError(place, ": wanted a whole number below ", maxIndex, ", found ",
                            json.is_number() ? json.dump() : json.type_name());
  return json.get<uint32_t>();
}

static rt::Result<Traffic> readBytes(const Json &json, const std::string &place) {
  Traffic traffic;
  traffic.kind = TrafficKind::Bytes;
  if (!json.is_array() || json.empty() || json.size() > maxMatrixRanks)
    return rt::invalidError(place, ": wanted an array of 1 to ", maxMatrixRanks, " rows, found ",
                            json.is_array() ? rt::concat(json.size()) : json.type_name());
  uint32_t ranks = static_cast<uint32_t>(json.size());
  traffic.bytes = Matrix(ranks);
  for (uint32_t row = 0; row < ranks; ++row) {
    std::string at = rt::concat(place, "[", row, "]");
    MOEC_ASSIGN_OR_RETURN(std::vector<double> numbers, numbersOf(json[row], at));
    if (numbers.size() != ranks)
      return rt::invalidError(at, ": wanted ", ranks, " numbers, one a rank, found ",
                              numbers.size());
    for (uint32_t column = 0; column < ranks; ++column)
      traffic.bytes.at(row, column) = numbers[column];
  }
  return traffic;
}

static rt::Result<Trace> readTrace(const Json &json, const std::string &place) {
  Trace trace;
  if (!json.is_array() || json.empty())
    return rt::invalidError(place, ": wanted an array of tokens, found ",
                            json.is_array() ? "an empty one" : json.type_name());
  for (size_t token = 0; token < json.size(); ++token) {
    const Json &slots = json[token];
    std::string at = rt::concat(place, "[", token, "]");
    if (!slots.is_array() || slots.empty() || (token && slots.size() != trace.topK))
      return rt::invalidError(
          at, ": wanted an array of ", token ? rt::concat(trace.topK) : std::string("at least one"),
          " experts, found ", slots.is_array() ? rt::concat(slots.size()) : slots.type_name());
    trace.topK = static_cast<uint32_t>(slots.size());
    for (const Json &slot : slots) {
      MOEC_ASSIGN_OR_RETURN(uint32_t expert, indexOf(slot, at));
      trace.experts.push_back(expert);
    }
    if (auto twice = trace.repeatedExpert())
      return rt::invalidError(at, ": wanted experts that differ, found ", *twice, " twice");
  }
  return trace;
}

static rt::Result<Traffic> readRouting(const Json &file, const std::string &name) {
  const Json &json = file["routing"];
  Traffic traffic;
  traffic.kind = TrafficKind::Trace;
  bool isLayered = json.is_array() && !json.empty() && json[0].is_array() && !json[0].empty() &&
                   json[0][0].is_array();
  size_t layers = isLayered ? json.size() : 1;
  if (layers > maxLayers)
    return rt::invalidError(name, ": routing: wanted at most ", maxLayers, " layers, found ",
                            layers);
  for (size_t layer = 0; layer < layers; ++layer) {
    std::string at = rt::concat(name, ": routing", isLayered ? rt::concat("[", layer, "]") : "");
    MOEC_ASSIGN_OR_RETURN(Trace trace, readTrace(isLayered ? json[layer] : json, at));
    if (file.contains("ranks")) {
      const Json &ranks = file["ranks"];
      if (!ranks.is_array() || ranks.size() != trace.tokens())
        return rt::invalidError(name, ": ranks: wanted an array of ", trace.tokens(),
                                " ranks, one a token, found ",
                                ranks.is_array() ? rt::concat(ranks.size()) : ranks.type_name());
      for (const Json &rank : ranks) {
        MOEC_ASSIGN_OR_RETURN(uint32_t source, indexOf(rank, name + ": ranks"));
        trace.ranks.push_back(source);
      }
    }
    traffic.trace.push_back(std::move(trace));
  }
  return traffic;
}

rt::Result<Traffic> readTrafficJson(std::string_view text, const std::string &name) {
  // A million brackets would overflow the stack of a recursive consumer: three levels are known.
  auto depth = [](int level, Json::parse_event_t, Json &) { return level <= 4; };
  Json json = Json::parse(text, depth, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return rt::invalidError(name, ": wanted JSON, found a text that is none");
  if (!json.is_object())
    return rt::invalidError(name, ": wanted an object, found ", json.type_name());
  if (json.contains("bytes"))
    return readBytes(json["bytes"], name + ": bytes");
  if (json.contains("routing"))
    return readRouting(json, name);
  MOEC_ASSIGN_OR_RETURN(ExpertLoads loads, parseExpertLoads(text, name));
  Traffic traffic;
  traffic.kind = TrafficKind::Load;
  traffic.loads = std::move(loads);
  return traffic;
}

} // namespace moec::traffic
