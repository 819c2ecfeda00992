//===- WeightTable.cpp - Every weight of a layer, by name ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/WeightTable.h"

#include <string_view>

namespace moec::rt {

static std::vector<int64_t> shapeOf(WeightRole role, const Layer &layer) {
  int64_t hidden = layer.hidden, intermediate = layer.expert.intermediate;
  int64_t shared = layer.shared ? layer.shared->mlp.intermediate : 0;
  switch (role) {
  case WeightRole::Router:
    return {layer.experts, hidden};
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
    return {layer.experts};
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
    return {intermediate, hidden};
  case WeightRole::ExpertDown:
    return {hidden, intermediate};
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
    return {shared, hidden};
  case WeightRole::SharedDown:
    return {hidden, shared};
  case WeightRole::SharedScale:
    return {1, hidden};
  }
  return {};
}

static std::string expandName(const std::string &name, int32_t expert) {
  static constexpr std::string_view hole = "{expert}";
  size_t at = expert < 0 ? std::string::npos : name.find(hole);
  if (at == std::string::npos)
    return name;
  return name.substr(0, at) + std::to_string(expert) + name.substr(at + hole.size());
}

static void add(std::vector<WeightEntry> &table, const Layer &layer, WeightRole role,
                int32_t expert) {
  for (const WeightName &weight : layer.weights)
    if (weight.role == role)
      table.push_back({expandName(weight.name, expert), role, expert, shapeOf(role, layer)});
}

std::vector<WeightEntry> weightTable(const Manifest &manifest) {
  const Layer &layer = manifest.layer;
  std::vector<bool> isHeld(layer.experts);
  for (const std::vector<uint32_t> &slots : manifest.placement.slots)
    for (uint32_t expert : slots)
      isHeld[expert] = true;
  std::vector<WeightEntry> table;
  for (WeightRole role : {WeightRole::Router, WeightRole::RouterBias, WeightRole::SelectionBias})
    add(table, layer, role, -1);
  for (uint32_t expert = 0; expert < layer.experts; ++expert)
    if (isHeld[expert])
      for (WeightRole role : {WeightRole::ExpertGate, WeightRole::ExpertUp, WeightRole::ExpertDown})
        add(table, layer, role, static_cast<int32_t>(expert));
  for (WeightRole role : {WeightRole::SharedGate, WeightRole::SharedUp, WeightRole::SharedDown,
                          WeightRole::SharedScale})
    add(table, layer, role, -1);
  return table;
}

} // namespace moec::rt
