//===- ExpandExchange.cpp - Write an exchange as puts and flags -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ExpandExchange.h"

namespace moec {

void expandExchange(comm::PlanOp plan, Exchange exchange,
                    const scheduling::ScheduleSolution &solution) {
  switch (solution.algorithm) {
  case scheduling::Algorithm::StaggeredPut:
    return expandStaggered(plan, exchange, solution);
  case scheduling::Algorithm::TwoTier:
    return expandTwoTier(plan, exchange, solution);
  case scheduling::Algorithm::Multicast:
    return expandMulticast(plan, exchange, solution);
  }
}

} // namespace moec
