//===- Barriers.h - mbarriers and named barriers ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_BARRIERS_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_BARRIERS_H

#include "runtime/backends/emulator/Copies.h"
#include "runtime/backends/emulator/Grid.h"

namespace moec::rt::emulator {

/// Does the memory of an mbarrier hold what its initialization left there?
bool holdsMark(uint64_t address);
/// The agent that stands for the copies that complete on it.
inline uint32_t agentOf(const Mbarrier &barrier) { return barrier.index % mbarrierAgents; }
/// A copy has arrived.
void completeBytes(Engine &engine, Mbarrier &barrier, const Copy &copy);
/// Threads of `warp` have exited: barriers may be complete now.
void recountNamedBarriers(Engine &engine, Cta &cta);

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_BARRIERS_H
