//===- Compile.cpp - moec compile -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/module/ModuleWriter.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "frontend/driver/ScheduleChoice.h"
#include "runtime/base/File.h"
#include "runtime/base/Text.h"

#include "llvm/ADT/StringExtras.h"
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace moec::driver {
namespace {

/// The phases that the options name.
struct Route {
  std::optional<Phase> from; ///< none: from source
  Phase to = Phase::Emit;
  std::string target; ///< as CompileOptions has it, of a list the one that counts
};

std::string phaseList() {
  std::string list;
  for (Phase phase : allPhases())
    list += (list.empty() ? "" : ", ") + phaseName(phase).str();
  return list;
}

rt::Result<Phase> parsePhase(const char *option, const std::string &name) {
  auto phase = phaseFromName(name);
  if (!phase)
    return rt::invalidError(option, ": wanted one of ", phaseList(), ", found '", name, "'");
  return *phase;
}

/// An architecture of NVIDIA's, which another version may have kernels for.
bool isArch(llvm::StringRef name) {
  return name.consume_front("sm_") && !name.empty() && llvm::isDigit(name.front());
}

/// The one target of a list, repetitions and the plan for cpu, which every module has,
/// left out; "" for no list.
rt::Result<std::string> parseTarget(const std::string &list) {
  std::string target;
  if (list.empty())
    return target;
  for (llvm::StringRef piece : llvm::split(list, ',')) {
    llvm::StringRef name = piece.trim(' '); // of "sm_90a, cpu"
    if (isArch(name) && name != "sm_90a")
      return rt::unsupportedError("--target: wanted cpu or sm_90a, found '", name.str(), "'");
    if (name != "cpu" && name != "sm_90a")
      return rt::invalidError("--target: wanted cpu or sm_90a, found '", name.str(), "'");
    if (target != "sm_90a")
      target = name.str();
  }
  return target;
}

rt::Result<Route> chooseRoute(const CompileOptions &options) {
  Route route;
  MOEC_ASSIGN_OR_RETURN(route.target, parseTarget(options.target));
  if (!options.emit.empty()) {
    MOEC_ASSIGN_OR_RETURN(route.to, parsePhase("--emit", options.emit));
  }
  if (!options.plan.empty() && (!options.from.empty() || options.input.ends_with(".mlir")))
    return rt::invalidError("--plan: wanted a source beside it, whose layer the plan is of, found ",
                            options.input);
  if (!options.plan.empty() && route.to < Phase::Schedule)
    return rt::invalidError(
        "--plan: wanted phase schedule or a later one to stop after, found --emit ", options.emit);
  if (options.from.empty() && options.input.ends_with(".mlir"))
    return rt::invalidError("--from: wanted the phase that printed ", options.input,
                            ", found none; of a plan by hand its layer: moec compile LAYER.moe "
                            "--plan ",
                            options.input);
  if (options.from.empty())
    return route;
  MOEC_ASSIGN_OR_RETURN(Phase from, parsePhase("--from", options.from));
  if (from >= route.to)
    return rt::invalidError("--from ", options.from, " --emit ", phaseName(route.to).str(),
                            ": wanted an earlier phase to start from");
  if (options.ranks)
    return rt::invalidError("--ranks: wanted a source to compile, found IR of phase ", options.from,
                            ", whose ranks are fixed");
  route.from = from;
  return route;
}

Provenance describe(const CompileOptions &options, Compilation &compilation) {
  Provenance provenance;
  provenance.compiler = "moec " MOEC_VERSION;
  if (!options.from.empty())
    provenance.options.push_back({"from", options.from});
  if (!options.plan.empty())
    provenance.options.push_back({"plan", options.plan});
  if (options.ranks)
    provenance.options.push_back({"ranks", std::to_string(*options.ranks)});
  provenance.options.push_back({"target", compilation.target()});
  if (!compilation.chosenSchedule().empty())
    provenance.options.push_back({"chosen", compilation.chosenSchedule()});
  return provenance;
}

std::string moduleName(const CompileOptions &options) {
  if (!options.output.empty())
    return options.output;
  return std::filesystem::path(options.input).replace_extension(".moex").string();
}

void printTimes(const Compilation &compilation) {
  double total = 0;
  for (const PhaseTime &time : compilation.times()) {
    std::fprintf(stderr, "%-12s %9.3f ms\n", time.name.c_str(), time.seconds * 1e3);
    total += time.seconds;
  }
  std::fprintf(stderr, "%-12s %9.3f ms\n", "sum", total * 1e3);
}

std::string summaryJson(const std::string &path, size_t bytes, const Manifest &manifest,
                        const Compilation &compilation) {
  nlohmann::ordered_json phases = nlohmann::ordered_json::array();
  for (const PhaseTime &time : compilation.times())
    phases.push_back({{"name", time.name}, {"seconds", time.seconds}});
  nlohmann::ordered_json summary = {{"module", path},
                                    {"bytes", bytes},
                                    {"layer", manifest.layer.name},
                                    {"experts", manifest.layer.experts},
                                    {"ranks", manifest.ranks},
                                    {"target", manifest.target},
                                    {"phases", phases}};
  summary["diagnostics"] =
      nlohmann::ordered_json::parse(frontend::renderJson(compilation.diagnostics()))["diagnostics"];
  return summary.dump(2) + "\n";
}

/// The module's bytes from a compilation that has passed phase schedule.
int encode(Compilation &compilation, const CompileOptions &options, ModuleContents &contents,
           std::vector<uint8_t> &bytes) {
  bool isBuilt = [&] {
    Working working("compile"); // the assembler takes seconds
    return compilation.buildContents(describe(options, compilation), contents);
  }();
  if (!isBuilt) {
    showDiagnostics(compilation.diagnostics(), options.json);
    return compilation.exitCode();
  }
  Stopwatch watch;
  auto encoded = codegen::encodeModule(contents);
  if (!encoded)
    return showFailure(encoded.status(), options.json);
  bytes = *std::move(encoded);
  compilation.addTime("encode", watch.seconds());
  return 0;
}

/// Writes the module and says so.
int emitModule(Compilation &compilation, const CompileOptions &options) {
  ModuleContents contents;
  std::vector<uint8_t> bytes;
  if (int code = encode(compilation, options, contents, bytes))
    return code;
  Stopwatch watch;
  std::string path = moduleName(options);
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (int code = writeOutput(path, text, options.json))
    return code;
  compilation.addTime("write", watch.seconds());
  if (path == "-") // standard output is the module's
    return showDiagnostics(compilation.diagnostics(), /*json=*/false);
  if (options.json)
    return writeOutput("", summaryJson(path, bytes.size(), contents.manifest, compilation));
  showDiagnostics(compilation.diagnostics(), /*json=*/false); // warnings
  const Layer &layer = contents.manifest.layer;
  uint32_t ranks = contents.manifest.ranks;
  std::printf("%s: layer %s, %u expert%s on %u rank%s, a plan of %zu ops, %s\n", path.c_str(),
              layer.name.c_str(), layer.experts, layer.experts == 1 ? "" : "s", ranks,
              ranks == 1 ? "" : "s", contents.plan.ops.size(),
              rt::formatBytes(bytes.size()).c_str());
  return 0;
}

/// The source on as few nodes of the machine that the options name as hold its ranks.
int loadOnMachine(Compilation &compilation, const CompileOptions &options,
                  const std::string &schedule) {
  topology::Machine machine;
  if (int code = readMachine({options.machine, options.input, nullptr, {}}, options.json, machine))
    return code;
  std::optional<uint32_t> ranks = options.ranks;
  if (!ranks) {
    frontend::Diagnostics reports;
    auto program = frontend::parseProgram({options.input}, {}, reports);
    if (!program)
      return showDiagnostics(reports, options.json);
    ranks = program->ranks();
  }
  auto shape = topology::shapeFor(machine, *ranks);
  if (!shape)
    return showFailure(shape.status(), options.json);
  if (compilation.loadSource(options.input,
                             {.site = siteOn(machine, *shape), .schedule = schedule}))
    return 0;
  showDiagnostics(compilation.diagnostics(), options.json);
  return compilation.exitCode();
}

/// Reads the input and takes it to the phase that `route` ends in, with `schedule` in
/// place of the source's statements.
int advance(Compilation &compilation, const CompileOptions &options, const Route &route,
            const std::string &schedule = "") {
  bool loaded = true;
  if (route.from)
    loaded = compilation.loadIr(options.input, *route.from);
  else if (options.machine.empty())
    loaded = compilation.loadSource(options.input, options.ranks, schedule);
  else if (int code = loadOnMachine(compilation, options, schedule))
    return code;
  if (loaded && !options.plan.empty())
    loaded = compilation.runTo(Phase::Distribute) && compilation.usePlan(options.plan);
  loaded = loaded && compilation.setTarget(route.target, !options.emulated);
  if (loaded) {
    Working working("compile");
    loaded = compilation.runTo(route.to);
  }
  if (loaded)
    return 0;
  showDiagnostics(compilation.diagnostics(), options.json);
  return compilation.exitCode();
}

int compileWith(Compilation &compilation, const CompileOptions &options) {
  auto route = chooseRoute(options);
  if (!route)
    return showFailure(route.status(), options.json);
  for (const std::string &input : {options.input, options.plan})
    if (rt::Status status = rt::refuseToReplace(input, options.output, "--output"); !status.ok())
      return showFailure(status, options.json);
  if (int code = advance(compilation, options, *route))
    return code;
  if (route->to == Phase::Emit)
    return emitModule(compilation, options);
  showDiagnostics(compilation.diagnostics(), options.json); // warnings
  return writeOutput(options.output, compilation.printIr(), options.json);
}

} // namespace

int runCompile(const CompileOptions &options) {
  // Never freed, but known: the process ends next, and would first free its ops one by one.
  static Compilation *kept;
  Compilation &compilation = *(kept = new Compilation);
  int code = compileWith(compilation, options);
  if (options.timing)
    printTimes(compilation);
  return code;
}

/// The module of a compilation that is done, after its warnings.
static int finish(Compilation &compilation, const CompileOptions &options,
                  std::vector<uint8_t> &module) {
  showDiagnostics(compilation.diagnostics(), /*json=*/false);
  ModuleContents contents;
  return encode(compilation, options, contents, module);
}

int compileChoosing(const CompileOptions &options, const ScheduleChoice &choice,
                    std::vector<uint8_t> &module,
                    std::optional<candidates::CandidateTable> &table) {
  Compilation compilation;
  Route toDistribute;
  toDistribute.to = Phase::Distribute;
  if (int code = advance(compilation, options, toDistribute, "algorithm auto"))
    return code;
  auto chosen = [&] {
    Working working("schedules");
    return compilation.chooseSchedule(choice);
  }();
  if (!chosen)
    return showFailure(chosen.status(), options.json);
  table = *std::move(chosen);
  bool isDone = [&] {
    Working working("compile");
    return compilation.runTo(Phase::Emit);
  }();
  if (isDone)
    return finish(compilation, options, module);
  showDiagnostics(compilation.diagnostics(), options.json);
  return compilation.exitCode();
}

int compileScheduled(const CompileOptions &options, const std::string &schedule,
                     std::vector<uint8_t> &module) {
  Compilation compilation;
  if (int code = advance(compilation, options, Route(), schedule))
    return code;
  return finish(compilation, options, module);
}

int compileToMemory(const CompileOptions &options, std::vector<uint8_t> &module) {
  return compileScheduled(options, "", module);
}

} // namespace moec::driver
