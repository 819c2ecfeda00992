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
/// go on. What was written before, in any proxy, is seen after. Where all warps of a
/// CTA meet in several branches, each branch emits its own: `leads` says whether the
/// first thread of the CTA is in this one.
void emitGridBarrier(Emitter &emit, const RolePlace &place, Value counter, bool leads);

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_GRIDBARRIER_H
