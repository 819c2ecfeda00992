//===- Simulate.cpp - moec simulate ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Simulate.h"

#include "frontend/driver/Console.h"
#include "frontend/driver/SimulateInput.h"
#include "runtime/base/File.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/simulator/Floor.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/simulator/Summary.h"
#include "runtime/simulator/Trace.h"

#include <cstdio>
#include <memory>
#include <numeric>

namespace moec::driver {
namespace {

/// How long tasks take, and what to say of that.
struct Kernels {
  std::unique_ptr<simulator::KernelTimes> times = std::make_unique<simulator::NoKernelTimes>();
  std::string source = "none"; ///< for --json
  std::string note;            ///< why computing takes no time
};

Kernels kernelsFor(const SimulateInput &input) {
  Kernels kernels;
  if (!input.manifest) {
    kernels.note = "computing takes no time: the plan says nothing of its layer";
    return kernels;
  }
  auto rates = simulator::gpuRatesOf(input.machine, input.manifest->layer.weightsType);
  if (!rates) {
    kernels.note = "computing takes no time: " + rates.status().message();
    return kernels;
  }
  kernels.times = std::make_unique<simulator::Roofline>(input.manifest->layer,
                                                        input.manifest->placement, *rates);
  kernels.source = "roofline";
  return kernels;
}

double sum(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::string headText(const SimulateOptions &options, const SimulateInput &input,
                     const Kernels &kernels, const simulator::Simulation &simulation,
                     const simulator::Floor &floor) {
  char line[256];
  std::snprintf(line, sizeof(line), "%.1f us, at least %.1f us by %s (%.2f times)\n",
                simulation.seconds * 1e6, floor.seconds * 1e6, floor.reason.c_str(),
                floor.seconds > 0 ? simulation.seconds / floor.seconds : 1.0);
  char tokens[32];
  std::snprintf(tokens, sizeof(tokens), "%.0f", sum(input.counts.tokens));
  return rt::concat(input.plan.name, " on ", input.machine.name, ": ", input.plan.ranks,
                    input.plan.ranks == 1 ? " rank" : " ranks", " on ", input.shape.nodes,
                    input.shape.nodes == 1 ? " node" : " nodes", ", ", tokens, " tokens, ",
                    rt::printable(options.traffic),
                    options.steps > 1 ? rt::concat(", ", options.steps, " steps") : "", "\n", line,
                    kernels.note.empty() ? "" : kernels.note + "\n", "\n");
}

int show(const SimulateOptions &options, const SimulateInput &input, const Kernels &kernels,
         const simulator::TaskGraph &graph, const simulator::Simulation &simulation) {
  simulator::Floor floor = simulator::floorOf(graph, input.network);
  if (!options.json)
    return writeOutput("", headText(options, input, kernels, simulation, floor) +
                               simulator::summaryText(graph, input.network, simulation));
  rt::Json json = {{"plan", input.plan.name},
                   {"machine", input.machine.name},
                   {"ranks", input.plan.ranks},
                   {"nodes", input.shape.nodes},
                   {"tokens", sum(input.counts.tokens)},
                   {"traffic", options.traffic},
                   {"steps", options.steps},
                   {"kernel_times", kernels.source},
                   {"bound_seconds", floor.seconds},
                   {"bound_by", floor.reason}};
  json.update(simulator::summaryJson(graph, input.network, simulation));
  return writeOutput("", rt::dumpJson(json, 2) + "\n");
}

} // namespace

int runSimulate(const SimulateOptions &options) {
  if (rt::Status status = rt::refuseToReplace(options.input, options.trace, "--trace");
      !status.ok())
    return showFailure(status, options.json);
  SimulateInput input;
  if (int code = readSimulateInput(options, input))
    return code;
  Kernels kernels = kernelsFor(input);
  auto graph = simulator::makePlanTasks(input.plan, input.counts, *kernels.times, options.steps);
  if (!graph)
    return showFailure(graph.status(), options.json);
  simulator::SimulateOptions how;
  how.ratesBySize = options.ratesBySize;
  auto simulation = simulator::simulate(*graph, input.network, how);
  if (!simulation)
    return showFailure(simulation.status(), options.json);
  if (!options.trace.empty())
    if (int code = writeOutput(options.trace,
                               simulator::perfettoTrace(*graph, input.network, *simulation)))
      return code;
  return show(options, input, kernels, *graph, *simulation);
}

} // namespace moec::driver
