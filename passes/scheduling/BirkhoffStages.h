//===- BirkhoffStages.h - Nodes one to one, stage by stage -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For nodes joined by rails, one a lane. A token crosses the rails once for each node
// that wants it, however many of the node's ranks own its slots: with 8 slots over 4
// nodes of 8 that is 3.6 copies in place of 5.5 or more. The price is a second hop.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_BIRKHOFFSTAGES_H
#define MOEC_PASSES_SCHEDULING_BIRKHOFFSTAGES_H

#include "passes/scheduling/ScheduleProblem.h"

namespace moec::scheduling {

ScheduleSolution solveBirkhoff(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_BIRKHOFFSTAGES_H
