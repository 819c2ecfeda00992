//===- PlaceReport.h - What moec place found --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of frontend/driver: the answer for a layer, the figures beside it, and
// their forms.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_PLACEREPORT_H
#define MOEC_FRONTEND_DRIVER_PLACEREPORT_H

#include "frontend/driver/Commands.h"
#include "frontend/parser/Program.h"
#include "passes/placement/LoadProblem.h"

#include <nlohmann/json_fwd.hpp>

namespace moec::driver {

/// The placement of one layer and, for the same tokens, what a step costs under it and
/// under others.
struct PlacedLayer {
  std::optional<uint32_t> number; ///< in the file of loads, if that names layers
  LoadProblem problem;
  Placement placement;
  LoadCost ours;
  std::optional<LoadCost> published; ///< what EPLB's algorithm answers
  std::optional<LoadCost> global;    ///< and its other policy, where it keeps groups on nodes
  std::string publishedAsks;         ///< why it answers nothing, else empty
  std::optional<LoadCost> inForce;
};

/// Computes the figures.
PlacedLayer compareWithOthers(LoadProblem problem, Placement placement);

/// What the times are: the search's objective, neither simulated nor a bound.
extern const char *const stepModel;

/// A table for people, and the same for programs.
std::string placeTable(const Layer &layer, const PlacedLayer &placed);
nlohmann::ordered_json placeJson(const PlacedLayer &placed);

/// A .moe file at `output` ("" or "-": here) that takes all but the placement from the
/// program's file, and compiles.
std::string placeSource(const frontend::Program &program, const PlaceOptions &options,
                        const PlacedLayer &placed);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_PLACEREPORT_H
