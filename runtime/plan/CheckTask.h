//===- CheckTask.h - Do the regions of a local task fit its kind? -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_CHECKTASK_H
#define MOEC_RUNTIME_PLAN_CHECKTASK_H

#include "runtime/base/Where.h"
#include "runtime/plan/Plan.h"

namespace moec::plan {

/// A Compute or Reduce whose regions are well-formed: their number, what each of
/// them holds (the item set, the bytes of a record), and that they speak of the
/// same items.
rt::Status checkTask(const Plan &plan, const Op &op, const rt::Where &where);

/// Whether its regions may be of pieces, P and Q, where those of others are of M and D.
bool mayBeInPieces(TaskKind task);

/// The task that makes the results of a plan with these sums.
TaskKind lastTaskOf(SumTree tree);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_CHECKTASK_H
