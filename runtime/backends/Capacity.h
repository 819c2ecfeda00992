//===- Capacity.h - How many tokens a step may bring ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CAPACITY_H
#define MOEC_RUNTIME_BACKENDS_CAPACITY_H

#include "moec/runtime.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>

namespace moec::rt {

/// The wish of the options within the limit of the module; 0 = no limit.
Result<uint32_t> chooseCapacity(uint32_t wanted, uint32_t limit);

/// At least twice as much as before: to make the heaps anew costs a step.
uint32_t grownCapacity(uint32_t capacity, int64_t wanted);

/// One entry a rank, with tokens that it may bring (at most `capacity`, unless it is
/// 0) and memory for them.
Status checkStepIo(std::span<const moec_rank_io> io, uint32_t ranks, uint32_t capacity);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_CAPACITY_H
