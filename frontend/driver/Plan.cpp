//===- Plan.cpp - moec plan -----------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/plan/Plan.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "frontend/driver/PlanReport.h"
#include "frontend/driver/ScheduleChoice.h"
#include "frontend/driver/SimulateInput.h"
#include "runtime/base/File.h"
#include "runtime/formats/Chakra.h"
#include "runtime/formats/Export.h"
#include "runtime/module/Module.h"
#include "runtime/simulator/PlanTasks.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace moec::driver {
namespace {

using candidates::CandidateTable;

/// Where bytes go. In the order in which tiers are printed.
/// What a switch copies or adds is counted once: as it leaves its rank, as the sum enters.
/// A plan does not know which link a node has.
enum class Tier : uint8_t { Local, Node, Rail, Host, Multicast, Sum };
constexpr std::array tierNames = {"local", "in node", "rail", "by host", "to all", "from all"};
constexpr std::array tierKeys = {"local", "in_node", "rail", "by_host", "to_all", "from_all"};
constexpr std::array exchanges = {formats::Phase::Dispatch, formats::Phase::Combine};

struct Summary {
  std::string algorithm;
  /// [tier][exchange]
  std::array<std::array<uint64_t, exchanges.size()>, tierNames.size()> bytes = {};
};

/// All ranks, those of the own node, or those of the others.
bool runsThroughRanks(const std::vector<plan::Domain> &domains) {
  using enum plan::DomainKind;
  if (domains.size() == 1)
    return domains[0].kind == Stagger || domains[0].kind == StaggerLanes;
  return domains.size() == 2 && domains[0].kind == OtherNodes && domains[1].kind == StaggerLanes;
}

/// By what the plan does; a module says only of a plan from a file (--plan) that moec did
/// not choose it.
const char *algorithmOf(const rt::Module &module) {
  for (const CompileOption &option : module.provenance().options)
    if (option.name == "plan")
      return "by hand";
  const plan::Plan &plan = module.plan();
  bool isStaggered = true;
  for (const plan::Op &op : plan.ops) {
    if (op.kind != plan::OpKind::Put)
      continue;
    if (op.writes[0].items.kind == plan::ItemSetKind::S)
      return "birkhoff";
    if (op.writes[0].items.kind == plan::ItemSetKind::M ||
        op.writes[0].items.kind == plan::ItemSetKind::P)
      return op.via == plan::Path::Rail ? "two_tier" : "staged";
    if (op.via == plan::Path::Multicast)
      return "multicast";
    isStaggered &= runsThroughRanks(op.domains);
  }
  return isStaggered ? "staggered" : "other";
}

Tier tierOf(const simulator::Task &task, const simulator::Family &family) {
  switch (family.reach) {
  case simulator::Reach::Peer:
    break;
  case simulator::Reach::All:
    return Tier::Multicast;
  case simulator::Reach::Sum:
    return Tier::Sum;
  }
  if (task.rank == task.peer)
    return Tier::Local;
  return family.via == plan::Path::Rail   ? Tier::Rail
         : family.via == plan::Path::Host ? Tier::Host
                                          : Tier::Node;
}

rt::Result<Summary> summarise(const rt::Module &module, const traffic::ItemCounts &counts) {
  Summary summary;
  summary.algorithm = algorithmOf(module);
  const plan::Plan &plan = module.plan();
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph,
                        simulator::makePlanTasks(plan, counts, simulator::NoKernelTimes()));
  for (size_t exchange = 0; exchange < exchanges.size(); ++exchange) {
    std::vector<bool> ops = formats::opsOf(plan, exchanges[exchange]);
    for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id) {
      const simulator::Task &task = graph.getTasks()[id];
      const simulator::Family &family = graph.familyOf(id);
      if (family.kind == simulator::TaskClass::Transfer && ops[task.family])
        summary.bytes[size_t(tierOf(task, family))][exchange] += static_cast<uint64_t>(task.amount);
    }
  }
  return summary;
}

/// Traces are found by their names, so whoever means some under another is told which.
rt::Status noMatrix(const std::string &path, const std::string &found) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && std::filesystem::exists(path + ".0.et", error))
    return rt::invalidError(path, ": wanted ", path, ".et for the Chakra traces ", path,
                            ".0.et, .., found no file of this name");
  return rt::invalidError(path,
                          ": wanted bytes from rank to rank, N lines of N numbers, or Chakra "
                          "traces, whose names are PREFIX.RANK.et; ",
                          found);
}

bool isText(std::string_view text) {
  return std::none_of(text.begin(), text.begin() + std::min<size_t>(text.size(), 4096), [](char c) {
    return static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\r' && c != '\t';
  });
}

/// Chakra traces are bytes like any other matrix; the rest is as moec simulate reads it.
rt::Result<traffic::Matrix> readByteMatrix(const std::string &path) {
  if (path.ends_with(".et"))
    return formats::readChakraTraffic(path);
  rt::Result<std::string> text = rt::readFile(path);
  if (!text)
    return noMatrix(path, text.status().message());
  if (!isText(*text))
    return noMatrix(path, "found what is no text");
  rt::Result<traffic::Traffic> traffic = traffic::readTraffic(*text, path);
  if (!traffic)
    return noMatrix(path, traffic.status().message());
  if (traffic->kind != traffic::TrafficKind::Bytes)
    return noMatrix(path, "found other traffic");
  return std::move(traffic->bytes);
}

rt::Result<traffic::ItemCounts> countsFor(const PlanOptions &options, const rt::Module &module) {
  const plan::Plan &plan = module.plan();
  uint32_t most = module.manifest().maxTokensPerRank;
  bool saysTokens = options.tokens.has_value();
  if (!options.traffic.ends_with(".et")) {
    MOEC_ASSIGN_OR_RETURN(traffic::Traffic traffic,
                          readTraffic(options.traffic, saysTokens, options.trafficLayer));
    return countsOf(plan, module.manifest(), traffic, options.tokens.value_or(defaultTokens(most)),
                    options.trafficLayer, plan.nodes);
  }
  traffic::Traffic traces;
  traces.kind = traffic::TrafficKind::Bytes;
  traces.text = options.traffic;
  MOEC_RETURN_IF_ERROR(checkTraffic(traces, saysTokens, options.trafficLayer));
  MOEC_ASSIGN_OR_RETURN(traffic::Matrix bytes, readByteMatrix(options.traffic));
  if (bytes.getSize() != plan.ranks)
    return rt::invalidError("--traffic: wanted traces of ", plan.ranks, " ranks, found ",
                            bytes.getSize());
  double bytesPerToken = dispatchedBytesPerToken(plan);
  if (bytesPerToken == 0)
    return rt::unsupportedError("--traffic: wanted a plan that sends tokens to ranks, to turn "
                                "bytes into tokens, found none in ",
                                plan.name);
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                        countsOfBytes(bytes, bytesPerToken, plan.nodes));
  MOEC_RETURN_IF_ERROR(checkCopies(counts, plan.topK, most));
  return counts;
}

rt::Result<rt::Module> openModule(const std::vector<uint8_t> &bytes, const PlanOptions &options) {
  return bytes.empty() ? rt::Module::open(options.input)
                       : rt::Module::openMemory(bytes, options.input);
}

/// A module's plan is what it is.
rt::Status checkAlgorithm(const PlanOptions &options, const rt::Module &module) {
  if (options.algorithm.empty() || options.algorithm == algorithmOf(module))
    return rt::Status();
  return rt::invalidError("--algorithm ", options.algorithm, ": wanted a source, found the module ",
                          options.input, ", whose plan is ", algorithmOf(module));
}

/// Compiles the source, with the algorithm that the options say in place of its own.
/// Without --traffic `auto` counts several skews.
int compileSource(const PlanOptions &options, bool hasTraffic, std::vector<uint8_t> &module,
                  std::optional<CandidateTable> &table) {
  CompileOptions compile;
  compile.input = options.input;
  compile.ranks = options.ranks;
  compile.machine = options.machine;
  compile.json = options.json;
  if (options.algorithm.empty())
    return compileToMemory(compile, module);
  if (options.algorithm != "auto")
    return compileScheduled(compile, "algorithm " + options.algorithm, module);
  ScheduleChoice choice;
  if (hasTraffic)
    choice.traffic = options.traffic;
  choice.trafficLayer = options.trafficLayer;
  choice.tokens = options.tokens;
  choice.machine = options.machine;
  choice.isForPeople = true;
  return compileChoosing(compile, choice, module, table);
}

struct Export {
  formats::Format format = formats::Format::NcclTests;
  formats::Phase phase = formats::Phase::Step;
};

rt::Result<Export> chooseExport(const PlanOptions &options) {
  auto format = formats::formatFromName(options.format);
  if (!format)
    return rt::invalidError("--export: wanted a known format, found '", options.format, "'");
  Export chosen = {*format, formats::defaultPhase(*format)};
  if (!options.phase.empty()) {
    auto phase = formats::phaseFromName(options.phase);
    if (!phase)
      return rt::invalidError("--phase: wanted step, dispatch or combine, found '", options.phase,
                              "'");
    chosen.phase = *phase;
  }
  bool toOutput = options.output.empty() || options.output == "-";
  if (toOutput && *format == formats::Format::Chakra)
    return rt::invalidError("--export chakra: wanted -o PREFIX, a file a rank, found none");
  return chosen;
}

std::string summaryJson(const rt::Module &module, const Summary &summary,
                        const PlanOptions &options, const std::vector<formats::ExportedFile> &files,
                        const std::optional<CandidateTable> &table) {
  nlohmann::ordered_json json = {{"layer", module.manifest().layer.name},
                                 {"ranks", module.plan().ranks},
                                 {"nodes", module.plan().nodes},
                                 {"algorithm", summary.algorithm},
                                 {"traffic", options.traffic},
                                 {"bytes", nlohmann::ordered_json::object()}};
  for (size_t exchange = 0; exchange < exchanges.size(); ++exchange)
    for (size_t tier = 0; tier < tierNames.size(); ++tier)
      json["bytes"][formats::nameOf(exchanges[exchange])][tierKeys[tier]] =
          summary.bytes[tier][exchange];
  json["files"] = nlohmann::ordered_json::array();
  for (const formats::ExportedFile &file : files)
    json["files"].push_back({{"path", file.path}, {"bytes", file.bytes.size()}});
  if (table)
    json["candidates"] = candidates::tableJson(*table);
  return json.dump(2) + "\n";
}

std::string summaryText(const rt::Module &module, const Summary &summary,
                        const std::vector<formats::ExportedFile> &files) {
  const plan::Plan &plan = module.plan();
  std::string out = rt::concat("layer ", module.manifest().layer.name, " on ", plan.ranks,
                               plan.ranks == 1 ? " rank" : " ranks", ": ", summary.algorithm, "\n");
  std::array<char, 96> line;
  std::snprintf(line.data(), line.size(), "%-8s %12s %12s\n", "bytes", "dispatch", "combine");
  out += line.data();
  for (size_t tier = 0; tier < tierNames.size(); ++tier) {
    auto [dispatch, combine] = summary.bytes[tier];
    if (tier >= size_t(Tier::Rail) && dispatch == 0 && combine == 0)
      continue;
    std::snprintf(line.data(), line.size(), "%-8s %12s %12s\n", tierNames[tier],
                  rt::formatBytes(dispatch).c_str(), rt::formatBytes(combine).c_str());
    out += line.data();
  }
  // Of traces, a file a rank, the first and the last.
  for (size_t from = 0; from < files.size();) {
    size_t end = from;
    uint64_t bytes = 0;
    do
      bytes += files[end++].bytes.size();
    while (end < files.size() && files[end].path.ends_with(".et"));
    out +=
        rt::concat(files[from].path, end - from > 1 ? " to " : "",
                   end - from > 1 ? files[end - 1].path : "", ": ", rt::formatBytes(bytes), "\n");
    from = end;
  }
  return out;
}

/// What --export asks for; nothing without it.
int exportFiles(const rt::Module &module, const traffic::ItemCounts &counts,
                const PlanOptions &options, std::vector<formats::ExportedFile> &files) {
  if (options.format.empty())
    return 0;
  auto chosen = chooseExport(options);
  if (!chosen)
    return showFailure(chosen.status(), options.json);
  auto exported = formats::exportStep(module.plan(), counts, simulator::NoKernelTimes(),
                                      chosen->format, chosen->phase, options.output);
  if (!exported)
    return showFailure(exported.status(), options.json);
  files = *std::move(exported);
  return 0;
}

/// What --report asks for; nothing without it.
int makeReport(const rt::Module &module, const traffic::ItemCounts &counts,
               const std::string &algorithm, const PlanOptions &options,
               std::vector<formats::ExportedFile> &files) {
  if (options.report.empty())
    return 0;
  topology::Machine machine;
  if (int code = readMachine({options.machine, options.input, &module.manifest(), module.sources()},
                             options.json, machine))
    return code;
  auto made = [&] {
    Working working("page");
    return reportPage(options, machine, module.plan(), module.manifest(), counts, algorithm);
  }();
  if (!made)
    return showFailure(made.status(), options.json);
  files.push_back({options.report, *std::move(made)});
  return 0;
}

int planModule(const rt::Module &module, const PlanOptions &options,
               const std::optional<CandidateTable> &table) {
  auto counts = countsFor(options, module);
  if (!counts)
    return showFailure(counts.status(), options.json);
  auto summary = [&] {
    Working working("bytes");
    return summarise(module, *counts);
  }();
  if (!summary)
    return showFailure(summary.status(), options.json);
  std::vector<formats::ExportedFile> files;
  if (int code = exportFiles(module, *counts, options, files))
    return code;
  if (int code = makeReport(module, *counts, summary->algorithm, options, files))
    return code;
  std::vector<Output> outputs;
  std::string shown;
  for (const formats::ExportedFile &file : files)
    outputs.push_back({file.path, file.bytes});
  bool exportsToOutput =
      !options.format.empty() && (options.output.empty() || options.output == "-");
  if (!exportsToOutput && options.report != "-") { // else standard output is the file's
    shown = options.json ? summaryJson(module, *summary, options, files, table)
                         : (table ? candidates::tableText(*table) + "\n" : "") +
                               summaryText(module, *summary, files);
    outputs.push_back({"", shown});
  }
  return writeOutputs(outputs, options.json);
}

} // namespace

int runPlan(const PlanOptions &given) {
  PlanOptions options = given;
  if (options.traffic.empty())
    options.traffic = "uniform";
  bool isModule = options.input.ends_with(".moex");
  if (isModule && options.ranks)
    return showFailure(rt::invalidError("--ranks: wanted a source, found the module ",
                                        options.input, ", whose ranks are fixed"),
                       options.json);
  for (const std::string &input : {options.input, options.traffic, options.machine}) {
    for (auto [output, option] :
         {std::pair(&options.output, "--output"), {&options.report, "--report"}})
      if (rt::Status status = rt::refuseToReplace(input, *output, option); !status.ok())
        return showFailure(status, options.json);
  }
  if (options.json && !options.format.empty() && (options.output.empty() || options.output == "-"))
    return showFailure(rt::invalidError("--output: wanted a file for --export beside --json, found "
                                        "standard output"),
                       /*json=*/true);
  if (options.report == "-" && (options.json || !options.format.empty()))
    return showFailure(rt::invalidError("--report: wanted a file beside --json or --export, found "
                                        "standard output"),
                       options.json);
  if (isModule && !options.machine.empty() && options.report.empty())
    return showFailure(rt::invalidError("--machine: wanted a source, or --report beside it, found "
                                        "the module ",
                                        options.input, ", whose plan is what it is"),
                       options.json);
  std::vector<uint8_t> bytes;
  std::optional<CandidateTable> table;
  if (!isModule)
    if (int code = compileSource(options, !given.traffic.empty(), bytes, table))
      return code;
  auto module = openModule(bytes, options);
  if (!module)
    return showFailure(module.status(), options.json);
  if (rt::Status status = checkAlgorithm(options, *module); isModule && !status.ok())
    return showFailure(status, options.json);
  return planModule(*module, options, table);
}

int runImportTraffic(const ImportTrafficOptions &options) {
  if (rt::Status status = rt::refuseToReplace(options.input, options.output, "--output");
      !status.ok())
    return showFailure(status, options.json);
  auto matrix = readByteMatrix(options.input);
  if (!matrix)
    return showFailure(matrix.status(), options.json);
  return writeOutput(options.output, traffic::csvText(*matrix), options.json);
}

} // namespace moec::driver
