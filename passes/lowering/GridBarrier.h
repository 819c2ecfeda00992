//===- GridBarrier.h - All CTAs of a rank meet ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_GRIDBARRIER_H
#define MOEC_PASSES_LOWERING_GRIDBARRIER_H

#include "passes/lowering/Emitter.h"
#include "passes/lowering/RolePlace.h"

namespace moec::lowering {

/// The warps of `place` meet, the first of them meets the other CTAs at `counter`, all
/// go on. What was written before, in any proxy, is seen after.
void emitGridBarrier(Emitter &emit, const RolePlace &place, Value counter);

/// One of the branches that the warps of a CTA stand in.
struct BranchPlace {
  unsigned first = 0, last = 0; ///< warps
  unsigned warpsOfCta = 0;
  unsigned branches = 1; ///< of the kernel
  bool leads() const { return first == 0; }
};
/// The same for all warps of a CTA, each branch of which emits its own. Each of the meetings
/// is waited for in one place alone, as bar.sync asks for (PTX ISA, barrier); the other side
/// arrives. `counter`: null where the branch does not lead.
void emitGridBarrier(Emitter &emit, const BranchPlace &branch, Value counter);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_GRIDBARRIER_H
