//===- Verify.cpp - moec verify -------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The proof is of the plan as a module holds it, whatever it comes from.
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Compilation.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/MachineInput.h"
#include "frontend/driver/SimulateInput.h"
#include "passes/scheduling/ModelRun.h"
#include "passes/scheduling/TaskGraph.h"
#include "passes/scheduling/VerifyPlan.h"
#include "runtime/base/Text.h"
#include "runtime/module/Module.h"
#include "runtime/module/ModuleJson.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace moec::driver {
namespace {

using scheduling::Extent;
using scheduling::Fault;

/// The plans to judge, and the layer of one that a module holds.
struct Input {
  std::vector<PlanOfText> plans;
  std::optional<Manifest> manifest;
};

/// One plan and what was found of it.
struct Verdict {
  const plan::Plan *plan = nullptr;
  std::span<const std::optional<plan::Location>> origins; ///< [op] of a plan that is text
  Extent extent;
  std::string unsupported; ///< why it cannot be judged
  std::vector<Fault> faults;
  std::optional<scheduling::ModelCampaign> runs;

  bool isProven() const { return unsupported.empty() && faults.empty(); }
};

std::string placeText(const plan::Location &place) {
  if (place.file.empty())
    return "";
  return rt::concat(rt::printable(place.file), ":", place.line, ":", place.column);
}

std::string placeText(const plan::Plan &plan, std::optional<uint32_t> op) {
  return op ? placeText(plan.ops[*op].location) : "";
}

/// The line of the .moe file that a plan's text says the op is from; none: it does not say.
std::optional<plan::Location> originOf(const Verdict &verdict, std::optional<uint32_t> op) {
  return op && *op < verdict.origins.size() ? verdict.origins[*op] : std::nullopt;
}

frontend::Location locate(const frontend::Sources &sources, const plan::Plan &plan,
                          std::optional<uint32_t> op) {
  if (!op)
    return {};
  const plan::Location &place = plan.ops[*op].location;
  for (uint32_t file = 0; file < sources.size(); ++file)
    if (place.line != 0 && sources.name(file) == place.file)
      return {file, place.line, place.column, 1, 0};
  return {};
}

/// The shape of a step's traffic with few tokens: what is none stays none, the most
/// between two ranks is `most`.
scheduling::CopyCounts scaleDown(const traffic::Matrix &copies, uint32_t most) {
  uint32_t ranks = copies.getSize();
  double scale = std::min(1.0, most / std::max(1.0, copies.maximum()));
  scheduling::CopyCounts counts;
  for (uint32_t from = 0; from < ranks; ++from)
    for (uint32_t to = 0; to < ranks; ++to)
      counts.push_back(static_cast<uint32_t>(std::ceil(copies.at(from, to) * scale)));
  return counts;
}

rt::Status runTraffic(const Input &input, const VerifyOptions &options, Verdict &verdict) {
  constexpr uint32_t tokens = 64, most = 6, seeds = 8;
  constexpr uint64_t mostTasks = 20000; // each has a clock with a bit for each
  const plan::Plan &plan = *verdict.plan;
  if (uint64_t tasks = scheduling::TaskGraph::count(plan, plan.depth + 2); tasks > mostTasks)
    return rt::unsupportedError("--traffic: wanted at most ", mostTasks,
                                " tasks to run with counts, found ", tasks);
  uint32_t limit = input.manifest ? input.manifest->maxTokensPerRank : 0;
  MOEC_ASSIGN_OR_RETURN(traffic::Traffic traffic,
                        readTraffic(options.traffic, /*saysTokens=*/false, options.trafficLayer));
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                        countsOf(plan, input.manifest, traffic,
                                 limit ? std::min(tokens, limit) : tokens, options.trafficLayer,
                                 plan.nodes));
  Working working("runs with counts");
  verdict.runs = scheduling::runCounts(plan, scaleDown(counts.copies, most), seeds);
  return rt::Status();
}

/// On one node nothing goes by rail: a proof for that says nothing of the plan.
std::string checkTiers(const plan::Plan &plan, const Extent &extent,
                       std::optional<uint32_t> maxRanks) {
  if (maxRanks && extent.ranks > *maxRanks) {
    std::string wanted = plan.nodes > 1
                             ? rt::concat("2 of its nodes of ", plan.lanes(), " ranks")
                             : rt::concat("all its ", plan.ranks, " ranks, which it divides,");
    return rt::concat(plan.name, ": wanted at least ", wanted, " to judge, found --max-ranks ",
                      *maxRanks);
  }
  if (plan.nodes == 1 || extent.nodes > 1)
    return "";
  return rt::concat(plan.name, ": wanted at least 2 of its nodes of ", plan.lanes(),
                    " ranks to judge, found more tasks than can be held");
}

uint64_t countTasks(const Verdict &verdict) {
  plan::Plan judged = *verdict.plan;
  judged.ranks = verdict.extent.ranks;
  judged.nodes = verdict.extent.nodes;
  return scheduling::TaskGraph::count(judged, verdict.extent.steps);
}

Verdict judge(const PlanOfText &input, const VerifyOptions &options) {
  const plan::Plan &plan = input.plan;
  Verdict verdict;
  verdict.plan = &plan;
  verdict.origins = input.origins;
  verdict.extent = scheduling::chooseExtent(plan, options.maxRanks.value_or(UINT32_MAX));
  verdict.unsupported = checkTiers(plan, verdict.extent, options.maxRanks);
  if (verdict.unsupported.empty())
    verdict.unsupported = scheduling::checkExtent(plan, verdict.extent);
  if (verdict.unsupported.empty()) {
    Working working(rt::concat("proof of ", countTasks(verdict), " tasks"));
    verdict.faults = scheduling::verifyPlan(plan, verdict.extent);
  }
  if (verdict.isProven() && options.allCountsUpTo) {
    Working working("matrices of counts");
    verdict.runs =
        scheduling::runAllCounts(plan, *options.allCountsUpTo, [&](uint64_t done, uint64_t of) {
          working.progress.update(done, of);
        });
  }
  return verdict;
}

//===----------------------------------------------------------------------===//
// Telling it
//===----------------------------------------------------------------------===//

void report(const Verdict &verdict, frontend::Diagnostics &reports) {
  const plan::Plan &plan = *verdict.plan;
  if (!verdict.unsupported.empty())
    reports.reportText(frontend::Severity::Unsupported, {}, verdict.unsupported);
  // One wrong op breaks many rules. Of many the first, which are the nearest, are told in full.
  constexpr ptrdiff_t mostTold = 3;
  ptrdiff_t untold = std::ssize(verdict.faults) - mostTold;
  for (const Fault &fault : verdict.faults) {
    frontend::Diagnostic &made = reports.reportText(
        frontend::Severity::Error, locate(reports.sources(), plan, fault.op),
        rt::concat(fault.message, " (rule ", scheduling::nameOf(fault.rule), ")"));
    frontend::Location other = locate(reports.sources(), plan, fault.other);
    if (other.isValid())
      made.at(other, rt::concat("'", plan.ops[*fault.other].name, "' is here"));
    if (std::optional<plan::Location> origin = originOf(verdict, fault.op))
      made.note(originText(*origin));
    bool isTold = &fault - verdict.faults.data() < mostTold;
    if (!isTold && &fault == &verdict.faults.back())
      made.note(untold == 1 ? "how this comes about: --json"
                            : rt::concat("how these last ", untold, " come about: --json"));
    for (const scheduling::TraceLine &line : fault.trace) {
      if (!isTold)
        break;
      std::string place = placeText(plan, line.op);
      made.note(line.op ? rt::concat(line.text, place.empty() ? "" : " -- ", place) : line.text);
    }
  }
}

std::string ranksText(const Extent &extent) {
  std::string text = rt::concat(extent.ranks, extent.ranks == 1 ? " rank" : " ranks");
  return extent.nodes == 1 ? text : rt::concat(text, " on ", extent.nodes, " nodes");
}

std::string summary(const Verdict &verdict) {
  const plan::Plan &plan = *verdict.plan;
  std::string text = rt::concat(plan.name, ": proven for ", ranksText(verdict.extent));
  if (verdict.extent.ranks != plan.ranks)
    text += rt::concat(" of its ", plan.ranks);
  text += rt::concat(", ", verdict.extent.steps, " steps, ", countTasks(verdict), " tasks\n");
  if (!verdict.runs)
    return text;
  std::string where;
  for (const Extent &extent : verdict.runs->extents)
    where += (where.empty() ? "" : ", ") + ranksText(extent);
  return text + rt::concat(plan.name, ": ", verdict.runs->runs, " runs with ", verdict.runs->counts,
                           verdict.runs->counts == 1 ? " matrix" : " matrices", " of counts",
                           verdict.runs->isExhaustive ? "" : " (a sample of them)", " on ", where,
                           " come out right\n");
}

rt::Json faultJson(const Verdict &verdict, const Fault &fault) {
  const plan::Plan &plan = *verdict.plan;
  std::optional<plan::Location> origin = originOf(verdict, fault.op);
  rt::Json trace = rt::Json::array();
  for (const scheduling::TraceLine &line : fault.trace)
    trace.push_back({{"text", line.text}, {"place", placeText(plan, line.op)}});
  return {{"rule", scheduling::nameOf(fault.rule)},
          {"message", fault.message},
          {"op", fault.op ? rt::Json(plan.ops[*fault.op].name) : rt::Json(nullptr)},
          {"place", placeText(plan, fault.op)},
          {"origin", origin ? rt::Json(placeText(*origin)) : rt::Json(nullptr)},
          {"other", fault.other ? rt::Json(plan.ops[*fault.other].name) : rt::Json(nullptr)},
          {"trace", std::move(trace)}};
}

rt::Json verdictJson(const Verdict &verdict) {
  rt::Json faults = rt::Json::array();
  for (const Fault &fault : verdict.faults)
    faults.push_back(faultJson(verdict, fault));
  rt::Json json = {{"plan", verdict.plan->name},    {"proven", verdict.isProven()},
                   {"ranks", verdict.extent.ranks}, {"nodes", verdict.extent.nodes},
                   {"steps", verdict.extent.steps}, {"tasks", countTasks(verdict)},
                   {"faults", std::move(faults)}};
  if (!verdict.unsupported.empty())
    json["unsupported"] = verdict.unsupported;
  if (verdict.runs)
    json["runs"] = {{"runs", verdict.runs->runs},
                    {"counts", verdict.runs->counts},
                    {"exhaustive", verdict.runs->isExhaustive}};
  return json;
}

int conclude(const std::vector<Verdict> &verdicts, frontend::Diagnostics &reports, bool json) {
  std::string text;
  rt::Json list = rt::Json::array();
  reports.keepOrder();
  for (const Verdict &verdict : verdicts) {
    report(verdict, reports);
    if (verdict.isProven())
      text += summary(verdict);
    list.push_back(verdictJson(verdict));
  }
  if (json)
    text = rt::dumpJson({{"plans", std::move(list)}}, 2) + "\n";
  if (int code = writeOutput("", text))
    return code;
  return json ? reports.exitCode() : showDiagnostics(reports, /*json=*/false);
}

int verifyAll(const Input &input, frontend::Diagnostics &reports, const VerifyOptions &options) {
  std::vector<Verdict> verdicts;
  for (const PlanOfText &plan : input.plans) {
    Verdict &verdict = verdicts.emplace_back(judge(plan, options));
    if (verdict.isProven() && !options.traffic.empty())
      if (rt::Status status = runTraffic(input, options, verdict); !status.ok())
        return showFailure(status, options.json);
    if (verdict.runs && verdict.runs->fault)
      verdict.faults = {*verdict.runs->fault};
  }
  return conclude(verdicts, reports, options.json);
}

int verifyModule(const rt::Result<rt::Module> &module, const VerifyOptions &options) {
  if (!module)
    return showFailure(module.status(), options.json);
  frontend::Diagnostics reports;
  for (const SourceFile &file : module->sources())
    reports.sources().add(file.name, file.text);
  return verifyAll({{{module->plan(), {}}}, module->manifest()}, reports, options);
}

} // namespace

int runVerify(const VerifyOptions &options) {
  if (options.allCountsUpTo && !options.traffic.empty())
    return showFailure(rt::invalidError("--traffic: wanted it without --all-counts-upto"),
                       options.json);
  if (options.input.ends_with(".moex"))
    return verifyModule(rt::Module::open(options.input), options);
  if (isSourcePath(options.input)) {
    CompileOptions compile;
    compile.input = options.input;
    compile.json = options.json;
    std::vector<uint8_t> bytes;
    if (int code = compileToMemory(compile, bytes))
      return code;
    return verifyModule(rt::Module::openMemory(bytes, options.input), options);
  }
  Compilation compilation;
  Input input;
  if (!compilation.loadIr(options.input, Phase::Schedule) || !compilation.buildPlans(input.plans)) {
    int code = showDiagnostics(compilation.diagnostics(), options.json);
    return code ? code : compilation.exitCode();
  }
  frontend::Diagnostics reports = compilation.diagnostics();
  return verifyAll(input, reports, options);
}

} // namespace moec::driver
