//===- PlanFacts.h - What a plan says of its layer --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// After distribute the layer is a set of attributes on its plan. This is the one
// place that puts them there and reads them back.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_DISTRIBUTE_PLANFACTS_H
#define MOEC_PASSES_DISTRIBUTE_PLANFACTS_H

#include "dialects/comm/CommOps.h"
#include "dialects/moe/MoeDialect.h"

namespace moec {

/// On a moe.layer: the machine's facts that schedules depend on. --moe-distribute
/// hands them to the plan.
inline constexpr llvm::StringLiteral kTopologyAttrName = "comm.topology";
/// On a layer, and on its plan: an array of #comm.tile, what the source asks for.
inline constexpr llvm::StringLiteral kTilesAttrName = "comm.tiles";
/// On a layer, and on its plan: the text of the machine block, where the source says
/// `algorithm auto`. Schedules are costed on it (scheduling/Candidates.h) before
/// --comm-schedule, which removes it.
inline constexpr llvm::StringLiteral kMachineAttrName = "comm.machine";

/// On a layer, and on its plan, beside that: names of statements that the source has and a
/// choice leaves as they are, be it that they say what is the default.
inline constexpr llvm::StringLiteral kSaidAttrName = "comm.said";

struct PlanFacts {
  moe::LayerAttr layer;
  moe::MeshAttr mesh;
  moe::PlacementAttr placement;
  int64_t maxTokens = 0; ///< of a rank and step; 0 = the session says
};

void writeFacts(comm::PlanOp plan, const PlanFacts &facts);

/// Reports at the plan what is missing, or what contradicts what: ranks of plan,
/// mesh and placement; slots of plan and router; experts of layer and placement.
mlir::FailureOr<PlanFacts> readFacts(comm::PlanOp plan);

} // namespace moec

#endif // MOEC_PASSES_DISTRIBUTE_PLANFACTS_H
