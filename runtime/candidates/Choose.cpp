//===- Choose.cpp - Cost schedules and choose one -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/candidates/Choose.h"

#include "runtime/base/Text.h"
#include "runtime/plan/Expand.h"
#include "runtime/simulator/Floor.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/simulator/Simulate.h"
#include "runtime/study/Parallel.h"
#include "runtime/study/Step.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <numeric>
#include <thread>

namespace moec::candidates {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class Chooser {
public:
  Chooser(const Setting &setting, std::vector<CandidatePlan> plans, std::vector<Load> loads)
      : setting(setting), plans(std::move(plans)), loads(std::move(loads)) {}
  rt::Result<CandidateTable> run(Effort effort);

private:
  rt::Status prepare();
  rt::Result<simulator::TaskGraph> tasksOf(size_t candidate, size_t bucket) const;
  rt::Status bound(size_t candidate, size_t bucket);
  rt::Status simulate(size_t candidate, size_t bucket);
  rt::Status forAll(rt::Status (Chooser::*part)(size_t candidate, size_t bucket));
  rt::Status findBest(size_t bucket);
  rt::Status settle(size_t candidate);
  rt::Status findChoice();
  size_t leastRatio() const;
  Cost &costOf(size_t candidate, size_t bucket) {
    return table.candidates[candidate].costs[bucket];
  }
  bool fits(size_t candidate) const { return table.candidates[candidate].fits(); }
  bool isFor(size_t candidate, size_t bucket) const {
    return fits(candidate) && table.candidates[candidate].suits(table.buckets[bucket].tokens);
  }

  const Setting &setting;
  std::vector<CandidatePlan> plans;
  std::vector<Load> loads;
  topology::Network network{1, 1};
  std::unique_ptr<simulator::KernelTimes> times;
  CandidateTable table;
  bool maySimulate = true;
  bool isForPeople = false; ///< bounds are shown
};

rt::Status Chooser::prepare() {
  MOEC_ASSIGN_OR_RETURN(topology::Shape shape, shapeOf(setting, plans));
  bool copies = std::any_of(plans.begin(), plans.end(), [](const CandidatePlan &candidate) {
    return plan::usesCopyEngines(candidate.plan);
  });
  MOEC_ASSIGN_OR_RETURN(network,
                        topology::makeNetwork(setting.machine, shape, {.copyEngine = copies}));
  const Layer &layer = setting.manifest.layer;
  // A machine that says no rates computes in no time: transfers still tell schedules apart.
  if (auto rates = simulator::gpuRatesOf(setting.machine, layer.weightsType))
    times = std::make_unique<simulator::Roofline>(layer, setting.manifest.placement, *rates);
  else
    times = std::make_unique<simulator::NoKernelTimes>();
  table.layer = layer.name;
  table.machine = setting.machine.name;
  table.ranks = setting.manifest.ranks;
  table.nodes = shape.nodes;
  table.tokens = setting.tokens;
  for (const Load &load : loads)
    table.buckets.push_back(load.bucket);
  for (const CandidatePlan &plan : plans) {
    Candidate &candidate = table.candidates.emplace_back();
    candidate.schedule = plan.schedule;
    candidate.misfit = plan.misfit;
    candidate.pieces = plan.pieces;
    if (candidate.fits() && !candidate.suits(setting.tokens))
      candidate.misfit =
          rt::concat("of ", setting.tokens, setting.tokens == 1 ? " token" : " tokens", " most of ",
                     plan.pieces, " pieces are empty");
    if (candidate.fits())
      candidate.costs.resize(loads.size());
  }
  table.best.resize(loads.size());
  return rt::Status();
}

rt::Result<simulator::TaskGraph> Chooser::tasksOf(size_t candidate, size_t bucket) const {
  return simulator::makePlanTasks(plans[candidate].plan, loads[bucket].counts, *times);
}

/// What can be said without simulating.
rt::Status Chooser::bound(size_t candidate, size_t bucket) {
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph, tasksOf(candidate, bucket));
  Cost &cost = costOf(candidate, bucket);
  simulator::Floor floor = simulator::floorOf(graph, network);
  cost.floorSeconds = floor.seconds;
  cost.floorBy = floor.reason;
  if (!isForPeople)
    return rt::Status();
  bounds::LayerBound least =
      study::boundOf({plans[candidate].plan, setting.manifest, setting.machine, network,
                      loads[bucket].counts, plans[candidate].sentBytesPerToken});
  cost.boundSeconds = least.seconds;
  cost.boundBy = least.resource;
  return rt::Status();
}

rt::Status Chooser::simulate(size_t candidate, size_t bucket) {
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph, tasksOf(candidate, bucket));
  MOEC_ASSIGN_OR_RETURN(simulator::Simulation simulation, simulator::simulate(graph, network));
  costOf(candidate, bucket).seconds = simulation.seconds;
  return rt::Status();
}

/// Each costs a graph of all tasks of a step, and knows nothing of the others.
rt::Status Chooser::forAll(rt::Status (Chooser::*part)(size_t candidate, size_t bucket)) {
  std::vector<rt::Status> done(plans.size() * loads.size());
  study::forEach(done.size(), std::max(1u, std::thread::hardware_concurrency()), [&](size_t i) {
    if (fits(i / loads.size()))
      done[i] = (this->*part)(i / loads.size(), i % loads.size());
  });
  for (rt::Status &status : done)
    MOEC_RETURN_IF_ERROR(std::move(status));
  return rt::Status();
}

/// By ascending floors, until a floor is above what another takes.
rt::Status Chooser::findBest(size_t bucket) {
  std::vector<size_t> order;
  for (size_t candidate = 0; candidate < plans.size(); ++candidate)
    if (isFor(candidate, bucket))
      order.push_back(candidate);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return costOf(a, bucket).floorSeconds < costOf(b, bucket).floorSeconds;
  });
  double least = infinity;
  for (size_t candidate : order) {
    Cost &cost = costOf(candidate, bucket);
    if (maySimulate && !cost.isSimulated() && cost.floorSeconds < least)
      MOEC_RETURN_IF_ERROR(simulate(candidate, bucket));
    if (cost.isSimulated() || !maySimulate)
      least = std::min(least, cost.least());
  }
  for (size_t candidate = plans.size(); candidate-- > 0;) // the plainest of equals
    if (isFor(candidate, bucket) && costOf(candidate, bucket).least() <= least)
      table.best[bucket] = candidate;
  return rt::Status();
}

size_t Chooser::leastRatio() const {
  size_t least = plans.size();
  double ratio = infinity;
  for (size_t candidate = 0; candidate < plans.size(); ++candidate)
    if (fits(candidate) && worstRatio(table, table.candidates[candidate]) < ratio) {
      least = candidate;
      ratio = worstRatio(table, table.candidates[candidate]);
    }
  return least;
}

/// Simulates what of the candidate is not known and counts.
rt::Status Chooser::settle(size_t candidate) {
  for (size_t bucket = 0; maySimulate && bucket < loads.size(); ++bucket)
    if (isCounted(table, table.buckets[bucket]) && !costOf(candidate, bucket).isSimulated())
      MOEC_RETURN_IF_ERROR(simulate(candidate, bucket));
  return rt::Status();
}

rt::Status Chooser::findChoice() {
  // Whoever seems best is simulated until it is known to be.
  double least = infinity;
  for (size_t last = plans.size(), candidate = leastRatio(); candidate != last;
       candidate = leastRatio()) {
    MOEC_RETURN_IF_ERROR(settle(candidate));
    last = candidate;
    least = worstRatio(table, table.candidates[candidate]);
  }
  for (size_t candidate = 0; candidate < plans.size(); ++candidate) {
    if (!fits(candidate) || worstRatio(table, table.candidates[candidate]) > equalRatio * least)
      continue;
    MOEC_RETURN_IF_ERROR(settle(candidate));
    if (worstRatio(table, table.candidates[candidate]) > equalRatio * least)
      continue;
    table.chosen = candidate;
    break;
  }
  return rt::Status();
}

rt::Result<CandidateTable> Chooser::run(Effort effort) {
  MOEC_RETURN_IF_ERROR(prepare());
  maySimulate = effort != Effort::Floors;
  isForPeople = effort == Effort::All;
  MOEC_RETURN_IF_ERROR(forAll(&Chooser::bound));
  if (effort == Effort::All)
    MOEC_RETURN_IF_ERROR(forAll(&Chooser::simulate));
  for (size_t bucket = 0; bucket < loads.size(); ++bucket)
    MOEC_RETURN_IF_ERROR(findBest(bucket));
  MOEC_RETURN_IF_ERROR(findChoice());
  return std::move(table);
}

} // namespace

rt::Result<topology::Shape> shapeOf(const Setting &setting,
                                    std::span<const CandidatePlan> candidates) {
  auto fit = std::find_if(candidates.begin(), candidates.end(),
                          [](const CandidatePlan &plan) { return plan.misfit.empty(); });
  if (fit == candidates.end())
    return rt::invalidError("no schedule fits: ",
                            candidates.empty() ? "there is none to try" : candidates[0].misfit);
  return study::shapeOf(setting.machine, fit->plan);
}

std::vector<uint32_t> tokenBuckets(uint32_t most) {
  std::vector<uint32_t> tokens;
  for (uint32_t bucket : {1u, 16u, 128u, 1024u, 4096u})
    if (bucket < most)
      tokens.push_back(bucket);
  tokens.push_back(most);
  return tokens;
}

std::span<const char *const> skewBuckets() {
  static constexpr std::array skews = {"uniform", "lognormal:0.3:1", "lognormal:0.6:1",
                                       "lognormal:1:1"};
  return skews;
}

rt::Result<CandidateTable> choose(const Setting &setting, std::vector<CandidatePlan> candidates,
                                  std::vector<Load> loads, Effort effort) {
  return Chooser(setting, std::move(candidates), std::move(loads)).run(effort);
}

} // namespace moec::candidates
