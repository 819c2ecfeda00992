//===- ExpertLoads.cpp - Histograms of any form ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ExpertLoads.h"
#include "runtime/traffic/LoadForms.h"

#include <algorithm>

namespace moec::traffic {

uint32_t LayerLoads::experts() const {
  size_t most = 0;
  for (const std::vector<double> &window : windows)
    most = std::max(most, window.size());
  return static_cast<uint32_t>(most);
}

/// "0..60", "0, 3, 7 and 12 more": which layers a file has.
static std::string listLayers(const std::map<uint32_t, LayerLoads> &layers) {
  uint32_t first = layers.begin()->first, last = layers.rbegin()->first;
  if (layers.size() > 2 && last - first + 1 == layers.size())
    return rt::concat(first, "..", last);
  constexpr size_t shown = 8;
  std::string text;
  size_t count = 0;
  for (const auto &[layer, loads] : layers)
    if (count++ < shown)
      text += rt::concat(count > 1 ? ", " : "", layer);
  return layers.size() > shown ? rt::concat(text, " and ", layers.size() - shown, " more") : text;
}

rt::Result<std::vector<std::vector<double>>> ExpertLoads::of(std::optional<uint32_t> layer,
                                                             uint32_t experts) const {
  auto wrong = [&](const auto &...parts) {
    return rt::invalidError(name, ": ", reading, reading.empty() ? "" : ": ", parts...);
  };
  if (!layer && layers.size() > 1)
    return wrong("holds layers ", listLayers(layers), ": which one is meant?");
  auto found = layer && (namesLayers || layers.size() > 1) ? layers.find(*layer) : layers.begin();
  if (found == layers.end())
    return wrong("has no layer ", *layer, ", it holds ", listLayers(layers));
  uint32_t counted = found->second.experts();
  if (experts != 0 && counted > experts)
    return wrong("counts ", counted, " experts, the layer has ", experts);
  if (counted < experts)
    return wrong("wanted counts of the layer's experts 0..", experts - 1,
                 ", the last of them too if it is 0, found ", counted == 1 ? "" : "0..",
                 counted - 1);
  std::vector<std::vector<double>> windows = found->second.windows;
  for (std::vector<double> &window : windows)
    window.resize(counted);
  return windows;
}

/// Recorders leave windows empty that were never filled: they say nothing.
static rt::Status dropEmptyWindows(ExpertLoads &loads) {
  for (auto &[layer, found] : loads.layers) {
    std::erase_if(found.windows, [](const std::vector<double> &window) {
      return std::all_of(window.begin(), window.end(), [](double count) { return count == 0; });
    });
    if (!found.windows.empty())
      continue;
    if (loads.layers.size() == 1)
      return rt::invalidError(loads.name, ": all counts are 0");
  }
  // Layers without experts (dense ones) are zeros in a recorder's dump.
  std::erase_if(loads.layers, [](const auto &entry) { return entry.second.windows.empty(); });
  if (loads.layers.empty())
    return rt::invalidError(loads.name, ": all counts are 0");
  return {};
}

rt::Result<ExpertLoads> parseExpertLoads(std::string_view text, const std::string &name) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos)
    return rt::invalidError(name, ": empty, wanted counts of experts");
  if (text.starts_with("PK\x03\x04"))
    return rt::unsupportedError(name, ": is a file of torch.save, wanted CSV or JSON: write its "
                                      "logical_count.tolist() as JSON");
  bool isJson = text[first] == '[' || text[first] == '{';
  MOEC_ASSIGN_OR_RETURN(ExpertLoads loads,
                        isJson ? parseJsonLoads(text, name) : parseCsvLoads(text, name));
  loads.name = name;
  MOEC_RETURN_IF_ERROR(dropEmptyWindows(loads));
  return loads;
}

} // namespace moec::traffic
