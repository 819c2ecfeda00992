//===- PlanReport.cpp - moec plan --report --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/PlanReport.h"

#include "frontend/driver/SimulateInput.h"
#include "frontend/driver/StudyInput.h"
#include "frontend/parser/Program.h"
#include "runtime/base/Text.h"
#include "runtime/plan/Expand.h"
#include "runtime/plan/Names.h"
#include "runtime/report/Report.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/study/Parallel.h"
#include "runtime/study/Step.h"
#include "runtime/topology/PcieTree.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>
#include <tuple>

namespace moec::driver {
namespace {

bool isModule(const PlanOptions &options) { return options.input.ends_with(".moex"); }

rt::Result<topology::Machine> machineFor(const PlanOptions &options, const Manifest &manifest) {
  std::string name = options.machine;
  if (name.empty())
    name = isModule(options) ? manifest.machine : options.input;
  if (name.empty())
    return rt::invalidError("--machine: wanted one, for ", options.input, " names none");
  frontend::Diagnostics reports;
  auto machine = frontend::parseMachine(name, reports);
  if (machine)
    return *std::move(machine);
  for (const frontend::Diagnostic &diagnostic : reports.all())
    return rt::invalidError("--machine: ", diagnostic.message);
  return rt::invalidError("--machine: wanted one, found ", rt::quote(name));
}

struct Settings {
  uint32_t window = 0; ///< 0: all
  bool ratesBySize = false;
  bool pipelinesExperts = false;
  bool operator==(const Settings &) const = default;
};

/// Of the plan's first put to a rank that wants what it brings; those to the ranks that hand
/// on between groups of one machine go one at a time.
Settings settingsOf(const plan::Plan &plan) {
  Settings settings;
  auto isFirst = [](const plan::Op &op) {
    return op.kind == plan::OpKind::Put && op.writes[0].items.kind != plan::ItemSetKind::M;
  };
  if (auto put = std::find_if(plan.ops.begin(), plan.ops.end(), isFirst); put != plan.ops.end())
    settings = {put->window, put->rates == plan::Rates::Sizes};
  for (const plan::Op &op : plan.ops)
    settings.pipelinesExperts |= op.kind == plan::OpKind::Compute &&
                                 op.task == plan::TaskKind::Experts && !op.domains.empty();
  return settings;
}

std::string settingsText(const Settings &settings, const plan::Plan &plan) {
  return rt::concat(settings.window ? rt::concat("window ", settings.window) : "all peers at once",
                    settings.ratesBySize ? ", rates by size" : "",
                    settings.pipelinesExperts ? ", experts by source" : "", ", ",
                    plan::nameOf(plan.sumTree));
}

/// What a step is simulated on.
struct Site {
  topology::Machine machine;
  topology::Shape shape;
  topology::Network network{1, 1};
};

rt::Result<Site> siteFor(topology::Machine machine, const plan::Plan &plan) {
  Site site;
  site.machine = std::move(machine);
  MOEC_ASSIGN_OR_RETURN(site.shape, study::shapeOf(site.machine, plan));
  MOEC_ASSIGN_OR_RETURN(
      site.network,
      topology::makeNetwork(site.machine, site.shape, {.copyEngine = plan::usesCopyEngines(plan)}));
  return site;
}

//===----------------------------------------------------------------------===//
// Other schedules
//===----------------------------------------------------------------------===//

struct Choice {
  const char *algorithm;
  Settings settings;
};

std::vector<Choice> choicesFor(const Site &site) {
  std::vector<Choice> choices;
  auto add = [&](const char *algorithm, uint32_t peers) {
    for (uint32_t window : {1u, 2u, 4u, 0u})
      if (window < peers)
        choices.push_back({algorithm, {window}});
    choices.push_back({algorithm, {0, true}});
  };
  add("staggered", site.network.getRanks());
  choices.push_back({"staggered", {0, false, true}});
  if (site.shape.nodes > 1)
    add("two_tier", std::max(site.shape.nodes, site.shape.lanes));
  uint32_t groups = topology::mergingGroups(site.machine, site.shape);
  if (site.shape.nodes == 1 && groups > 1)
    add("staged", site.shape.lanes / groups);
  return choices;
}

class Candidates {
public:
  Candidates(const PlanOptions &options, const Site &site, const plan::Plan &plan)
      : options(options), site(site), plan(plan) {}
  std::vector<report::Candidate> evaluate(const std::string &ownAlgorithm, double ownSeconds,
                                          double ownBound) const;

private:
  rt::Status evaluate(const Choice &choice, report::Candidate &candidate) const;
  rt::Result<traffic::ItemCounts> countsFor(const PlannedLayer &layer) const;

  const PlanOptions &options;
  const Site &site;
  const plan::Plan &plan;
};

rt::Result<traffic::ItemCounts> Candidates::countsFor(const PlannedLayer &layer) const {
  constexpr uint32_t defaultTokens = 4096;
  uint32_t most = layer.manifest.maxTokensPerRank;
  return readCounts(layer.plan, layer.manifest, options.traffic,
                    options.tokens.value_or(most ? most : defaultTokens), std::nullopt,
                    nodesOfCounts(layer.plan, site.machine, site.shape));
}

rt::Status Candidates::evaluate(const Choice &choice, report::Candidate &candidate) const {
  const Settings &settings = choice.settings;
  uint32_t window = settings.window ? settings.window : site.network.getRanks();
  MOEC_ASSIGN_OR_RETURN(PlannedLayer layer,
                        planFor(options.input, site.machine, site.shape,
                                rt::concat("algorithm ", choice.algorithm, "; window ", window,
                                           settings.ratesBySize ? "; rates sizes" : "",
                                           settings.pipelinesExperts ? "; pipeline experts" : "")));
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts, countsFor(layer));
  study::Step step{layer.plan,   layer.manifest, site.machine,
                   site.network, counts,         dispatchedBytesPerToken(layer.plan)};
  MOEC_ASSIGN_OR_RETURN(study::StepTimes times, study::timesOf(step));
  candidate.seconds = times.seconds;
  candidate.boundSeconds = study::boundOf(step).seconds;
  return rt::Status();
}

/// The plan itself, then what the source could have asked for, the fastest first.
std::vector<report::Candidate> Candidates::evaluate(const std::string &ownAlgorithm,
                                                    double ownSeconds, double ownBound) const {
  std::vector<Choice> choices = choicesFor(site);
  Settings own = settingsOf(plan);
  std::erase_if(choices, [&](const Choice &choice) {
    return choice.algorithm == ownAlgorithm && choice.settings == own;
  });
  std::vector<report::Candidate> found(choices.size());
  study::forEach(
      choices.size(), std::max(1u, std::thread::hardware_concurrency()),
      [&](size_t i) {
        found[i].algorithm = choices[i].algorithm;
        found[i].settings = settingsText(choices[i].settings, plan);
        found[i].why = evaluate(choices[i], found[i]).message();
      },
      [](size_t) {});
  found.push_back({.algorithm = ownAlgorithm,
                   .settings = settingsText(own, plan),
                   .seconds = ownSeconds,
                   .boundSeconds = ownBound,
                   .chosen = true,
                   .why = ""});
  auto key = [](const report::Candidate &candidate) {
    return std::tie(candidate.seconds, candidate.algorithm, candidate.settings);
  };
  std::sort(found.begin(), found.end(), [&](const auto &left, const auto &right) {
    if (left.why.empty() != right.why.empty()) // what cannot be comes last
      return left.why.empty();
    return key(left) < key(right);
  });
  return found;
}

//===----------------------------------------------------------------------===//
// The page
//===----------------------------------------------------------------------===//

std::vector<report::Fact> factsOf(const PlanOptions &options, const plan::Plan &plan,
                                  const Manifest &manifest, const Site &site,
                                  const std::string &algorithm, double tokens) {
  const Layer &layer = manifest.layer;
  auto counted = [](auto count, const char *what) {
    return rt::concat(count, " ", what, count == 1 ? "" : "s");
  };
  return {
      {"layer", layer.name},
      {"experts", rt::concat(layer.experts, ", top ", layer.router.topK, ", width ",
                             layer.expert.intermediate)},
      {"hidden", rt::concat(layer.hidden)},
      {"machine", site.machine.name},
      {"ranks", rt::concat(counted(plan.ranks, "rank"), " on ", counted(site.shape.nodes, "node"))},
      {"algorithm", rt::concat(algorithm, ", ", settingsText(settingsOf(plan), plan))},
      {"copies of each region", rt::concat(plan.depth)},
      {"traffic", options.traffic},
      {"tokens", rt::concat(std::llround(tokens))}};
}

std::vector<report::PhaseTime> phasesOf(const study::StepTimes &times,
                                        const bounds::LayerBound &bound) {
  return {{"dispatch", times.dispatchSeconds, bound.dispatch.seconds, bound.dispatch.resource},
          {"experts", times.expertsSeconds, bound.expertsSeconds, bound.expertsResource},
          {"combine", times.combineSeconds, bound.combine.seconds, bound.combine.resource},
          {"step", times.seconds, bound.seconds, bound.resource}};
}

} // namespace

rt::Result<std::string> reportPage(const PlanOptions &options, const plan::Plan &plan,
                                   const Manifest &manifest, const traffic::ItemCounts &counts,
                                   const std::string &algorithm) {
  MOEC_ASSIGN_OR_RETURN(topology::Machine machine, machineFor(options, manifest));
  MOEC_ASSIGN_OR_RETURN(Site site, siteFor(std::move(machine), plan));
  study::Step step{plan,         manifest, site.machine,
                   site.network, counts,   dispatchedBytesPerToken(plan)};
  MOEC_ASSIGN_OR_RETURN(study::StepTimes stepTimes, study::timesOf(step));
  bounds::LayerBound bound = study::boundOf(step);

  std::unique_ptr<simulator::KernelTimes> times = std::make_unique<simulator::NoKernelTimes>();
  auto rates = simulator::gpuRatesOf(site.machine, manifest.layer.weightsType);
  if (rates)
    times = std::make_unique<simulator::Roofline>(manifest.layer, manifest.placement, *rates);
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph, simulator::makePlanTasks(plan, counts, *times));
  MOEC_ASSIGN_OR_RETURN(simulator::Simulation simulation, simulator::simulate(graph, site.network));
  report::Report report{
      .title = rt::concat(manifest.layer.name, " on ", site.machine.name),
      .facts = factsOf(options, plan, manifest, site, algorithm, step.tokens()),
      .seconds = simulation.seconds,
      .boundSeconds = bound.seconds,
      .boundBy = bound.resource,
      .phases = phasesOf(stepTimes, bound),
      .candidates = {},
      .candidatesNote = "",
      .plan = plan,
      .network = site.network,
      .graph = graph,
      .simulation = simulation,
  };
  if (!rates)
    report.facts.push_back({"kernels", "take no time: " + rates.status().message()});
  if (!isModule(options))
    report.candidates =
        Candidates(options, site, plan).evaluate(algorithm, simulation.seconds, bound.seconds);
  return report::pageOf(report);
}

} // namespace moec::driver
