//===- PlacementMap.cpp - Placements as expert balancers write them -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/import/placement/PlacementMap.h"
#include "frontend/parser/LocatedJson.h"
#include "runtime/module/Limits.h"

#include <algorithm>

namespace moec::frontend {

namespace {
class MapReader {
public:
  explicit MapReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  std::optional<PlacementMap> read(const JsonValue &root);

private:
  bool wrong(const Location &place, std::string wanted) {
    diagnostics.report(DiagnosticId::BadMap, place, {std::move(wanted)});
    return false;
  }
  bool readRow(const JsonValue &list, std::vector<uint32_t> &row);
  bool readRows(const JsonValue &value, PlacementMap &map);
  bool checkCounts(const JsonValue &value, const PlacementMap &map);
  bool checkCountsOfLayer(const JsonValue &value, const std::vector<uint32_t> &row);

  Diagnostics &diagnostics;
};
} // namespace

bool MapReader::readRow(const JsonValue &list, std::vector<uint32_t> &row) {
  if (!list.is(JsonValue::Kind::Array) || list.elements.empty())
    return wrong(list.location,
                 "wanted the expert of each slot as a list, found " + describeJson(list));
  if (list.elements.size() > maxPlacedExperts)
    return wrong(list.location, "wanted at most " + std::to_string(maxPlacedExperts) + " slots");
  for (const JsonValue &expert : list.elements) {
    if (!expert.is(JsonValue::Kind::Integer) || expert.integer >= maxExperts)
      return wrong(expert.location, "wanted an expert 0.." + std::to_string(maxExperts - 1) +
                                        ", found " + describeJson(expert));
    row.push_back(static_cast<uint32_t>(expert.integer));
  }
  return true;
}

bool MapReader::readRows(const JsonValue &value, PlacementMap &map) {
  bool isOneLayer = value.is(JsonValue::Kind::Array) && !value.elements.empty() &&
                    !value.elements[0].is(JsonValue::Kind::Array);
  if (isOneLayer)
    return readRow(value, map.layers.emplace_back());
  if (!value.is(JsonValue::Kind::Array) || value.elements.empty())
    return wrong(value.location, "wanted a list of layers, found " + describeJson(value));
  for (const JsonValue &list : value.elements) {
    if (!readRow(list, map.layers.emplace_back()))
      return false;
    if (map.layers.back().size() != map.layers[0].size())
      return wrong(list.location, "wanted " + std::to_string(map.layers[0].size()) +
                                      " slots in every layer, found " +
                                      std::to_string(map.layers.back().size()));
  }
  return true;
}

bool MapReader::checkCountsOfLayer(const JsonValue &value, const std::vector<uint32_t> &row) {
  for (size_t expert = 0; expert < value.elements.size(); ++expert) {
    const JsonValue &count = value.elements[expert];
    size_t found = std::count(row.begin(), row.end(), expert);
    if (!count.is(JsonValue::Kind::Integer) || count.integer != found)
      return wrong(count.location, "expert " + std::to_string(expert) + " is in " +
                                       std::to_string(found) + " slots, \"expert_count\" says " +
                                       describeJson(count));
  }
  return true;
}

/// Where the map brings counts of its own they must be its own.
bool MapReader::checkCounts(const JsonValue &value, const PlacementMap &map) {
  if (map.layers.size() == 1 && !value.elements.empty() &&
      !value.elements[0].is(JsonValue::Kind::Array))
    return checkCountsOfLayer(value, map.layers[0]);
  if (value.elements.size() != map.layers.size())
    return wrong(value.location, "wanted counts of " + std::to_string(map.layers.size()) +
                                     " layers, found " + std::to_string(value.elements.size()));
  for (size_t layer = 0; layer < map.layers.size(); ++layer)
    if (!checkCountsOfLayer(value.elements[layer], map.layers[layer]))
      return false;
  return true;
}

std::optional<PlacementMap> MapReader::read(const JsonValue &root) {
  PlacementMap map;
  const JsonValue *rows =
      root.is(JsonValue::Kind::Object) ? root.find("physical_to_logical_map") : &root;
  if (!rows) {
    wrong(root.location, "wanted the key \"physical_to_logical_map\"");
    if (root.find("logical_count"))
      diagnostics.last().help("\"logical_count\" is a load: give the file to --load");
    return std::nullopt;
  }
  if (!readRows(*rows, map))
    return std::nullopt;
  const JsonValue *counts = root.is(JsonValue::Kind::Object) ? root.find("expert_count") : nullptr;
  if (counts && !checkCounts(*counts, map))
    return std::nullopt;
  return map;
}

static std::optional<PlacementMap> parseMap(uint32_t file, Diagnostics &diagnostics) {
  std::optional<JsonValue> root = parseLocatedJson(file, diagnostics);
  return root ? MapReader(diagnostics).read(*root) : std::nullopt;
}

std::optional<PlacementMap> readPlacementMap(const std::string &path, Diagnostics &diagnostics) {
  std::string error;
  if (std::optional<uint32_t> file = diagnostics.sources().read(path, error))
    return parseMap(*file, diagnostics);
  diagnostics.report(DiagnosticId::CannotRead, Location(), {path, error});
  return std::nullopt;
}

std::optional<PlacementMap> parsePlacementMap(std::string text, std::string name,
                                              Diagnostics &diagnostics) {
  return parseMap(diagnostics.sources().add(std::move(name), std::move(text)), diagnostics);
}

rt::Result<Placement> placementOf(const std::vector<uint32_t> &row, uint32_t experts,
                                  uint32_t ranks) {
  if (row.size() % ranks != 0)
    return rt::invalidError(row.size(), " slots are not the same number on each of ", ranks,
                            " gpus");
  Placement placement;
  placement.slots.resize(ranks);
  std::vector<bool> placed(experts);
  for (size_t slot = 0; slot < row.size(); ++slot) {
    if (row[slot] >= experts)
      return rt::invalidError("slot ", slot, " holds expert ", row[slot],
                              ", the layer has experts 0..", experts - 1);
    std::vector<uint32_t> &slots = placement.slots[slot / (row.size() / ranks)];
    if (std::find(slots.begin(), slots.end(), row[slot]) == slots.end())
      slots.push_back(row[slot]);
    placed[row[slot]] = true;
  }
  auto missing = std::find(placed.begin(), placed.end(), false);
  if (missing != placed.end())
    return rt::invalidError("expert ", missing - placed.begin(), " is in no slot");
  return placement;
}

rt::Result<std::vector<uint32_t>> rowOf(const Placement &placement) {
  std::vector<uint32_t> row;
  for (const std::vector<uint32_t> &slots : placement.slots) {
    if (slots.size() != placement.slots[0].size())
      return rt::unsupportedError("a map numbers slots gpu by gpu, so that all must have the same "
                                  "number; this placement has ",
                                  placement.slots[0].size(), " and ", slots.size(),
                                  ": ask for `--slots N`");
    row.insert(row.end(), slots.begin(), slots.end());
  }
  return row;
}

/// "[1,2]", a list a line in front of `indent`.
template <typename List> static std::string printList(const List &values) {
  std::string text = "[";
  for (const auto &value : values)
    text += (text.size() > 1 ? ", " : "") + std::to_string(value);
  return text + "]";
}

static std::string printRows(const std::vector<std::string> &rows) {
  std::string text = "[";
  for (const std::string &row : rows)
    text += (text.size() > 1 ? ",\n  " : "\n  ") + row;
  return text + "]";
}

std::string printPlacementMap(const PlacementMap &map, uint32_t experts, MapForm form) {
  std::vector<std::string> rows, slotsOf, counts;
  std::vector<std::vector<std::vector<uint32_t>>> slots; // [layer][expert]
  size_t most = 0;
  for (const std::vector<uint32_t> &row : map.layers) {
    rows.push_back(printList(row));
    std::vector<std::vector<uint32_t>> &ofLayer = slots.emplace_back(experts);
    for (uint32_t slot = 0; slot < row.size(); ++slot)
      ofLayer[row[slot]].push_back(slot);
    for (const std::vector<uint32_t> &list : ofLayer)
      most = std::max(most, list.size());
  }
  std::string text = "{\"physical_to_logical_map\": " + printRows(rows);
  if (form == MapForm::Sglang)
    return text + "}\n";
  for (const auto &ofLayer : slots) {
    std::string lists = "[";
    std::vector<size_t> sizes;
    for (const std::vector<uint32_t> &list : ofLayer) {
      std::vector<int64_t> padded(list.begin(), list.end());
      padded.resize(most, -1);
      lists += (lists.size() > 1 ? ", " : "") + printList(padded);
      sizes.push_back(list.size());
    }
    slotsOf.push_back(lists + "]");
    counts.push_back(printList(sizes));
  }
  return text + ",\n\"logical_to_physical_map\": " + printRows(slotsOf) +
         ",\n\"expert_count\": " + printRows(counts) + "}\n";
}

} // namespace moec::frontend
