//===- LaneList.h - Lists over the lanes of a warp --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entry i of a list is in lane i modulo 32, value i / 32 of the C++ list: a list of
// any length needs no memory. Entries past its end are arbitrary. Where a *run* is
// given, a lane has as many neighbouring entries before those of the next lane.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_LANELIST_H
#define MOEC_PASSES_FUSION_STAGES_LANELIST_H

#include "passes/fusion/stages/WarpCode.h"

namespace moec::fusion {

using LaneList = ScalarCode::Values;

constexpr uint32_t laneValues(uint32_t entries) { return (entries + warpLanes - 1) / warpLanes; }

/// Number of the entry that this lane has in value `i`.
mlir::Value entryNumber(WarpCode &code, size_t i, uint32_t run = 1);
/// Is that entry one of a list of `count`?
mlir::Value isEntry(WarpCode &code, size_t i, uint32_t count, uint32_t run = 1);
/// Entry number of value `i`, less that of value 0 in the same lane.
uint32_t entryOffset(size_t i, uint32_t run);
/// The lane that has entry `index`, modulo 32.
mlir::Value laneOfEntry(WarpCode &code, mlir::Value index, uint32_t run = 1);
/// Entry `index`, which is the same in all lanes.
mlir::Value entryAt(WarpCode &code, const LaneList &list, mlir::Value index);
/// Entry `index`, of which each lane has its own.
mlir::Value entryOfLane(WarpCode &code, const LaneList &list, mlir::Value index);
/// Makes entry `index`, which is the same in all lanes, `value`.
void setEntry(WarpCode &code, LaneList &list, mlir::Value index, mlir::Value value);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_LANELIST_H
