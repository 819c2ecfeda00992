//===- Limits.h - Largest counts of a plan ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Far above what a schedule needs, low enough that what passes can be counted in
// 64 bits and held in memory.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_LIMITS_H
#define MOEC_RUNTIME_PLAN_LIMITS_H

#include <cstdint>

namespace moec::plan {

/// Ranks, local experts and slots are 16-bit fields of records.
inline constexpr uint32_t maxRanks = 1 << 16;
inline constexpr uint32_t maxTopK = (1 << 16) - 1;
inline constexpr uint32_t maxDepth = 64;
inline constexpr uint32_t maxStages = 4096;
inline constexpr uint32_t maxChunks = 64; ///< that a schedule may ask for
inline constexpr uint32_t maxBuffers = 1024;
inline constexpr uint32_t maxFlags = 1024;
inline constexpr uint32_t maxOps = 4096;
/// Of one buffer or flag; an index has as many values.
inline constexpr uint32_t maxExtents = 4;
inline constexpr uint32_t maxExtent = 1 << 16;
inline constexpr uint64_t maxCells = 1ull << 32;
/// Domains of an op and `each` of a region, together.
inline constexpr uint32_t maxDomains = 4;
/// Tasks of an op on one rank in one step, times the regions of one.
inline constexpr uint64_t maxInstances = 1ull << 24;
inline constexpr uint32_t maxRegions = 16;
inline constexpr uint32_t maxAfter = 256;
inline constexpr uint32_t maxBytesPerRecord = 1 << 28;
/// All regions of a buffer, for each token of capacity.
inline constexpr uint64_t maxBytesPerToken = 1ull << 40;
inline constexpr uint32_t maxNameBytes = 256;
inline constexpr uint32_t maxPathBytes = 4096;
/// Steps are counted from 1; the epoch of a flag holds 32 bits.
inline constexpr int64_t maxStep = 0xffffffff;

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_LIMITS_H
