//===- Limits.h - Largest counts of a manifest -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_LIMITS_H
#define MOEC_RUNTIME_MODULE_LIMITS_H

#include <cstdint>

namespace moec {

inline constexpr uint32_t maxHidden = 1 << 20;
inline constexpr uint32_t maxIntermediate = 1 << 20;
/// Local expert indices are 16-bit fields of records.
inline constexpr uint32_t maxExperts = 1 << 16;
/// Experts over all ranks, replicas counted.
inline constexpr uint64_t maxPlacedExperts = 1ull << 20;
/// Entries of the list of copies that take turns for one source; and of all lists.
inline constexpr uint32_t maxTurns = 1 << 10;
inline constexpr uint64_t maxAllTurns = 1ull << 24;
inline constexpr uint32_t maxTokensPerRank = 1 << 24;
inline constexpr uint32_t maxWeights = 16;
inline constexpr uint32_t maxWeightNameBytes = 1024;
inline constexpr uint32_t maxSourceFiles = 1024;
inline constexpr uint32_t maxOptions = 256;
inline constexpr uint32_t maxOptionBytes = 4096;

inline constexpr uint32_t maxKernels = 256;
inline constexpr uint32_t maxKernelStages = 16;
inline constexpr uint32_t maxKernelArgs = 256;
inline constexpr uint32_t maxWorkspaces = 256;
inline constexpr uint32_t maxPipeSlots = 256;
inline constexpr uint32_t maxKernelThreads = 1024;
/// Dynamic shared memory that a CTA of sm_90 can have.
inline constexpr uint32_t maxSharedBytes = 227 << 10;
inline constexpr uint32_t maxArgBytes = 1 << 16;
inline constexpr uint32_t maxTensorDims = 5;
inline constexpr uint32_t maxBoxElements = 256;
/// Strides, offsets and factors of extents: products with any count fit 64 bits.
inline constexpr uint64_t maxKernelFactor = 1ull << 40;

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_LIMITS_H
