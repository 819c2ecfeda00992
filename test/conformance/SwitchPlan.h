//===- SwitchPlan.h - Plans whose exchanges a switch makes ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_SWITCHPLAN_H
#define MOEC_TEST_CONFORMANCE_SWITCHPLAN_H

#include "runtime/plan/Plan.h"

namespace moec::test {

/// The sample's plan with a multicast in place of its puts of tokens; where `adds`, with
/// the switch's sum in place of the rows that come back.
plan::Plan withSwitch(plan::Plan direct, bool adds);

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_SWITCHPLAN_H
