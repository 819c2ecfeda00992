//===- PlanReport.cpp - moec plan --report --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/PlanReport.h"

#include "frontend/driver/MachineInput.h"
#include "frontend/driver/SimulateInput.h"
#include "frontend/driver/StudyInput.h"
#include "passes/scheduling/Candidates.h"
#include "runtime/base/Text.h"
#include "runtime/plan/Expand.h"
#include "runtime/plan/Names.h"
#include "runtime/report/Report.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/study/Parallel.h"
#include "runtime/study/Step.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>
#include <tuple>

namespace moec::driver {
namespace {

struct Settings {
  uint32_t window = 0; ///< 0: all
  bool eachPeer = false;
  bool ratesBySize = false;
  bool pipelinesExperts = false;
};

/// Of the plan's first put to a rank that wants what it brings; those to the ranks that hand
/// on between groups of one machine go one at a time.
Settings settingsOf(const plan::Plan &plan) {
  Settings settings;
  auto isFirst = [](const plan::Op &op) {
    return op.kind == plan::OpKind::Put && op.writes[0].items.kind != plan::ItemSetKind::M;
  };
  if (auto put = std::find_if(plan.ops.begin(), plan.ops.end(), isFirst); put != plan.ops.end())
    settings = {put->window, put->eachPeer, put->rates == plan::Rates::Sizes};
  for (const plan::Op &op : plan.ops)
    settings.pipelinesExperts |= op.kind == plan::OpKind::Compute &&
                                 op.task == plan::TaskKind::Experts && !op.domains.empty();
  return settings;
}

/// What is cut, as the schedule block spells it; of a birkhoff plan, which has no statement
/// for it, in how many stages nodes meet.
std::string cutText(const plan::Plan &plan) {
  if (plan.stages == 1)
    return "";
  bool inStages = std::any_of(plan.ops.begin(), plan.ops.end(), [](const plan::Op &op) {
    return op.kind == plan::OpKind::Compute && op.task == plan::TaskKind::Stages;
  });
  if (inStages)
    return rt::concat(", ", plan.stages, " stages");
  return rt::concat(", chunks ", plan.stages, plan::cutsByLanes(plan) ? ", spray lanes" : "");
}

std::string settingsText(const Settings &settings, const plan::Plan &plan) {
  std::string window = rt::concat("window ", settings.window, settings.eachPeer ? " each" : "");
  return rt::concat(settings.window ? window : "all peers at once", cutText(plan),
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

/// The same tasks, whatever lines they are from.
bool isSame(plan::Plan a, plan::Plan b) {
  for (plan::Plan *plan : {&a, &b})
    for (plan::Op &op : plan->ops)
      op.location = {};
  a.name = b.name;
  return a == b;
}

class Candidates {
public:
  Candidates(const PlanOptions &options, const Site &site, const plan::Plan &plan)
      : options(options), site(site), plan(plan) {}
  std::vector<report::Candidate> evaluate(const std::string &ownAlgorithm, double ownSeconds,
                                          double ownBound) const;

private:
  rt::Status evaluate(const std::string &statements, report::Candidate &candidate,
                      bool &isOwn) const;
  rt::Result<traffic::ItemCounts> countsFor(const PlannedLayer &layer) const;

  const PlanOptions &options;
  const Site &site;
  const plan::Plan &plan;
};

rt::Result<traffic::ItemCounts> Candidates::countsFor(const PlannedLayer &layer) const {
  uint32_t most = layer.manifest.maxTokensPerRank;
  return readCounts(layer.plan, layer.manifest, options.traffic,
                    options.tokens.value_or(defaultTokens(most)), options.trafficLayer,
                    nodesOfCounts(layer.plan, site.machine, site.shape));
}

rt::Status Candidates::evaluate(const std::string &statements, report::Candidate &candidate,
                                bool &isOwn) const {
  MOEC_ASSIGN_OR_RETURN(PlannedLayer layer,
                        planFor(options.input, site.machine, site.shape, statements));
  isOwn = isSame(layer.plan, plan);
  MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts, countsFor(layer));
  study::Step step{layer.plan,   layer.manifest, site.machine,
                   site.network, counts,         dispatchedBytesPerToken(layer.plan)};
  MOEC_ASSIGN_OR_RETURN(study::StepTimes times, study::timesOf(step));
  candidate.seconds = times.seconds;
  candidate.boundSeconds = study::boundOf(step).seconds;
  return rt::Status();
}

/// "algorithm two_tier; chunks 8": the algorithm and what is said behind it.
report::Candidate namedBy(const std::string &statements) {
  constexpr std::string_view keyword = "algorithm ";
  size_t end = std::min(statements.find("; "), statements.size());
  report::Candidate candidate;
  candidate.algorithm = statements.substr(keyword.size(), end - keyword.size());
  candidate.settings = end < statements.size() ? statements.substr(end + 2) : "as it is";
  return candidate;
}

/// The plan itself and what 'algorithm auto' chooses from, the fastest first.
std::vector<report::Candidate> Candidates::evaluate(const std::string &ownAlgorithm,
                                                    double ownSeconds, double ownBound) const {
  std::vector<std::string> choices = candidateStatements(site.machine);
  std::vector<report::Candidate> tried(choices.size()), found;
  std::unique_ptr<bool[]> areOwn = std::make_unique<bool[]>(choices.size());
  study::forEach(
      choices.size(), std::max(1u, std::thread::hardware_concurrency()),
      [&](size_t i) {
        tried[i] = namedBy(choices[i]);
        tried[i].why = evaluate(choices[i], tried[i], areOwn[i]).message();
      },
      [](size_t) {});
  for (size_t i = 0; i < tried.size(); ++i)
    if (!areOwn[i])
      found.push_back(std::move(tried[i]));
  found.push_back({.algorithm = ownAlgorithm,
                   .settings = settingsText(settingsOf(plan), plan),
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

rt::Result<std::string> reportPage(const PlanOptions &options, const topology::Machine &machine,
                                   const plan::Plan &plan, const Manifest &manifest,
                                   const traffic::ItemCounts &counts,
                                   const std::string &algorithm) {
  MOEC_ASSIGN_OR_RETURN(Site site, siteFor(machine, plan));
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
  if (isSourcePath(options.input))
    report.candidates =
        Candidates(options, site, plan).evaluate(algorithm, simulation.seconds, bound.seconds);
  return report::pageOf(report);
}

} // namespace moec::driver
