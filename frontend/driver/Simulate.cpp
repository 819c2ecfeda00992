//===- Simulate.cpp - moec simulate ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Simulate.h"

#include "frontend/driver/Console.h"
#include "frontend/driver/SimulateInput.h"
#include "runtime/base/File.h"
#include "runtime/formats/Phase.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/simulator/Floor.h"
#include "runtime/simulator/KernelTable.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/simulator/Summary.h"
#include "runtime/simulator/Trace.h"
#include "runtime/study/Step.h"

#include <cstdio>
#include <memory>
#include <numeric>

namespace moec::driver {
namespace {

/// How long tasks take, and what to say of that.
struct Kernels {
  std::unique_ptr<simulator::KernelTimes> times = std::make_unique<simulator::NoKernelTimes>();
  std::string source = "none";                   ///< for --json
  std::string note;                              ///< why computing takes no time
  std::unique_ptr<simulator::KernelTimes> model; ///< of what was not measured
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

/// Measured times in front of those that there are.
rt::Status measure(Kernels &kernels, const std::string &path) {
  MOEC_ASSIGN_OR_RETURN(std::string text, rt::readFile(path));
  MOEC_ASSIGN_OR_RETURN(simulator::KernelTable table, simulator::KernelTable::parse(text, path));
  kernels.model = std::move(kernels.times);
  kernels.times = std::make_unique<simulator::MeasuredTimes>(std::move(table), *kernels.model);
  kernels.source = kernels.source == "none" ? "measured" : "measured, else " + kernels.source;
  if (!kernels.note.empty())
    kernels.note = "of what was not measured " + kernels.note;
  return rt::Status();
}

double sum(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// What no schedule of the traffic can beat, and what no run of these tasks can.
struct Bounds {
  double seconds = 0;
  std::string resource; ///< empty: nothing travels
  std::string wayBack;  ///< of the schedules that it holds for; empty: nothing comes back
  simulator::Floor floor;
};

/// Bytes of a row, or of a sum, that comes back; 0 where nothing does.
double returnedBytes(const plan::Plan &plan) {
  std::vector<bool> isCombine = formats::opsOf(plan, formats::Phase::Combine);
  double bytes = 0;
  for (size_t op = 0; op < plan.ops.size(); ++op)
    if (isCombine[op] && plan.ops[op].kind == plan::OpKind::Put)
      bytes = std::max<double>(bytes, plan.buffers[plan.ops[op].writes[0].buffer].bytesPerRecord);
  return bytes;
}

/// Of a plan that says nothing of its layer: what it moves, there and back.
bounds::Bound boundOfExchange(const SimulateInput &input) {
  double sent = dispatchedBytesPerToken(input.plan), returned = returnedBytes(input.plan);
  std::vector<bounds::Demand> demands = {
      bounds::dispatchDemand(input.counts, sent, bounds::Copies::Nodes)};
  if (returned > 0)
    demands.push_back(
        bounds::combineDemand(input.counts, returned, study::copiesOf(input.plan.sumTree)));
  return bounds::boundOf(input.network, demands);
}

Bounds boundsOf(const SimulateOptions &options, const SimulateInput &input,
                const simulator::TaskGraph &graph) {
  Bounds found;
  found.floor = simulator::floorOf(graph, input.network);
  if (input.manifest || returnedBytes(input.plan) > 0)
    found.wayBack = study::wayBackOf(study::copiesOf(input.plan.sumTree));
  if (!input.manifest) {
    bounds::Bound bound = boundOfExchange(input);
    found.seconds = bound.seconds;
    found.resource = bound.resource;
  } else {
    bounds::LayerBound bound =
        study::boundOf({input.plan, *input.manifest, input.machine, input.network, input.counts,
                        dispatchedBytesPerToken(input.plan)});
    found.seconds = bound.seconds;
    found.resource = bound.resource;
  }
  found.seconds *= options.steps; // steps are serial, and all alike
  return found;
}

/// "1.5 us (1.03 times), by gpu 3"; no ratio to nothing.
std::string compare(double seconds, double least, const std::string &reason) {
  char text[64];
  if (least > 0)
    std::snprintf(text, sizeof(text), "%.1f us (%.2f times)", least * 1e6, seconds / least);
  else
    std::snprintf(text, sizeof(text), "0.0 us");
  return reason.empty() ? text : rt::concat(text, ", by ", reason);
}

/// A line each.
std::vector<std::string> notesOf(const SimulateInput &input, const Kernels &kernels) {
  std::vector<std::string> notes = input.notes;
  if (!kernels.note.empty())
    notes.insert(notes.begin(), kernels.note);
  return notes;
}

std::string notesText(const SimulateInput &input, const Kernels &kernels) {
  std::string text;
  for (const std::string &note : notesOf(input, kernels))
    text += note + "\n";
  return text;
}

std::string headText(const SimulateOptions &options, const SimulateInput &input,
                     const Kernels &kernels, double seconds, const Bounds &bounds) {
  char time[32], tokens[32];
  std::snprintf(time, sizeof(time), "%.1f us", seconds * 1e6);
  std::snprintf(tokens, sizeof(tokens), "%.0f", sum(input.counts.tokens));
  return rt::concat(
      input.plan.name, " on ", input.machine.name, ": ", input.plan.ranks,
      input.plan.ranks == 1 ? " rank" : " ranks", " on ", input.shape.nodes,
      input.shape.nodes == 1 ? " node" : " nodes", ", ", tokens, " tokens, ",
      rt::printable(options.traffic),
      options.steps > 1 ? rt::concat(", ", options.steps, " steps") : "", "\n", time,
      "\n  no schedule ",
      bounds.wayBack.empty() ? "" : rt::concat("with ", bounds.wayBack, " on the way back "),
      "takes less than ", compare(seconds, bounds.seconds, bounds.resource),
      "\n  no run of these tasks less than ",
      compare(seconds, bounds.floor.seconds, bounds.floor.reason), "\n", notesText(input, kernels),
      "\n");
}

std::string summaryOf(const SimulateOptions &options, const SimulateInput &input,
                      const Kernels &kernels, const simulator::TaskGraph &graph,
                      const simulator::Simulation &simulation) {
  Bounds bounds = boundsOf(options, input, graph);
  if (!options.json)
    return headText(options, input, kernels, simulation.seconds, bounds) +
           simulator::summaryText(graph, input.network, simulation);
  rt::Json json = {{"plan", input.plan.name},
                   {"machine", input.machine.name},
                   {"ranks", input.plan.ranks},
                   {"nodes", input.shape.nodes},
                   {"tokens", sum(input.counts.tokens)},
                   {"traffic", options.traffic},
                   {"steps", options.steps},
                   {"kernel_times", kernels.source},
                   {"bound_seconds", bounds.seconds},
                   {"bound_by", bounds.resource},
                   {"bound_way_back", bounds.wayBack},
                   {"floor_seconds", bounds.floor.seconds},
                   {"floor_by", bounds.floor.reason},
                   {"notes", notesOf(input, kernels)}};
  json.update(simulator::summaryJson(graph, input.network, simulation));
  return rt::dumpJson(json, 2) + "\n";
}

} // namespace

int runSimulate(const SimulateOptions &options) {
  if (rt::Status status = rt::refuseToReplace(options.input, options.trace, "--trace");
      !status.ok())
    return showFailure(status, options.json);
  if (options.json && options.trace == "-")
    return showFailure(rt::invalidError("--trace: wanted a file beside --json, found standard "
                                        "output"),
                       true);
  SimulateInput input;
  if (int code = readSimulateInput(options, input))
    return code;
  Kernels kernels = kernelsFor(input);
  if (!options.kernelTimes.empty())
    if (rt::Status status = measure(kernels, options.kernelTimes); !status.ok())
      return showFailure(status, options.json);
  simulator::SimulateOptions how;
  how.ratesBySize = options.ratesBySize;
  std::optional<Working> working("simulation");
  auto graph = simulator::makePlanTasks(input.plan, input.counts, *kernels.times, options.steps);
  auto simulation = graph ? simulator::simulate(*graph, input.network, how)
                          : rt::Result<simulator::Simulation>(graph.status());
  working.reset();
  if (!simulation)
    return showFailure(simulation.status(), options.json);
  std::string trace, summary;
  std::vector<Output> outputs;
  if (!options.trace.empty()) {
    trace = simulator::perfettoTrace(*graph, input.network, *simulation);
    outputs.push_back({options.trace, trace});
  }
  if (options.trace != "-") { // else standard output is the trace's
    summary = summaryOf(options, input, kernels, *graph, *simulation);
    outputs.push_back({"", summary});
  }
  return writeOutputs(outputs, options.json);
}

} // namespace moec::driver
