//===- SimulateInput.cpp - A plan, a machine and traffic to simulate ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/SimulateInput.h"

#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "passes/scheduling/TaskGraph.h"
#include "passes/scheduling/VerifyPlan.h"
#include "runtime/base/Text.h"
#include "runtime/module/Module.h"
#include "runtime/plan/Expand.h"
#include "runtime/study/Step.h"

namespace moec::driver {
namespace {

int fromModule(const rt::Result<rt::Module> &module, const SimulateOptions &options,
               SimulateInput &input) {
  if (!module)
    return showFailure(module.status(), options.json);
  input.plan = module->plan();
  input.manifest = module->manifest();
  input.sources = module->sources();
  return 0;
}

int fromIr(const SimulateOptions &options, SimulateInput &input) {
  Compilation compilation;
  if (compilation.loadIr(options.input, Phase::Schedule) &&
      compilation.buildPlan(input.plan, input.manifest))
    return 0;
  showDiagnostics(compilation.diagnostics(), options.json);
  return compilation.exitCode();
}

/// A source is compiled; its own machine block counts, shipped or not.
int fromSource(const SimulateOptions &options, SimulateInput &input) {
  CompileOptions compile;
  compile.input = options.input;
  compile.machine = options.machine;
  compile.json = options.json;
  std::vector<uint8_t> bytes;
  if (int code = compileToMemory(compile, bytes))
    return code;
  return fromModule(rt::Module::openMemory(bytes, options.input), options, input);
}

int readPlan(const SimulateOptions &options, SimulateInput &input) {
  if (options.input.ends_with(".moex"))
    return fromModule(rt::Module::open(options.input), options, input);
  return options.input.ends_with(".mlir") ? fromIr(options, input) : fromSource(options, input);
}

rt::Status makeNetwork(SimulateInput &input) {
  MOEC_ASSIGN_OR_RETURN(input.shape, study::shapeOf(input.machine, input.plan));
  MOEC_ASSIGN_OR_RETURN(input.network,
                        topology::makeNetwork(input.machine, input.shape,
                                              {.copyEngine = plan::usesCopyEngines(input.plan)}));
  return rt::Status();
}

rt::Status readTraffic(const SimulateOptions &options, SimulateInput &input) {
  uint32_t most = input.manifest ? input.manifest->maxTokensPerRank : 0;
  input.tokens = options.tokens.value_or(defaultTokens(most));
  MOEC_ASSIGN_OR_RETURN(
      traffic::Traffic traffic,
      driver::readTraffic(options.traffic, options.tokens.has_value(), options.layer));
  MOEC_ASSIGN_OR_RETURN(input.counts,
                        countsOf(input.plan, input.manifest, traffic, input.tokens, options.layer,
                                 nodesOfCounts(input.plan, input.machine, input.shape)));
  if (std::string assumed = assumptionOf(input.plan, traffic); !input.manifest && !assumed.empty())
    input.notes.push_back(std::move(assumed));
  return rt::Status();
}

/// Text may have been written or changed since its plan was proven. Empty: it is proven.
std::string doubtOf(const plan::Plan &plan) {
  constexpr uint64_t mostTasks = 100000; // which take about a second
  scheduling::Extent extent = scheduling::chooseExtent(plan, UINT32_MAX);
  if (std::string why = scheduling::checkExtent(plan, extent); !why.empty())
    return "not proven: " + why;
  plan::Plan judged = plan;
  judged.ranks = extent.ranks;
  judged.nodes = extent.nodes;
  uint64_t tasks = scheduling::TaskGraph::count(judged, extent.steps);
  if (tasks > mostTasks)
    return rt::concat("not proven: ", tasks, " tasks, see moec verify");
  Working working(rt::concat("proof of ", tasks, " tasks"));
  size_t faults = scheduling::verifyPlan(plan, extent).size();
  return faults == 0 ? ""
                     : rt::concat("not proven: ", faults, faults == 1 ? " fault" : " faults",
                                  ", see moec verify");
}

} // namespace

int readSimulateInput(const SimulateOptions &options, SimulateInput &input) {
  if (int code = readPlan(options, input))
    return code;
  const Manifest *manifest = input.manifest ? &*input.manifest : nullptr;
  if (int code = readMachine({options.machine, options.input, manifest, input.sources},
                             options.json, input.machine))
    return code;
  if (rt::Status status = makeNetwork(input); !status.ok())
    return showFailure(status, options.json);
  if (rt::Status status = readTraffic(options, input); !status.ok())
    return showFailure(status, options.json);
  if (options.input.ends_with(".mlir"))
    if (std::string doubt = doubtOf(input.plan); !doubt.empty())
      input.notes.push_back(std::move(doubt));
  return 0;
}

} // namespace moec::driver
