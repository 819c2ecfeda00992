//===- CanonicalRules.h - One plan, one way to write it ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// So that every change of one thing is another plan, or none.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_CANONICALRULES_H
#define MOEC_PASSES_SCHEDULING_CANONICALRULES_H

#include "passes/scheduling/Faults.h"

namespace moec::scheduling {

/// A family of waits names its cells, and with them their writers, by its variables
/// as they are: each once, in the order of its domains, which ascend. Anything else
/// only gives other names to the same waits.
void checkWaitNames(const plan::Plan &plan, Faults &faults);

/// Who runs through all ranks goes to the one that the variable names. A signal by rail
/// tells of a put by rail.
void checkTargets(const plan::Plan &plan, Faults &faults);

/// Where a plan has one node its lanes are its ranks, and where a node has one lane
/// the nodes are: those are written as ranks. Regions of one task ascend.
void checkDomains(const plan::Plan &plan, Faults &faults);

/// Where one family puts what goes on to other nodes and one what stays on the node, into one
/// buffer by one path, the latter is behind all of the former: the order that keeps links busy.
void checkFills(const plan::Plan &plan, Faults &faults);

/// No dependence follows from the others: what `after` says is the transitive
/// reduction of the order. Graph sorted.
void checkImplied(const TaskGraph &graph, Faults &faults);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_CANONICALRULES_H
