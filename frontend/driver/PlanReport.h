//===- PlanReport.h - moec plan --report ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_PLANREPORT_H
#define MOEC_FRONTEND_DRIVER_PLANREPORT_H

#include "frontend/driver/Commands.h"
#include "runtime/base/Status.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/ItemCounts.h"

#include <string>

namespace moec::driver {

/// A page about a step of the plan on the machine, with the schedules beside it that a
/// source can be compiled with. `algorithm` is the plan's. Errors: a machine that the ranks
/// do not fit; a plan that stalls.
rt::Result<std::string> reportPage(const PlanOptions &options, const topology::Machine &machine,
                                   const plan::Plan &plan, const Manifest &manifest,
                                   const traffic::ItemCounts &counts, const std::string &algorithm);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_PLANREPORT_H
