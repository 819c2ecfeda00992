//===- Multicast.h - Everything to everybody, at once ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For one node behind a switch that copies. A rank stores its tokens and routes once
// and the switch brings them to all; each finds its own part there. One put in place
// of one a peer, and no counts to wait for, but each rank takes in all tokens of all
// the others: it pays where a token goes nearly everywhere, or tokens are few.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_MULTICAST_H
#define MOEC_PASSES_SCHEDULING_MULTICAST_H

#include "passes/scheduling/ScheduleProblem.h"

namespace moec::scheduling {

ScheduleSolution solveMulticast(const ScheduleProblem &problem);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_MULTICAST_H
