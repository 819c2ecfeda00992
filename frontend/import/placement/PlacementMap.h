//===- PlacementMap.h - Placements as expert balancers write them -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One row a layer: the logical expert of each physical one, GPU by GPU, the same
// number on each. Read are
//
//   {"physical_to_logical_map": [[..], ..]}    SGLang's --init-expert-location
//       (sgl-project/sglang python/sglang/srt/eplb/expert_location.py, 01fec5c),
//       which takes this key and no other;
//   the same with "logical_to_physical_map" and "expert_count" beside it: what
//       rebalance_experts of deepseek-ai/EPLB (d52c72d) returns, by its names;
//   the lists alone; one list where there is one layer.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_PLACEMENT_PLACEMENTMAP_H
#define MOEC_FRONTEND_IMPORT_PLACEMENT_PLACEMENTMAP_H

#include "frontend/parser/Diagnostics.h"
#include "runtime/base/Status.h"
#include "runtime/module/Layer.h"

namespace moec::frontend {

struct PlacementMap {
  std::vector<std::vector<uint32_t>> layers; ///< equally long, not empty
};

enum class MapForm : uint8_t { Eplb, Sglang };

/// Nothing, and a report with its place, if the file is no such map.
std::optional<PlacementMap> readPlacementMap(const std::string &path, Diagnostics &diagnostics);
std::optional<PlacementMap> parsePlacementMap(std::string text, std::string name,
                                              Diagnostics &diagnostics);

/// The placement that a row says. An expert twice on a GPU is there once (moec never
/// sends anything to the second). An error says which slot or expert is wrong.
rt::Result<Placement> placementOf(const std::vector<uint32_t> &row, uint32_t experts,
                                  uint32_t ranks);
/// The row that says a placement; unsupported where ranks have different numbers of
/// slots, which such maps cannot say.
rt::Result<std::vector<uint32_t>> rowOf(const Placement &placement);

std::string printPlacementMap(const PlacementMap &map, uint32_t experts, MapForm form);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_IMPORT_PLACEMENT_PLACEMENTMAP_H
