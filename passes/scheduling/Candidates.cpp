//===- Candidates.cpp - Schedules to choose from --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Candidates.h"
#include "dialects/moe/MoeDialect.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/fusion/Step.h"
#include "passes/scheduling/SerializePlan.h"
#include "runtime/topology/PcieTree.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace moec {

namespace {
/// What a candidate asks for; what is empty is the source's or the solver's choice.
struct Wish {
  comm::Algorithm algorithm;
  std::optional<int64_t> window = {};
  std::optional<comm::Rates> rates = {};
  bool pipeline = false; ///< of experts
  std::optional<comm::Engine> engine = {};
  std::optional<comm::Crossing> cross = {};
  std::optional<int64_t> chunks = {};
  bool spray = false; ///< lanes
};
} // namespace

/// To add a candidate, add its line. Plainer ones first: they win against equals.
static constexpr Wish wishes[] = {
    {.algorithm = comm::Algorithm::StaggeredPut},
    {.algorithm = comm::Algorithm::StaggeredPut, .window = 0},
    {.algorithm = comm::Algorithm::StaggeredPut, .rates = comm::Rates::Sizes},
    {.algorithm = comm::Algorithm::StaggeredPut, .window = 0, .pipeline = true},
    {.algorithm = comm::Algorithm::TwoTier},
    {.algorithm = comm::Algorithm::TwoTier, .window = 0},
    {.algorithm = comm::Algorithm::TwoTier, .rates = comm::Rates::Sizes},
    {.algorithm = comm::Algorithm::TwoTier, .chunks = 8},
    {.algorithm = comm::Algorithm::TwoTier, .chunks = 32},
    {.algorithm = comm::Algorithm::TwoTier, .chunks = 32, .spray = true},
    {.algorithm = comm::Algorithm::Birkhoff},
    {.algorithm = comm::Algorithm::Staged},
    {.algorithm = comm::Algorithm::Staged, .rates = comm::Rates::Sizes},
    {.algorithm = comm::Algorithm::Staged, .chunks = 8},
    {.algorithm = comm::Algorithm::Staged, .chunks = 32},
    {.algorithm = comm::Algorithm::StaggeredPut, .cross = comm::Crossing::Host},
    {.algorithm = comm::Algorithm::Staged, .cross = comm::Crossing::Host},
    {.algorithm = comm::Algorithm::Staged, .cross = comm::Crossing::Host, .chunks = 8},
    {.algorithm = comm::Algorithm::StaggeredPut, .engine = comm::Engine::Copy},
    {.algorithm = comm::Algorithm::Multicast},
};

/// As a schedule block spells it.
static StringRef spell(comm::Algorithm algorithm) {
  if (algorithm == comm::Algorithm::StaggeredPut)
    return "staggered";
  return comm::stringifyAlgorithm(algorithm);
}

/// What the source asks for beside the algorithm.
static comm::ScheduleAttr requestOf(comm::PlanOp plan) {
  if (comm::ScheduleAttr asked = plan.getScheduleAttr())
    return asked;
  return comm::ScheduleAttr::get(plan.getContext(), comm::Algorithm::StaggeredPut, std::nullopt,
                                 std::nullopt, comm::Fusion::Auto, comm::Combine::Rows,
                                 comm::Rates::Equal, std::nullopt, comm::Engine::Sm,
                                 comm::Crossing::Peer, false, std::nullopt, false);
}

/// The request with what the wish adds; null if it says otherwise already. `groups` of the
/// machine's GPUs are what a staged schedule joins.
static comm::ScheduleAttr apply(comm::ScheduleAttr asked, const Wish &wish, int64_t groups) {
  if (wish.window && asked.getWindow() && *wish.window != *asked.getWindow())
    return {};
  if (wish.chunks && asked.getChunks() && *wish.chunks != *asked.getChunks())
    return {};
  return comm::ScheduleAttr::get(
      asked.getContext(), wish.algorithm, wish.window ? wish.window : asked.getWindow(),
      asked.getDepth(), asked.getFuse(), asked.getCombine(), wish.rates.value_or(asked.getRates()),
      wish.algorithm == comm::Algorithm::Staged ? std::optional(groups) : std::nullopt,
      wish.engine.value_or(asked.getEngine()), wish.cross.value_or(asked.getCross()),
      wish.pipeline || asked.getPipeline(), wish.chunks ? wish.chunks : asked.getChunks(),
      wish.spray || asked.getSpray());
}

static std::string statementsOf(const Wish &wish) {
  std::string text = ("algorithm " + spell(wish.algorithm)).str();
  if (wish.window)
    text += "; window " + std::to_string(*wish.window);
  if (wish.rates)
    text += ("; rates " + comm::stringifyRates(*wish.rates)).str();
  if (wish.engine)
    text += ("; engine " + comm::stringifyEngine(*wish.engine)).str();
  if (wish.cross)
    text += ("; cross by " + comm::stringifyCrossing(*wish.cross)).str();
  if (wish.pipeline)
    text += "; pipeline experts";
  if (wish.chunks)
    text += "; chunks " + std::to_string(*wish.chunks);
  if (wish.spray)
    text += "; spray lanes";
  return text;
}

/// Whether the source itself says what the wish would.
static bool isSaid(comm::PlanOp plan, const Wish &wish) {
  auto said = plan->getAttrOfType<ArrayAttr>(kSaidAttrName);
  return said && llvm::any_of(said.getAsRange<StringAttr>(), [&](StringAttr statement) {
           StringRef name = statement.getValue();
           return (wish.rates && name == "rates") || (wish.engine && name == "engine") ||
                  (wish.cross && name == "cross");
         });
}

/// Whether the machine says what the wish would cost.
static bool fits(const topology::Machine &machine, const Wish &wish) {
  return (!wish.engine || machine.copyEngine) &&
         (!wish.cross || (!machine.pcie.empty() && machine.hostMemoryBytesPerSecond));
}

std::vector<std::string> candidateStatements(const topology::Machine &machine) {
  std::vector<std::string> statements;
  for (const Wish &wish : wishes)
    if (fits(machine, wish))
      statements.push_back(statementsOf(wish));
  return statements;
}

std::vector<ScheduleCandidate> listCandidates(comm::PlanOp plan, const topology::Machine &machine) {
  std::vector<ScheduleCandidate> candidates;
  comm::ScheduleAttr asked = requestOf(plan);
  auto groups = int64_t(topology::stagingGroups(machine, uint32_t(plan.getRanks())));
  for (const Wish &wish : wishes) {
    if (isSaid(plan, wish) || !fits(machine, wish))
      continue;
    comm::ScheduleAttr request = apply(asked, wish, groups);
    if (!request || llvm::any_of(candidates, [&](const ScheduleCandidate &candidate) {
          return candidate.request == request;
        }))
      continue;
    candidates.push_back({statementsOf(wish), request});
  }
  return candidates;
}

/// Runs the pass on a module that is there for this alone; what it says is the reason.
static std::string runSchedule(ModuleOp module) {
  std::string reason;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    if (reason.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      reason = diagnostic.str();
    return success(); // said by the table
  });
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.enableVerifier(false);
  manager.addPass(createCommSchedulePass());
  if (succeeded(manager.run(module)))
    return "";
  StringRef shown = reason;
  shown.consume_front(kUnsupported);
  return shown.empty() ? "it cannot be made" : shown.str();
}

candidates::CandidatePlan tryCandidate(ModuleOp module, const ScheduleCandidate &candidate) {
  candidates::CandidatePlan result;
  result.schedule = candidate.statements;
  result.pieces = uint32_t(candidate.request.getChunks().value_or(1));
  OwningOpRef<ModuleOp> trial = module.clone();
  comm::PlanOp plan = *trial->getOps<comm::PlanOp>().begin();
  plan.setScheduleAttr(candidate.request);
  result.misfit = runSchedule(*trial);
  if (!result.misfit.empty())
    return result;
  FailureOr<plan::Plan> made = serializePlan(*trial->getOps<comm::PlanOp>().begin());
  if (failed(made)) {
    result.misfit = "it has no form in a module";
    return result;
  }
  result.plan = std::move(*made);
  fusion::Step parts;
  if (module->hasAttr(moe::kTargetAttrName))
    result.misfit = fusion::findParts(result.plan, parts);
  return result;
}

} // namespace moec
