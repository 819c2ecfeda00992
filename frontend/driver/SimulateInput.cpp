//===- SimulateInput.cpp - A plan, a machine and traffic to simulate ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/SimulateInput.h"

#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Program.h"
#include "runtime/module/Module.h"
#include "runtime/plan/Expand.h"
#include "runtime/study/Step.h"

namespace moec::driver {
namespace {

constexpr uint32_t defaultTokens = 4096;

int fromModule(const rt::Result<rt::Module> &module, const SimulateOptions &options,
               SimulateInput &input) {
  if (!module)
    return showFailure(module.status(), options.json);
  input.plan = module->plan();
  input.manifest = module->manifest();
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

int readMachine(const SimulateOptions &options, SimulateInput &input) {
  std::string name = options.machine;
  bool isSource = !options.input.ends_with(".moex") && !options.input.ends_with(".mlir");
  if (name.empty() && isSource)
    name = options.input;
  else if (name.empty() && input.manifest)
    name = input.manifest->machine;
  if (name.empty())
    return showFailure(
        rt::invalidError("--machine: wanted one, for ", options.input, " names none"),
        options.json);
  frontend::Diagnostics reports;
  auto machine = frontend::parseMachine(name, reports);
  if (!machine && options.machine.empty() && !isSource) // a module keeps the name alone
    return showFailure(rt::invalidError("--machine: wanted the file of machine ", rt::quote(name),
                                        ", which ", options.input,
                                        " is for and which does not "
                                        "come with moec"),
                       options.json);
  if (!machine)
    return showDiagnostics(reports, options.json);
  input.machine = std::move(*machine);
  return 0;
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
  input.tokens = options.tokens.value_or(most ? most : defaultTokens);
  MOEC_ASSIGN_OR_RETURN(input.counts,
                        readCounts(input.plan, input.manifest, options.traffic, input.tokens,
                                   options.layer,
                                   nodesOfCounts(input.plan, input.machine, input.shape)));
  return rt::Status();
}

} // namespace

int readSimulateInput(const SimulateOptions &options, SimulateInput &input) {
  if (int code = readPlan(options, input))
    return code;
  if (int code = readMachine(options, input))
    return code;
  if (rt::Status status = makeNetwork(input); !status.ok())
    return showFailure(status, options.json);
  rt::Status status = readTraffic(options, input);
  return status.ok() ? 0 : showFailure(status, options.json);
}

} // namespace moec::driver
