//===- Warps.h - What lanes of a warp do together ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_WARPS_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_WARPS_H

#include "runtime/backends/emulator/Grid.h"

namespace moec::rt::emulator {

using Finish = void (*)(Engine &engine, Collective &collective);

/// Waits for the lanes in `mask` (those that have not exited); the last one runs
/// `finish` over what all brought. `isAnySite`: ops at different places may meet.
void meetWarp(Engine &engine, uint32_t mask, void *post, Finish finish, bool isAnySite = false);
/// The same for the 128 threads of the warpgroup.
void meetWarpgroup(Engine &engine, void *post, Finish finish);

/// The current thread exits: whoever waits for it waits no more.
[[noreturn]] void leaveKernel(Engine &engine);

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_CALLS_WARPS_H
