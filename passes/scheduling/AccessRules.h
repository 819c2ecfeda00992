//===- AccessRules.h - Are conflicting accesses in order? -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_ACCESSRULES_H
#define MOEC_PASSES_SCHEDULING_ACCESSRULES_H

#include "passes/scheduling/Faults.h"
#include "passes/scheduling/FlagRules.h"

namespace moec::scheduling {

/// Rules race, reuse and path. `waits` has the waits for each signal. Graph sorted.
void checkAccesses(const TaskGraph &graph, const SignalPairs &waits, Faults &faults);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_ACCESSRULES_H
