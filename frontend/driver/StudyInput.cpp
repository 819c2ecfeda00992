//===- StudyInput.cpp - One layer under many conditions -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/StudyInput.h"

#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "frontend/driver/StepCounts.h"
#include "frontend/parser/Program.h"

#include <algorithm>
#include <array>

namespace moec::driver {
namespace {

/// Whether it is of a combination: with another machine, algorithm or sum it may be none.
bool isOfCombination(const frontend::Diagnostic &diagnostic) {
  using enum frontend::DiagnosticId;
  constexpr std::array ids = {NoSwitch,       NoStages,       NoNodes,       SwitchWithoutMulticast,
                              NoCopyEngine,   NoCrossing,     RatesOfOnePut, PipelineOfTiers,
                              ChunksOfOneHop, SprayOfNoChunks};
  return std::find(ids.begin(), ids.end(), diagnostic.id) != ids.end();
}

/// The layer by itself; then each schedule on it, where what the language does not know is
/// an error; what this moec does not do, or not in a combination, is left for the rows to say.
/// Where schedules have no rows of their own, what moec never does is an error too.
int readSource(std::span<const study::ScheduleChoice> schedules, bool json, StudyInput &input) {
  if (input.source.ends_with(".moex") || input.source.ends_with(".mlir"))
    return showFailure(rt::invalidError("wanted a source, which can be compiled for other ranks "
                                        "and machines, found ",
                                        input.source),
                       json);
  frontend::Diagnostics reports;
  auto program = frontend::parseProgram({input.source}, {}, reports);
  if (!program)
    return showDiagnostics(reports, json);
  input.layer = program->layer.name;
  input.ranks = program->ranks();
  input.nodes = program->mesh.nodes();
  input.mostTokens = program->schedule.maxTokensPerRank.value_or(0);
  for (const study::ScheduleChoice &choice : schedules) {
    frontend::Diagnostics found;
    frontend::parseProgram({input.source}, {.schedule = choice.statements()}, found);
    auto isWrong = [&](const frontend::Diagnostic &diagnostic) {
      bool isFatal =
          diagnostic.severity == frontend::Severity::Error ||
          (diagnostic.severity == frontend::Severity::Unsupported && !input.hasRowForEach);
      return isFatal && !isOfCombination(diagnostic);
    };
    if (std::any_of(found.all().begin(), found.all().end(), isWrong))
      return showDiagnostics(found, json);
  }
  return 0;
}

int readMachines(const std::vector<std::string> &names, bool json, StudyInput &input) {
  for (const std::string &name : names) {
    frontend::Diagnostics reports;
    auto machine = frontend::parseMachine(name, reports);
    if (!machine)
      return showDiagnostics(reports, json);
    input.machines.push_back(*std::move(machine));
  }
  return 0;
}

rt::Status failureOf(const frontend::Diagnostics &reports) {
  for (const frontend::Diagnostic &diagnostic : reports.all()) {
    if (diagnostic.severity == frontend::Severity::Error)
      return rt::invalidError(diagnostic.message);
    if (diagnostic.severity == frontend::Severity::Unsupported)
      return rt::unsupportedError("unsupported: ", diagnostic.message);
  }
  return rt::internalError("the compiler failed and said nothing");
}

} // namespace

std::vector<study::ScheduleChoice> schedulesOf(const std::vector<std::string> &algorithms,
                                               const std::vector<std::string> &combines) {
  std::vector<study::ScheduleChoice> choices(1);
  auto vary = [&](const auto &values, auto set) {
    std::vector<study::ScheduleChoice> varied;
    for (const study::ScheduleChoice &choice : choices)
      for (const auto &value : values) {
        varied.push_back(choice);
        set(varied.back(), value);
      }
    if (!values.empty())
      choices = std::move(varied);
  };
  vary(algorithms, [](auto &choice, const auto &value) { choice.algorithm = value; });
  vary(combines, [](auto &choice, const auto &value) { choice.combine = value; });
  return choices;
}

int readStudy(const std::string &source, const std::vector<std::string> &machines,
              const std::vector<std::string> &traffics,
              std::span<const study::ScheduleChoice> schedules, bool json, StudyInput &input) {
  input.source = source;
  if (int code = readSource(schedules, json, input))
    return code;
  if (int code = readMachines(machines.empty() ? std::vector{source} : machines, json, input))
    return code;
  for (const std::string &argument : traffics) {
    auto traffic = traffic::parseTraffic(argument);
    if (!traffic)
      return showFailure(traffic.status(), json);
    input.traffics.push_back(*std::move(traffic));
  }
  return 0;
}

/// The last one's failure, if none takes them.
static rt::Status checkAny(const StudyInput &input, bool saysTokens,
                           std::optional<uint32_t> layer) {
  rt::Status status;
  for (const traffic::Traffic &traffic : input.traffics)
    if (status = checkTraffic(traffic, saysTokens, layer); status.ok())
      break;
  return status;
}

rt::Status checkTraffics(const StudyInput &input, bool saysTokens, std::optional<uint32_t> layer) {
  MOEC_RETURN_IF_ERROR(checkAny(input, saysTokens, std::nullopt));
  return checkAny(input, /*saysTokens=*/false, layer);
}

rt::Status nothingCanBe(const std::string &what, const std::vector<std::string> &reasons) {
  constexpr size_t most = 3;
  std::vector<std::string> told;
  for (const std::string &reason : reasons)
    if (std::find(told.begin(), told.end(), reason) == told.end())
      told.push_back(reason);
  std::string text = what;
  for (size_t i = 0; i < std::min(told.size(), most); ++i)
    text += (i ? "; " : ": ") + told[i];
  return told.size() > most ? rt::invalidError(text, "; and ", told.size() - most, " more reasons")
                            : rt::invalidError(text);
}

rt::Result<topology::Shape> ownShape(const StudyInput &input, uint32_t ranks) {
  uint32_t lanes = input.ranks / input.nodes;
  if (input.nodes == 1)
    return topology::shapeFor(input.machines.front(), ranks);
  if (ranks > lanes && ranks % lanes != 0)
    return rt::invalidError("wanted whole nodes of ", lanes, " gpus, as the mesh has them, found ",
                            ranks, " ranks");
  return topology::Shape{std::max(1u, ranks / lanes), std::min(ranks, lanes)};
}

rt::Result<PlannedLayer> planFor(const std::string &source, const topology::Machine &machine,
                                 topology::Shape shape, const std::string &statements) {
  frontend::Diagnostics reports;
  auto program = frontend::parseProgram(
      {source}, {.site = siteOn(machine, shape), .schedule = statements}, reports);
  if (!program)
    return failureOf(reports);
  Compilation compilation;
  PlannedLayer made;
  std::optional<Manifest> manifest;
  if (!compilation.loadProgram(*program) || !compilation.runTo(Phase::Schedule) ||
      !compilation.buildPlan(made.plan, manifest))
    return failureOf(compilation.diagnostics());
  if (!manifest)
    return rt::internalError("a plan of ", source, " says nothing of its layer");
  made.manifest = *std::move(manifest);
  return made;
}

} // namespace moec::driver
