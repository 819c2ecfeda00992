//===- WeightTable.cpp - Every weight of a layer, by name ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/WeightTable.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

namespace moec::rt {

static std::string expandName(const std::string &name, int32_t expert) {
  static constexpr std::string_view hole = "{expert}";
  size_t at = expert < 0 ? std::string::npos : name.find(hole);
  if (at == std::string::npos)
    return name;
  return name.substr(0, at) + std::to_string(expert) + name.substr(at + hole.size());
}

std::vector<WeightEntry> weightTable(const Manifest &manifest) {
  const Layer &layer = manifest.layer;
  std::vector<bool> isHeld(layer.experts);
  for (const std::vector<uint32_t> &slots : manifest.placement.slots)
    for (uint32_t expert : slots)
      isHeld[expert] = true;
  std::vector<WeightEntry> table;
  auto add = [&](const WeightName &weight, int32_t expert) {
    table.push_back({expandName(weight.name, expert), weight.role, expert,
                     storedShape(weight, layer), viewOf(weight, layer, std::max(expert, 0))});
  };
  auto isShared = [](WeightRole role) {
    return role >= WeightRole::SharedGate && role <= WeightRole::SharedScale;
  };
  std::vector<WeightName> weights = layer.weights;
  std::sort(weights.begin(), weights.end(),
            [](const WeightName &a, const WeightName &b) { return a.role < b.role; });
  for (const WeightName &weight : weights)
    if (!isExpertRole(weight.role) && !isShared(weight.role))
      add(weight, -1);
  for (uint32_t expert = 0; expert < layer.experts; ++expert)
    for (const WeightName &weight : weights)
      if (isExpertRole(weight.role) && isHeld[expert])
        add(weight, static_cast<int32_t>(expert));
  for (const WeightName &weight : weights)
    if (isShared(weight.role))
      add(weight, -1);
  // Each to the first of its tensor: that is looked up once.
  std::map<std::string_view, size_t> place;
  for (const WeightEntry &entry : table)
    place.emplace(entry.name, place.size());
  std::vector<size_t> order(table.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(place.at(table[a].name), a) < std::pair(place.at(table[b].name), b);
  });
  std::vector<WeightEntry> sorted;
  for (size_t i : order)
    sorted.push_back(table[i]);
  return sorted;
}

std::vector<WeightEntry> tensorTable(const Manifest &manifest) {
  std::vector<WeightEntry> tensors;
  for (WeightEntry &entry : weightTable(manifest)) {
    if (tensors.empty() || tensors.back().name != entry.name)
      tensors.push_back(std::move(entry));
    else if (tensors.back().expert != entry.expert)
      tensors.back().expert = -1;
  }
  return tensors;
}

} // namespace moec::rt
