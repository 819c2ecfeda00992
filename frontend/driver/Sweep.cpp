//===- Sweep.cpp - moec sweep ---------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks, then plans, then simulations, each kind on all threads: what later rows
// share is made once. A row's place follows from its axes alone.
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/driver/SimulateInput.h"
#include "frontend/driver/StudyInput.h"
#include "runtime/base/File.h"
#include "runtime/study/Parallel.h"
#include "runtime/tools/Progress.h"

#include <thread>

namespace moec::driver {
namespace {

/// A machine with ranks on it.
struct Site {
  const topology::Machine *machine = nullptr;
  uint32_t ranks = 0;
  topology::Shape shape = {0, 0};
  rt::Result<topology::Network> network = topology::Network(1, 1);
};

struct Planned {
  const Site *site = nullptr;
  const study::ScheduleChoice *schedule = nullptr;
  rt::Result<PlannedLayer> layer = PlannedLayer();
};

struct Point {
  const Planned *planned = nullptr;
  const traffic::Traffic *traffic = nullptr;
  std::optional<uint32_t> tokens; ///< none: the traffic brings its own
};

class Sweep {
public:
  Sweep(const SweepOptions &options, const StudyInput &input,
        const std::vector<study::ScheduleChoice> &schedules);
  std::vector<study::SweepRow> run();

private:
  void makeNetwork(Site &site) const;
  void compile(Planned &planned) const;
  void evaluate(const Point &point, study::SweepRow &row) const;
  template <typename T> void forAll(std::vector<T> &items, const char *what, auto body);

  const SweepOptions &options;
  const StudyInput &input;
  std::vector<Site> sites;
  std::vector<Planned> plans;
  std::vector<Point> points;
};

Sweep::Sweep(const SweepOptions &options, const StudyInput &input,
             const std::vector<study::ScheduleChoice> &schedules)
    : options(options), input(input) {
  const std::vector<uint32_t> ranks =
      options.ranks.empty() ? std::vector{input.ranks} : options.ranks;
  for (const topology::Machine &machine : input.machines)
    for (uint32_t count : ranks) {
      sites.emplace_back();
      sites.back().machine = &machine;
      sites.back().ranks = count;
    }
  for (const Site &site : sites)
    for (const study::ScheduleChoice &schedule : schedules) {
      plans.emplace_back();
      plans.back().site = &site;
      plans.back().schedule = &schedule;
    }
  std::vector<std::optional<uint32_t>> tokens(options.tokens.begin(), options.tokens.end());
  if (tokens.empty())
    tokens.push_back(defaultTokens(input.mostTokens));
  for (const Planned &planned : plans)
    for (const traffic::Traffic &traffic : input.traffics) {
      if (hasTokens(traffic))
        points.push_back({&planned, &traffic, std::nullopt});
      else
        for (std::optional<uint32_t> count : tokens)
          points.push_back({&planned, &traffic, count});
    }
}

template <typename T> void Sweep::forAll(std::vector<T> &items, const char *what, auto body) {
  run::Terminal terminal = run::Terminal::ofProcess();
  run::Progress progress(terminal, what);
  unsigned threads = options.threads.value_or(std::max(1u, std::thread::hardware_concurrency()));
  study::forEach(
      items.size(), threads, [&](size_t i) { body(items[i], i); },
      [&](size_t done) { progress.update(done, items.size()); });
}

void Sweep::makeNetwork(Site &site) const {
  auto shape = options.machines.empty() ? ownShape(input, site.ranks)
                                        : topology::shapeFor(*site.machine, site.ranks);
  if (!shape) {
    site.network = shape.status();
    return;
  }
  site.shape = *shape;
  site.network = topology::makeNetwork(*site.machine, *shape, {.copyEngine = true});
}

void Sweep::compile(Planned &planned) const {
  const Site &site = *planned.site;
  planned.layer = site.network.ok() ? planFor(input.source, *site.machine, site.shape,
                                              planned.schedule->statements())
                                    : rt::Result<PlannedLayer>(site.network.status());
}

void Sweep::evaluate(const Point &point, study::SweepRow &row) const {
  const Planned &planned = *point.planned;
  const Site &site = *planned.site;
  row.machine = site.machine->name;
  row.ranks = site.ranks;
  row.nodes = site.shape.nodes;
  row.schedule = *planned.schedule;
  row.traffic = point.traffic->text;
  row.tokens = point.tokens;
  auto fill = [&]() -> rt::Status {
    if (!planned.layer)
      return planned.layer.status();
    const auto &[plan, manifest] = *planned.layer;
    MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                          countsOf(plan, manifest, *point.traffic, point.tokens.value_or(0),
                                   options.trafficLayer,
                                   nodesOfCounts(plan, *site.machine, site.shape)));
    study::Step step{plan,          manifest, *site.machine,
                     *site.network, counts,   dispatchedBytesPerToken(plan)};
    MOEC_ASSIGN_OR_RETURN(row.times, study::timesOf(step));
    bounds::LayerBound bound = study::boundOf(step);
    row.boundSeconds = bound.seconds;
    row.boundBy = bound.resource;
    if (options.phases) {
      MOEC_ASSIGN_OR_RETURN(row.alone, study::phasesOf(step));
      row.aloneBound = {bound.dispatch.seconds, bound.combine.seconds};
    }
    row.allTokens = step.tokens();
    return rt::Status();
  };
  row.why = fill().message();
}

std::vector<study::SweepRow> Sweep::run() {
  forAll(sites, "networks", [&](Site &site, size_t) { makeNetwork(site); });
  forAll(plans, "plans", [&](Planned &planned, size_t) { compile(planned); });
  std::vector<study::SweepRow> rows(points.size());
  forAll(points, "steps", [&](const Point &point, size_t i) { evaluate(point, rows[i]); });
  return rows;
}

rt::Status refuseToReplaceInputs(const SweepOptions &options) {
  std::vector<std::string> inputs = {options.input};
  inputs.insert(inputs.end(), options.machines.begin(), options.machines.end());
  inputs.insert(inputs.end(), options.traffics.begin(), options.traffics.end());
  for (const std::string &input : inputs)
    if (rt::Status status = rt::refuseToReplace(input, options.output, "--output"); !status.ok())
      return status;
  return rt::Status();
}

} // namespace

int runSweep(const SweepOptions &options) {
  auto format = study::tableFormatFromName(options.format);
  if (!format)
    return showFailure(
        rt::invalidError("--format: wanted md, csv or jsonl, found '", options.format, "'"));
  if (rt::Status status = refuseToReplaceInputs(options); !status.ok())
    return showFailure(status);
  std::vector<study::ScheduleChoice> schedules = schedulesOf(options.algorithms, options.combines);
  StudyInput input;
  input.hasRowForEach = true;
  if (int code = readStudy(options.input, options.machines, options.traffics, schedules,
                           /*json=*/false, input))
    return code;
  if (rt::Status status = checkTraffics(input, !options.tokens.empty(), options.trafficLayer);
      !status.ok())
    return showFailure(status);
  std::vector<study::SweepRow> rows = Sweep(options, input, schedules).run();
  std::vector<std::string> reasons;
  for (const study::SweepRow &row : rows)
    if (!row.why.empty())
      reasons.push_back(row.why);
  if (reasons.size() == rows.size()) // a table without a figure answers nothing
    return showFailure(nothingCanBe("none of the combinations can be", reasons));
  return writeOutput(options.output, study::tableText(rows, *format));
}

} // namespace moec::driver
