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
    expandStaggered(plan, exchange, solution);
    break;
  case scheduling::Algorithm::TwoTier:
  case scheduling::Algorithm::Staged:
    expandTwoTier(plan, exchange, solution);
    break;
  case scheduling::Algorithm::Multicast:
    expandMulticast(plan, exchange, solution);
    break;
  case scheduling::Algorithm::Birkhoff:
    expandBirkhoff(plan, exchange, solution);
    break;
  }
  if (solution.ratesBySize)
    for (auto put : plan.getOps<comm::PutOp>())
      if (!put.getDomains().empty() &&
          (put.getWindow() != 1 || put.getEachPeer())) // one at a time shares with none
        put.setRates(comm::Rates::Sizes);
}

} // namespace moec
