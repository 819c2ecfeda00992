//===- WhatIf.cpp - moec whatif -------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/WhatIf.h"

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/SimulateInput.h"
#include "frontend/driver/StudyInput.h"
#include "runtime/study/Parallel.h"
#include "runtime/tools/Progress.h"
#include "runtime/topology/Drawing.h"

#include <algorithm>
#include <thread>

namespace moec::driver {
namespace {

/// A machine with the ranks on it, and the plans of all schedules that were named.
struct Site {
  topology::Shape shape = {0, 0};
  rt::Result<topology::Network> network = topology::Network(1, 1);
  std::vector<rt::Result<PlannedLayer>> plans; ///< [schedule]
};

class Study {
public:
  Study(const WhatIfOptions &options, const StudyInput &input,
        const std::vector<study::ScheduleChoice> &schedules);
  study::WhatIf run();

private:
  void prepare(size_t machine);
  study::MachineStep evaluate(size_t machine, const traffic::Traffic &traffic,
                              const study::WhatIfCase &at) const;
  /// By one schedule; `step` keeps the fastest so far, `counts` the sizes for the next.
  rt::Status add(size_t machine, size_t schedule, const traffic::Traffic &traffic,
                 const study::WhatIfCase &at, std::optional<traffic::ItemCounts> &counts,
                 study::MachineStep &step) const;

  const WhatIfOptions &options;
  const StudyInput &input;
  const std::vector<study::ScheduleChoice> &schedules;
  const uint32_t ranks;
  const unsigned threads;
  std::vector<Site> sites; ///< [machine]
};

Study::Study(const WhatIfOptions &options, const StudyInput &input,
             const std::vector<study::ScheduleChoice> &schedules)
    : options(options), input(input), schedules(schedules),
      ranks(options.ranks.value_or(input.ranks)),
      threads(options.threads.value_or(std::max(1u, std::thread::hardware_concurrency()))),
      sites(input.machines.size()) {}

void Study::prepare(size_t machine) {
  Site &site = sites[machine];
  auto shape = topology::shapeFor(input.machines[machine], ranks);
  if (!shape) {
    site.network = shape.status();
    return;
  }
  site.shape = *shape;
  site.network = topology::makeNetwork(input.machines[machine], *shape, {.copyEngine = true});
  if (site.network.ok())
    for (const study::ScheduleChoice &schedule : schedules)
      site.plans.push_back(
          planFor(input.source, input.machines[machine], *shape, schedule.statements()));
}

rt::Status Study::add(size_t machine, size_t schedule, const traffic::Traffic &traffic,
                      const study::WhatIfCase &at, std::optional<traffic::ItemCounts> &counts,
                      study::MachineStep &best) const {
  const Site &site = sites[machine];
  if (!site.plans[schedule])
    return site.plans[schedule].status();
  const auto &[plan, manifest] = *site.plans[schedule];
  // Schedules share the traffic; tokens of a matrix of bytes depend on what the plan sends.
  if (!counts || traffic.kind == traffic::TrafficKind::Bytes) {
    MOEC_ASSIGN_OR_RETURN(
        counts, countsOf(plan, manifest, traffic, at.tokens.value_or(0), options.trafficLayer,
                         nodesOfCounts(plan, input.machines[machine], site.shape)));
  }
  double sent = dispatchedBytesPerToken(plan);
  MOEC_ASSIGN_OR_RETURN(
      study::StepParts parts,
      study::partsOf({plan, manifest, input.machines[machine], *site.network, *counts, sent}));
  MOEC_ASSIGN_OR_RETURN(study::StepTimes alone, study::timesOf({plan, manifest, input.machines[0],
                                                                *site.network, *counts, sent}));
  bool isFirst = best.parts.seconds == 0;
  if (isFirst || parts.seconds < best.parts.seconds) {
    best.parts = parts;
    best.schedule = schedules[schedule].statements();
  }
  if (isFirst || alone.seconds < best.linksAloneSeconds)
    best.linksAloneSeconds = alone.seconds;
  return rt::Status();
}

study::MachineStep Study::evaluate(size_t machine, const traffic::Traffic &traffic,
                                   const study::WhatIfCase &at) const {
  study::MachineStep step;
  if (!sites[machine].network.ok()) {
    step.why = sites[machine].network.status().message();
    return step;
  }
  std::optional<traffic::ItemCounts> counts;
  for (size_t schedule = 0; schedule < schedules.size(); ++schedule) {
    rt::Status status = add(machine, schedule, traffic, at, counts, step);
    if (!status.ok() && step.why.empty())
      step.why = status.message();
  }
  if (step.parts.seconds > 0)
    step.why.clear(); // one schedule that fits is enough
  return step;
}

study::WhatIf Study::run() {
  run::Terminal terminal = run::Terminal::ofProcess();
  run::Progress progress(terminal, "steps");
  study::WhatIf study{.layer = input.layer,
                      .ranks = ranks,
                      .sites = {},
                      .restSeconds = options.restMicroseconds * 1e-6,
                      .cases = {}};
  study::forEach(sites.size(), threads, [&](size_t machine) { prepare(machine); });
  for (size_t machine = 0; machine < sites.size(); ++machine) {
    const topology::Machine &named = input.machines[machine];
    study.sites.push_back({.machine = named.name,
                           .nodes = sites[machine].shape.nodes,
                           .gpusOfNode = named.gpusPerNode.value_or(0),
                           .assumptions = {}});
    for (const topology::Fact &fact : topology::assumptionsOf(named))
      study.sites.back().assumptions.push_back(
          rt::concat(fact.what, " ", fact.value, fact.source.empty() ? ", without a source" : ": ",
                     fact.source));
  }
  std::vector<const traffic::Traffic *> traffics; // [case]
  for (const traffic::Traffic &traffic : input.traffics) {
    bool isSaid = hasTokens(traffic);
    for (uint32_t tokens : options.tokens) {
      study.cases.push_back({traffic.text, isSaid ? std::nullopt : std::optional(tokens),
                             std::vector<study::MachineStep>(sites.size())});
      traffics.push_back(&traffic);
      if (isSaid)
        break;
    }
  }
  size_t count = study.cases.size() * sites.size();
  study::forEach(
      count, threads,
      [&](size_t i) {
        size_t at = i / sites.size(), machine = i % sites.size();
        study.cases[at].steps[machine] = evaluate(machine, *traffics[at], study.cases[at]);
      },
      [&](size_t done) { progress.update(done, count); });
  return study;
}

} // namespace

/// Two sizes of steps, decoding and prefill, where nobody says, as far as the layer takes them.
static rt::Status chooseTokens(uint32_t most, std::vector<uint32_t> &tokens) {
  if (tokens.empty()) {
    tokens = {32, 4096};
    if (most)
      tokens = most > 32 ? std::vector{32u, std::min(most, 4096u)} : std::vector{most};
  }
  for (uint32_t ofRank : tokens)
    MOEC_RETURN_IF_ERROR(checkTokens("--tokens", ofRank, most));
  return rt::Status();
}

/// The first machine with a step in any case; as many as there are machines: none.
static size_t findBase(const study::WhatIf &study) {
  size_t machine = 0;
  auto hasStep = [&](const study::WhatIfCase &at) { return at.steps[machine].why.empty(); };
  while (machine < study.sites.size() &&
         std::none_of(study.cases.begin(), study.cases.end(), hasStep))
    ++machine;
  return machine;
}

static rt::Status nothingFits(const study::WhatIf &study) {
  std::vector<std::string> reasons;
  for (const study::WhatIfCase &at : study.cases)
    for (const study::MachineStep &step : at.steps)
      reasons.push_back(step.why);
  return nothingCanBe("no machine to compare", reasons);
}

int runWhatIf(const WhatIfOptions &given) {
  WhatIfOptions options = given;
  std::vector<study::ScheduleChoice> schedules = schedulesOf(options.algorithms, options.combines);
  StudyInput input;
  if (int code = readStudy(options.input, options.machines, options.traffics, schedules,
                           options.json, input))
    return code;
  if (rt::Status status = checkTraffics(input, !options.tokens.empty(), options.trafficLayer);
      !status.ok())
    return showFailure(status, options.json);
  if (rt::Status status = chooseTokens(input.mostTokens, options.tokens); !status.ok())
    return showFailure(status, options.json);
  study::WhatIf study = Study(options, input, schedules).run();
  size_t base = findBase(study);
  if (base == input.machines.size())
    return showFailure(nothingFits(study), options.json);
  if (base > 0) { // factors over a machine that has no step say nothing of the others
    auto first = input.machines.begin();
    std::rotate(first, first + base, first + base + 1);
    study = Study(options, input, schedules).run();
  }
  return writeOutput("", options.json ? study::whatIfJson(study) : study::whatIfText(study));
}

} // namespace moec::driver
