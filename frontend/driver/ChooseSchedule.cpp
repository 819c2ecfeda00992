//===- ChooseSchedule.cpp - `algorithm auto` by cost ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Compilation.h"
#include "frontend/driver/ScheduleChoice.h"
#include "frontend/driver/StepCounts.h"
#include "frontend/parser/MachineText.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/emit/Manifest.h"
#include "passes/scheduling/Candidates.h"

#include <algorithm>

namespace moec::driver {

using candidates::CandidatePlan;
using candidates::CandidateTable;

/// Of more ranks it takes seconds to draw and simulate all skews, and a compile should not.
constexpr uint32_t mostSimulatedRanks = 32;
/// Tokens of all ranks together that it draws there, and of a rank at least.
constexpr uint32_t drawnTokens = 16384, leastDrawnTokens = 32;

/// A step of so many ranks has their square in tasks: beyond, a rule chooses.
constexpr uint32_t mostCostedRanks = 256;

static bool fits(const CandidatePlan &plan) { return plan.misfit.empty(); }

/// The buckets that a choice is asked for, with their sizes.
static rt::Result<std::vector<candidates::Load>>
makeLoads(const ScheduleChoice &choice, const candidates::Setting &setting,
          const std::vector<CandidatePlan> &plans) {
  std::vector<candidates::Load> loads;
  MOEC_ASSIGN_OR_RETURN(topology::Shape shape, candidates::shapeOf(setting, plans));
  const plan::Plan &plan = std::find_if(plans.begin(), plans.end(), fits)->plan;
  bool isQuick =
      !choice.isForPeople && choice.traffic.empty() && setting.manifest.ranks > mostSimulatedRanks;
  uint32_t most = UINT32_MAX;
  if (isQuick)
    most = std::max(leastDrawnTokens, drawnTokens / setting.manifest.ranks);
  auto add = [&](uint32_t tokens, const std::string &traffic) -> rt::Status {
    uint32_t drawn = std::min(tokens, most);
    MOEC_ASSIGN_OR_RETURN(traffic::ItemCounts counts,
                          readCounts(plan, setting.manifest, traffic, drawn, choice.trafficLayer,
                                     nodesOfCounts(plan, setting.machine, shape)));
    counts.scaleBy(double(tokens) / drawn);
    loads.push_back({{tokens, traffic}, std::move(counts)});
    return rt::Status();
  };
  if (!choice.traffic.empty()) {
    MOEC_RETURN_IF_ERROR(add(setting.tokens, choice.traffic));
    return loads;
  }
  std::vector<uint32_t> tokens = {setting.tokens};
  if (choice.isForPeople)
    tokens = candidates::tokenBuckets(setting.tokens);
  std::span<const char *const> skews = candidates::skewBuckets();
  if (isQuick)
    skews = skews.subspan(2, 1); // the middle one
  for (uint32_t each : tokens)
    for (const char *skew : skews)
      MOEC_RETURN_IF_ERROR(add(each, skew));
  return loads;
}

/// The one plan of phase distribute, or null.
static comm::PlanOp onlyPlan(mlir::ModuleOp module) {
  auto plans = module.getOps<comm::PlanOp>();
  return std::distance(plans.begin(), plans.end()) == 1 ? *plans.begin() : comm::PlanOp();
}

/// The machine that schedules are compared on, which the IR holds as text.
static std::optional<topology::Machine> machineFor(comm::PlanOp plan, const std::string &name) {
  frontend::Diagnostics reports;
  if (!name.empty())
    return frontend::parseMachine(name, reports);
  if (auto text = plan->getAttrOfType<mlir::StringAttr>(kMachineAttrName))
    return frontend::parseMachineText(text.str(), "the machine of the plan", reports);
  return std::nullopt;
}

rt::Result<CandidateTable> Compilation::chooseSchedule(const ScheduleChoice &choice) {
  comm::PlanOp plan = onlyPlan(*module);
  if (!plan)
    return rt::invalidError("algorithm auto: wanted one plan");
  std::optional<topology::Machine> machine = machineFor(plan, choice.machine);
  if (!machine)
    return rt::invalidError("algorithm auto: wanted a machine to compare schedules on, found ",
                            choice.machine.empty() ? "a mesh on none" : choice.machine);
  std::vector<ScheduleCandidate> list;
  std::vector<CandidatePlan> plans;
  for (const ScheduleCandidate &candidate : listCandidates(plan, *machine)) {
    CandidatePlan made = tryCandidate(*module, candidate);
    if (fits(made) && std::any_of(plans.begin(), plans.end(), [&](const CandidatePlan &other) {
          return other.plan == made.plan;
        }))
      continue; // a window that holds all of so few peers, say
    if (fits(made))
      made.sentBytesPerToken = dispatchedBytesPerToken(made.plan);
    list.push_back(candidate);
    plans.push_back(std::move(made));
  }
  auto manifest = buildManifest(*module, "");
  if (mlir::failed(manifest))
    return rt::internalError("the plan says nothing of its layer");
  uint32_t most = manifest->maxTokensPerRank;
  candidates::Setting setting{*manifest, *machine, choice.tokens.value_or(defaultTokens(most))};
  MOEC_ASSIGN_OR_RETURN(std::vector<candidates::Load> loads, makeLoads(choice, setting, plans));
  using candidates::Effort;
  Effort effort = choice.isForPeople                     ? Effort::All
                  : manifest->ranks > mostSimulatedRanks ? Effort::Floors
                                                         : Effort::Choice;
  MOEC_ASSIGN_OR_RETURN(CandidateTable table,
                        candidates::choose(setting, std::move(plans), std::move(loads), effort));
  plan.setScheduleAttr(list[table.chosen].request);
  plan->removeAttr(kMachineAttrName);
  plan->removeAttr(kSaidAttrName);
  chosen = list[table.chosen].statements;
  return table;
}

/// Once to each node where the mesh has several and kernels can; else the pass's choice.
static void chooseByRule(mlir::ModuleOp module, comm::PlanOp plan) {
  std::optional<topology::Machine> machine = machineFor(plan, "");
  if (!machine || plan.getNodes() == 1)
    return;
  for (const ScheduleCandidate &candidate : listCandidates(plan, *machine)) {
    if (candidate.request.getAlgorithm() != comm::Algorithm::TwoTier ||
        !fits(tryCandidate(module, candidate)))
      continue;
    plan.setScheduleAttr(candidate.request);
    plan->removeAttr(kMachineAttrName);
    plan->removeAttr(kSaidAttrName);
    return;
  }
}

/// What cannot be compared (links without rates, ranks that do not fit the machine) is
/// left to the pass's own choice, which says what is wrong if anything is.
void Compilation::chooseByDefault() {
  comm::PlanOp plan = onlyPlan(*module);
  if (!plan || !plan->hasAttr(kMachineAttrName))
    return;
  Stopwatch watch;
  if (plan.getRanks() > mostCostedRanks) {
    chooseByRule(*module, plan);
    addTime("choose", watch.seconds());
    return;
  }
  if (chooseSchedule({}))
    addTime("choose", watch.seconds());
}

} // namespace moec::driver
