//===- ModelRun.cpp - Run a plan on a hostile machine ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelRun.h"

#include "passes/scheduling/AbstractRun.h"
#include "passes/scheduling/Explain.h"
#include "passes/scheduling/ModelMemory.h"
#include "passes/scheduling/ModelTasks.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace moec::scheduling {

namespace {

/// What a run does next, and how it is drawn.
class Dice {
public:
  explicit Dice(uint64_t seed) : random(seed) {
    constexpr double eagerness[] = {0.02, 0.5, 0.95};
    landing = eagerness[random() % std::size(eagerness)];
    mood = random() % 3;
  }
  bool wantsToLand() { return std::bernoulli_distribution(landing)(random); }
  size_t pick(size_t count) { return random() % count; }
  /// Of the tasks that can run: any, or nearly always one of a favourite rank or op.
  size_t pickTask(const TaskGraph &graph, const std::vector<TaskId> &tasks) {
    if (mood == 0 || pick(20) == 0)
      return pick(tasks.size());
    auto rate = [&](TaskId id) {
      uint64_t key = mood == 1 ? graph[id].rank : graph[id].op;
      return (key + 1) * 0x9e3779b97f4a7c15 ^ favourite;
    };
    return std::max_element(tasks.begin(), tasks.end(),
                            [&](TaskId a, TaskId b) { return rate(a) < rate(b); }) -
           tasks.begin();
  }

private:
  std::mt19937_64 random;
  double landing;
  uint64_t mood;
  uint64_t favourite = random();
};

class Run {
public:
  Run(const plan::Plan &plan, const std::vector<ModelTraffic> &steps, uint64_t seed)
      : graph(plan, static_cast<uint32_t>(steps.size())), memory(graph),
        tasks(graph, steps, memory), dice(seed) {}
  std::optional<Fault> run();

private:
  void prepare();
  std::vector<TaskId> getReady() const;
  void finish(TaskId node);
  Fault fail(std::optional<TaskId> task, std::string message) const;

  TaskGraph graph;
  ModelMemory memory;
  ModelTasks tasks;
  Dice dice;
  std::vector<std::vector<TaskId>> successors;
  std::vector<size_t> left; ///< by node: predecessors that have not run
  std::vector<TaskId> open; ///< tasks whose predecessors have run
  std::vector<TaskId> done; ///< in the order in which they ran
};

} // namespace

/// By nodes of the graph: tasks, and ends of steps, which do nothing.
void Run::prepare() {
  uint32_t steps = graph[graph.size() - 1].step;
  TaskId nodes = graph.size() + graph.getPlan().ranks * steps;
  successors.resize(nodes);
  left.resize(nodes);
  for (TaskId node = 0; node < nodes; ++node) {
    left[node] = graph.getPredecessors(node).size();
    for (TaskId before : graph.getPredecessors(node))
      successors[before].push_back(node);
  }
  for (TaskId id = 0; id < graph.size(); ++id)
    if (!left[id])
      open.push_back(id);
}

void Run::finish(TaskId node) {
  if (node < graph.size())
    done.push_back(node);
  memory.endNode(node, successors[node]);
  for (TaskId next : successors[node]) {
    if (--left[next])
      continue;
    if (next < graph.size())
      open.push_back(next);
    else
      finish(next);
  }
}

std::vector<TaskId> Run::getReady() const {
  std::vector<TaskId> ready;
  std::copy_if(open.begin(), open.end(), std::back_inserter(ready), [&](TaskId id) {
    return graph.op(id).kind != plan::OpKind::Wait || memory.hasCome(id);
  });
  return ready;
}

Fault Run::fail(std::optional<TaskId> task, std::string message) const {
  constexpr size_t shown = 12;
  Fault fault{Rule::Run, std::move(message), {}, {}, {}};
  for (size_t i = done.size() - std::min(shown, done.size()); i < done.size(); ++i)
    fault.trace.push_back(tellTask(graph, done[i]));
  if (task) {
    fault.op = graph[*task].op;
    fault.message = graph.describe(*task) + " " + fault.message;
    fault.trace.push_back(tellTask(graph, *task));
  }
  return fault;
}

std::optional<Fault> Run::run() {
  if (graph.size() == 0)
    return std::nullopt;
  prepare();
  while (true) {
    std::vector<TaskId> ready = getReady();
    if (memory.hasPending() && (ready.empty() || dice.wantsToLand())) {
      memory.land([&](size_t count) { return dice.pick(count); });
      continue;
    }
    if (ready.empty())
      break;
    TaskId id = ready[dice.pickTask(graph, ready)];
    std::erase(open, id);
    memory.beginTask(id);
    std::string wrong = tasks.run(id);
    if (wrong.empty())
      wrong = memory.takeFault();
    if (!wrong.empty())
      return fail(id, wrong);
    finish(id);
  }
  if (done.size() < graph.size())
    return fail(open.empty() ? std::nullopt : std::optional(open.front()),
                "never runs: " + std::to_string(graph.size() - done.size()) + " tasks are left");
  if (std::string missing = tasks.findMissing(); !missing.empty())
    return fail(std::nullopt, missing);
  return std::nullopt;
}

std::optional<Fault> runModel(const plan::Plan &plan, const std::vector<ModelTraffic> &steps,
                              uint64_t seed) {
  return Run(plan, steps, seed).run();
}

//===----------------------------------------------------------------------===//
// Campaigns
//===----------------------------------------------------------------------===//

/// The numbers of ranks and nodes that are small enough to run often.
static std::vector<Extent> getSmallExtents(const plan::Plan &plan) {
  std::vector<Extent> extents;
  uint32_t steps = plan.depth + 2;
  if (plan.nodes == 1) {
    for (uint32_t ranks = 1; ranks <= std::min(plan.ranks, 3u); ++ranks)
      extents.push_back({ranks, 1, steps});
    return extents;
  }
  for (uint32_t nodes = 1; nodes <= std::min(plan.nodes, plan.lanes() > 2 ? 1u : 2u); ++nodes)
    extents.push_back({nodes * plan.lanes(), nodes, steps});
  return extents;
}

static bool advance(CopyCounts &counts, uint32_t bound) {
  for (uint32_t &count : counts) {
    if (count++ < bound)
      return true;
    count = 0;
  }
  return false;
}

/// Steps whose counts differ, so that what is left of one is no other's: the counts,
/// what is missing to the bound, and so on.
static birkhoff::Cut cutOf(const plan::Plan &plan) {
  return plan::cutsByLanes(plan) ? birkhoff::Cut::Lanes : birkhoff::Cut::Stages;
}

static std::vector<ModelTraffic> makeSteps(const plan::Plan &plan, const Extent &extent,
                                           const CopyCounts &counts, uint32_t bound) {
  std::vector<ModelTraffic> steps;
  CopyCounts others = counts;
  for (uint32_t &count : others)
    count = bound - count;
  for (uint32_t step = 0; step < extent.steps; ++step)
    steps.emplace_back(extent.ranks, extent.ranks / extent.nodes, plan.stages, cutOf(plan),
                       step % 2 ? others : counts);
  return steps;
}

/// The larger the counts, the fewer of them: a run takes as long as it has rows.
static uint64_t getMostCounts(uint32_t bound) { return 1024 * 16 / std::max(bound, 16u); }

/// All matrices of counts up to the bound, if these are not too many.
static std::optional<uint64_t> countAll(const Extent &extent, uint32_t bound) {
  double all = std::pow(bound + 1.0, double(extent.ranks) * extent.ranks);
  return all <= getMostCounts(bound) ? std::optional(uint64_t(all)) : std::nullopt;
}

static void runExtent(const plan::Plan &plan, const Extent &extent, uint32_t bound,
                      ModelCampaign &campaign, const std::function<void()> &progress) {
  constexpr uint64_t seeds = 3;
  const uint64_t mostCounts = getMostCounts(bound);
  plan::Plan small = plan;
  small.ranks = extent.ranks;
  small.nodes = extent.nodes;
  CopyCounts counts(size_t(extent.ranks) * extent.ranks);
  bool isExhaustive = countAll(extent, bound).has_value();
  campaign.isExhaustive &= isExhaustive;
  std::mt19937_64 random(extent.ranks);
  for (uint64_t number = 0; number < mostCounts; ++number) {
    std::vector<ModelTraffic> steps = makeSteps(plan, extent, counts, bound);
    for (uint64_t seed = 1; seed <= seeds && !campaign.fault; ++seed, ++campaign.runs)
      campaign.fault = runModel(small, steps, number * seeds + seed);
    ++campaign.counts;
    progress();
    if (campaign.fault || (isExhaustive && !advance(counts, bound)))
      return;
    if (!isExhaustive)
      for (uint32_t &count : counts)
        count = random() % (bound + 1);
  }
}

ModelCampaign runAllCounts(const plan::Plan &plan, uint32_t bound,
                           const CampaignProgress &progress) {
  std::vector<Extent> extents = getSmallExtents(plan);
  std::erase_if(extents, [&](const Extent &extent) { // names a rank that is not there
    return !checkExtent(plan, extent).empty();
  });
  uint64_t all = 0;
  for (const Extent &extent : extents)
    all += countAll(extent, bound).value_or(getMostCounts(bound));
  ModelCampaign campaign;
  auto tell = [&] {
    if (progress)
      progress(campaign.counts, all);
  };
  for (const Extent &extent : extents) {
    campaign.extents.push_back(extent);
    runExtent(plan, extent, bound, campaign, tell);
    if (campaign.fault)
      break;
  }
  return campaign;
}

ModelCampaign runCounts(const plan::Plan &plan, const CopyCounts &copies, uint32_t seeds) {
  ModelCampaign campaign;
  campaign.extents = {{plan.ranks, plan.nodes, plan.depth + 2}};
  campaign.counts = 1;
  std::vector<ModelTraffic> steps;
  for (uint32_t step = 0; step < plan.depth + 2; ++step)
    steps.emplace_back(plan.ranks, plan.lanes(), plan.stages, cutOf(plan),
                       step % 2 ? CopyCounts(copies.size()) : copies);
  for (uint64_t seed = 1; seed <= seeds && !campaign.fault; ++seed, ++campaign.runs)
    campaign.fault = runModel(plan, steps, seed);
  return campaign;
}

} // namespace moec::scheduling
