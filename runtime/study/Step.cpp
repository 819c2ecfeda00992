//===- Step.cpp - What one step of a layer costs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Step.h"

#include "runtime/formats/Phase.h"
#include "runtime/plan/Expand.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Roofline.h"
#include "runtime/simulator/Simulate.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>

namespace moec::study {
namespace {

using simulator::TaskClass;

/// From the first begin to the last end of what was added.
struct Span {
  double begin = std::numeric_limits<double>::infinity(), end = 0;
  double seconds() const { return std::max(0.0, end - begin); }
};

struct Spans {
  Span dispatch, experts, combine;
};

Spans spansOf(const plan::Plan &plan, const simulator::TaskGraph &graph,
              const simulator::Simulation &simulation) {
  std::vector<bool> isDispatch = formats::opsOf(plan, formats::Phase::Dispatch);
  std::vector<bool> isCombine = formats::opsOf(plan, formats::Phase::Combine);
  Spans spans;
  for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id) {
    uint32_t family = graph.getTasks()[id].family;
    TaskClass kind = graph.familyOf(id).kind;
    if (kind == TaskClass::Gate)
      continue;
    bool computes = kind == TaskClass::Compute;
    // Routing and the shared expert are no part of the exchange that they stand before or beside.
    if (isDispatch[family] && computes)
      continue;
    Span &span = isDispatch[family]  ? spans.dispatch
                 : isCombine[family] ? spans.combine
                                     : spans.experts;
    // A wait begins as early as nothing holds it back.
    if (kind == TaskClass::Transfer || computes)
      span.begin = std::min(span.begin, simulation.begin[id]);
    span.end = std::max(span.end, simulation.end[id]);
  }
  return spans;
}

struct Run {
  simulator::TaskGraph graph;
  simulator::Simulation simulation;
};

rt::Result<Run> simulateWith(const Step &step, const simulator::KernelTimes &times) {
  MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph,
                        simulator::makePlanTasks(step.plan, step.counts, times));
  MOEC_ASSIGN_OR_RETURN(simulator::Simulation simulation, simulator::simulate(graph, step.network));
  return Run{std::move(graph), std::move(simulation)};
}

double longestComputing(const simulator::TaskGraph &graph) {
  std::vector<double> seconds(graph.getRanks());
  for (simulator::TaskId id = 0; id < graph.getTasks().size(); ++id)
    if (graph.familyOf(id).kind == TaskClass::Compute)
      seconds[graph.getTasks()[id].rank] += graph.getTasks()[id].amount;
  return *std::max_element(seconds.begin(), seconds.end());
}

simulator::Roofline rooflineOf(const Step &step, const simulator::GpuRates &rates) {
  return {step.manifest.layer, step.manifest.placement, rates};
}

} // namespace

double Step::tokens() const {
  return std::accumulate(counts.tokens.begin(), counts.tokens.end(), 0.0);
}

rt::Result<topology::Shape> shapeOf(const topology::Machine &machine, const plan::Plan &plan) {
  if (plan::machineCount(plan) <= 1)
    return topology::shapeFor(machine, plan.ranks);
  if (machine.gpusPerNode && *machine.gpusPerNode < plan.lanes())
    return rt::invalidError("machine ", rt::quote(machine.name), ": wanted nodes of at least ",
                            plan.lanes(), " gpus, as ", rt::quote(plan.name), " has them, found ",
                            *machine.gpusPerNode);
  if (machine.nodes && *machine.nodes < plan.nodes)
    return rt::invalidError("machine ", rt::quote(machine.name), ": wanted at least ", plan.nodes,
                            " nodes, as ", rt::quote(plan.name), " has them, found ",
                            *machine.nodes);
  return topology::Shape{plan.nodes, plan.lanes()};
}

/// Rows may travel once a node on their way out; back they must travel as the plan's sums
/// want it.
bounds::Copies copiesOf(plan::SumTree tree) {
  switch (tree) {
  case plan::SumTree::Rows:
    return bounds::Copies::Rows;
  case plan::SumTree::RankPartial:
  case plan::SumTree::Switch: // what another schedule could do with these sums
    return bounds::Copies::Ranks;
  case plan::SumTree::NodePartial:
    return bounds::Copies::Nodes;
  }
  return bounds::Copies::Nodes;
}

const char *wayBackOf(bounds::Copies copies) {
  switch (copies) {
  case bounds::Copies::Rows:
    return "rows";
  case bounds::Copies::Ranks:
    return "sums of ranks";
  case bounds::Copies::Nodes:
    return "sums of nodes";
  }
  return "";
}

bounds::LayerBound boundOf(const Step &step) {
  const Layer &layer = step.manifest.layer;
  auto rowBytes = [&](DType type) { return layer.hidden * (type == DType::F32 ? 4.0 : 2.0); };
  bounds::LayerBytes bytes{std::max(rowBytes(layer.tokensType), step.sentBytesPerToken),
                           rowBytes(layer.combineType), bounds::Copies::Nodes,
                           copiesOf(step.plan.sumTree)};
  return bounds::boundOfLayer(step.machine, step.network, layer, step.manifest.placement,
                              step.counts, bytes);
}

rt::Result<StepTimes> timesOf(const Step &step) {
  std::unique_ptr<simulator::KernelTimes> times = std::make_unique<simulator::NoKernelTimes>();
  if (auto rates = simulator::gpuRatesOf(step.machine, step.manifest.layer.weightsType))
    times = std::make_unique<simulator::Roofline>(rooflineOf(step, *rates));
  MOEC_ASSIGN_OR_RETURN(Run run, simulateWith(step, *times));
  Spans spans = spansOf(step.plan, run.graph, run.simulation);
  return StepTimes{run.simulation.seconds, spans.dispatch.seconds(), spans.experts.seconds(),
                   spans.combine.seconds()};
}

/// A plan of the phase's ops alone.
static plan::Plan partOf(const plan::Plan &plan, formats::Phase phase) {
  std::vector<bool> isKept = formats::opsOf(plan, phase);
  for (size_t i = 0; i < plan.ops.size(); ++i) // how sets are cut both phases must know
    isKept[i] =
        isKept[i] ||
        (plan.ops[i].kind == plan::OpKind::Compute &&
         (plan.ops[i].task == plan::TaskKind::Stages || plan.ops[i].task == plan::TaskKind::Lanes));
  std::vector<uint32_t> numbers(plan.ops.size());
  plan::Plan part = plan;
  part.ops.clear();
  for (uint32_t i = 0; i < plan.ops.size(); ++i) {
    if (!isKept[i])
      continue;
    numbers[i] = static_cast<uint32_t>(part.ops.size());
    plan::Op &op = part.ops.emplace_back(plan.ops[i]);
    std::erase_if(op.after, [&](const plan::After &after) { return !isKept[after.op]; });
    for (plan::After &after : op.after)
      after.op = numbers[after.op];
  }
  return part;
}

rt::Result<PhaseTimes> phasesOf(const Step &step) {
  auto secondsOf = [&](formats::Phase phase) -> rt::Result<double> {
    plan::Plan part = partOf(step.plan, phase);
    MOEC_ASSIGN_OR_RETURN(simulator::TaskGraph graph,
                          simulator::makePlanTasks(part, step.counts, simulator::NoKernelTimes()));
    MOEC_ASSIGN_OR_RETURN(simulator::Simulation simulation,
                          simulator::simulate(graph, step.network));
    return simulation.seconds;
  };
  PhaseTimes times;
  MOEC_ASSIGN_OR_RETURN(times.dispatchSeconds, secondsOf(formats::Phase::Dispatch));
  MOEC_ASSIGN_OR_RETURN(times.combineSeconds, secondsOf(formats::Phase::Combine));
  return times;
}

rt::Result<StepParts> partsOf(const Step &step) {
  MOEC_ASSIGN_OR_RETURN(simulator::GpuRates rates,
                        simulator::gpuRatesOf(step.machine, step.manifest.layer.weightsType));
  MOEC_ASSIGN_OR_RETURN(Run whole, simulateWith(step, rooflineOf(step, rates)));
  MOEC_ASSIGN_OR_RETURN(Run bare, simulateWith(step, simulator::NoKernelTimes()));
  StepParts parts;
  parts.seconds = whole.simulation.seconds;
  parts.computeSeconds = longestComputing(whole.graph);
  parts.communicationSeconds = bare.simulation.seconds;
  parts.dispatchSeconds = spansOf(step.plan, bare.graph, bare.simulation).dispatch.end;
  parts.combineSeconds = parts.communicationSeconds - parts.dispatchSeconds;
  return parts;
}

} // namespace moec::study
