//===- StaggeredPut.h - Decide how an exchange is scheduled -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every rank puts to r, r+1, .. modulo the number of ranks, several peers at
// once.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H
#define MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H

#include "passes/scheduling/ScheduleProblem.h"

namespace moec::scheduling {

/// Peers in flight that reach the bound of an exchange with skewed counts within a
/// few per cent; one at a time is up to 1.9 times as slow (dialects/comm/README.md).
inline constexpr uint32_t defaultWindow = 4;

/// The fewest copies of a region with which no rank overwrites what a peer still
/// reads.
uint32_t getMinimalDepth(const ScheduleProblem &problem);

/// The window of a family with so many puts a rank where none is asked for. One that
/// holds all of them binds it not (0); by size all begin at once, so that they end so.
uint32_t getWindow(const ScheduleProblem &problem, uint32_t peers);

/// The window asked for, or the above; of pieces one to each peer: with more in flight none is
/// first, and the next hop waits; with as many in all, those to a peer that is slow add up, and
/// take the part of others there.
void chooseWindow(const ScheduleProblem &problem, uint32_t peers, ScheduleSolution &solution);

ScheduleSolution solveStaggeredPut(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_STAGGEREDPUT_H
