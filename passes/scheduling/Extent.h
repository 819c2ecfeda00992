//===- Extent.h - What of a plan can be judged ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of the verifier: VerifyPlan.h declares how an extent is chosen.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_EXTENT_H
#define MOEC_PASSES_SCHEDULING_EXTENT_H

#include "passes/scheduling/VerifyPlan.h"

namespace moec::scheduling {

/// The plan for the extent's ranks and nodes.
plan::Plan shrink(const plan::Plan &plan, Extent extent);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_EXTENT_H
