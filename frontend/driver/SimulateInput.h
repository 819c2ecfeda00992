//===- SimulateInput.h - A plan, a machine and traffic to simulate -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_SIMULATEINPUT_H
#define MOEC_FRONTEND_DRIVER_SIMULATEINPUT_H

#include "frontend/driver/Commands.h"
#include "frontend/driver/StepCounts.h"
#include "runtime/module/Contents.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/Traffic.h"

#include <optional>

namespace moec::driver {

/// What the command line names, read and fitted together.
struct SimulateInput {
  plan::Plan plan;
  std::optional<Manifest> manifest; ///< none: a plan that was written by hand
  std::vector<SourceFile> sources;  ///< of a module
  topology::Machine machine;
  topology::Shape shape;
  topology::Network network{1, 1};
  uint32_t tokens = 0; ///< of each rank, if traffic does not say
  traffic::ItemCounts counts;
  /// Of a plan that was written by hand: what is assumed, and that it is not proven.
  std::vector<std::string> notes;
};

/// 0, or the exit code of what was wrong and has been reported.
int readSimulateInput(const SimulateOptions &options, SimulateInput &input);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_SIMULATEINPUT_H
