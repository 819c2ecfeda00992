//===- PlanReader.h - Decoding the PLAN section ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_PLANREADER_H
#define MOEC_RUNTIME_PLAN_PLANREADER_H

#include "runtime/base/Status.h"
#include "runtime/plan/Plan.h"

#include <span>

namespace moec::plan {

/// Decodes and checks (Check.h). `bytes` are aligned to 8; nothing points into
/// them afterwards.
rt::Result<Plan> readPlan(std::span<const uint8_t> bytes);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_PLANREADER_H
