//===- Check.h - Is a plan well-formed? ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The structural rules of a plan: whatever passes can be run without an index
// leaving its array (README.md lists the rules). It says nothing about deadlock
// or races; those are `moec verify`'s.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_CHECK_H
#define MOEC_RUNTIME_PLAN_CHECK_H

#include "runtime/base/Status.h"
#include "runtime/plan/Plan.h"

namespace moec::plan {

/// The first breach, as Code::Invalid: "op 7 'pd': writes region index 1: ...".
rt::Status checkPlan(const Plan &plan);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_CHECK_H
