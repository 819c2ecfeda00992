//===- FormKernels.cpp - Make the kernels that carry out a plan -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the problem off the plan, has it solved and the solution judged, and
// builds each launch from its stages.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/fusion/CheckForm.h"
#include "passes/fusion/StepLaunches.h"
#include "passes/fusion/stages/StageBuilder.h"
#include "passes/scheduling/SerializePlan.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_COMMFORMKERNELSPASS
#include "passes/Passes.h.inc"

using namespace fusion;

static_assert(int(comm::Fusion::Nothing) == int(Fusion::Nothing) &&
              int(comm::Fusion::DispatchUp) == int(Fusion::DispatchUp) &&
              int(comm::Fusion::DownCombine) == int(Fusion::DownCombine) &&
              int(comm::Fusion::DispatchUpDownCombine) == int(Fusion::DispatchUpDownCombine) &&
              int(comm::Fusion::Everything) == int(Fusion::Everything));

//===----------------------------------------------------------------------===//
// The problem
//===----------------------------------------------------------------------===//

/// Dispatch has the counts of all ranks in the registers of a warp, 32 a lane at this.
static constexpr int64_t mostRanks = 1024;
/// Route has the scores of all experts in the registers of a warp, 32 a lane at this; with 64 and
/// limits of groups it spills.
static constexpr uint32_t mostExperts = 1024;

static FailureOr<Step> readStep(comm::PlanOp plan, const PlanFacts &facts) {
  if (plan.getRanks() > mostRanks)
    return plan.emitError() << kUnsupported << "kernels for at most " << mostRanks
                            << " ranks, found " << plan.getRanks();
  FailureOr<plan::Plan> serialized = serializePlan(plan);
  if (failed(serialized))
    return failure();
  Step step;
  step.layer = moe::toLayer(facts.layer, plan.getSymName());
  step.maxTokens = uint32_t(facts.maxTokens);
  if (std::string reason = findParts(*serialized, step); !reason.empty())
    return plan.emitError() << kUnsupported << "kernels for " << reason;
  if (uint32_t experts = step.layer.experts; experts > mostExperts)
    return plan.emitError() << kUnsupported << "kernels for at most " << mostExperts
                            << " experts, found " << experts;
  if (step.layer.tokensType != DType::BF16)
    return plan.emitError() << kUnsupported << "kernels for tokens of another type than bf16";
  if (step.layer.weightsType != DType::BF16)
    return plan.emitError() << kUnsupported << "kernels for weights of another type than bf16";
  return step;
}

/// What the machine does not say stays that of an HGX H100.
static KernelMachine getMachine(comm::PlanOp plan, const PlanFacts &facts) {
  KernelMachine machine;
  if (int64_t sms = facts.mesh.getMultiprocessors())
    machine.multiprocessors = uint32_t(sms);
  if (int64_t rate = facts.mesh.getMemoryRate())
    machine.memoryBytesPerMicrosecond = uint64_t(rate);
  comm::TopologyAttr topology = plan.getTopologyAttr();
  if (!topology)
    return machine;
  for (comm::LinkAttr link : topology.getLinks()) {
    if (link.getPath() != comm::Path::NVLink)
      continue;
    machine.linkBytesPerMicrosecond = uint64_t(link.getMegabytesPerSecond());
    machine.linkNanoseconds = uint64_t(link.getLatencyNanoseconds());
    break;
  }
  return machine;
}

static LogicalResult readTiles(comm::PlanOp plan, KernelProblem &problem) {
  Attribute asked = plan->getAttr(kTilesAttrName);
  auto tiles = dyn_cast_or_null<ArrayAttr>(asked);
  bool fits = !asked || (tiles && llvm::all_of(tiles, llvm::IsaPred<comm::TileAttr>));
  if (!fits)
    return plan.emitError() << kTilesAttrName << " must be an array of #comm.tile, but is "
                            << asked;
  if (!asked)
    return success();
  for (auto tile : tiles.getAsRange<comm::TileAttr>()) {
    auto &list = tile.getUse() == comm::TileUse::Shared ? problem.sharedTiles : problem.expertTiles;
    bool swapped = tile.getOperand() == comm::TileOperand::Swapped;
    list.push_back(
        {swapped, uint32_t(tile.getTokens()), uint32_t(tile.getMost().value_or(UINT32_MAX))});
  }
  return success();
}

/// The same where the usual tiles spilled.
static void narrowTiles(KernelProblem &problem) {
  problem.fewSums = true;
  for (std::vector<TileRequest> *tiles : {&problem.expertTiles, &problem.sharedTiles})
    for (TileRequest &tile : *tiles)
      tile.rows = std::min<uint32_t>(tile.rows, 64);
}

static KernelProblem getProblem(comm::PlanOp plan, const PlanFacts &facts, const Step &step) {
  KernelProblem problem;
  problem.ranks = step.ranks;
  problem.topK = step.layer.router.topK;
  problem.experts = step.layer.experts;
  problem.hidden = step.layer.hidden;
  problem.intermediate = step.layer.expert.intermediate;
  problem.gated = step.layer.expert.activation.usesGate();
  if (step.layer.shared) {
    problem.sharedIntermediate = step.layer.shared->mlp.intermediate;
    problem.sharedGated = step.layer.shared->mlp.activation.usesGate();
  }
  problem.combineBytes = step.layer.combineType == DType::BF16 ? 2 : 4;
  problem.maxTokens = step.maxTokens;
  problem.machine = getMachine(plan, facts);
  comm::ScheduleAttr asked = plan.getScheduleAttr();
  if (asked && asked.getFuse() != comm::Fusion::Auto)
    problem.fusion = Fusion(asked.getFuse());
  return problem;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
/// Builds the launches of one step.
class StepFormer {
public:
  StepFormer(ModuleOp module, comm::PlanOp plan, const Step &step, const KernelProblem &problem,
             const KernelSolution &solution)
      : module(module), step(step), problem(problem), solution(solution) {
    llvm::append_range(families, plan.getOps<comm::FamilyOp>());
  }
  LogicalResult run();

private:
  LogicalResult buildLaunch(const std::vector<StageKind> &stages);
  LogicalResult buildKernel(const std::vector<StageKind> &stages, StringRef name,
                            const LaunchVariant &variant);
  LogicalResult buildStage(KernelBuilder &kernel, StageKind stage, const LaunchVariant &variant);
  Location locationOf(StageKind stage);

  ModuleOp module;
  const Step &step;
  const KernelProblem &problem;
  const KernelSolution &solution;
  SmallVector<comm::FamilyOp> families;
};
} // namespace

/// The place in the source of what a stage does.
Location StepFormer::locationOf(StageKind stage) {
  switch (stage) {
  case StageKind::Route:
    return families[step.ops.route].getLoc();
  case StageKind::Dispatch:
    return families[step.ops.putRows].getLoc();
  case StageKind::ExpertUp:
  case StageKind::ExpertDown:
    return families[step.ops.experts].getLoc();
  case StageKind::SharedUp:
  case StageKind::SharedDown:
    return families[*step.ops.shared].getLoc();
  case StageKind::Reduce:
    return families[step.ops.slotSum].getLoc();
  }
  llvm_unreachable("all stages are handled");
}

LogicalResult StepFormer::buildStage(KernelBuilder &kernel, StageKind stage,
                                     const LaunchVariant &variant) {
  kernel.loc = locationOf(stage);
  switch (stage) {
  case StageKind::Route:
    return buildRoute(kernel);
  case StageKind::Dispatch:
    return buildDispatch(kernel);
  case StageKind::ExpertUp:
    return buildExpertUp(kernel, variant.experts.up);
  case StageKind::ExpertDown:
    return buildExpertDown(kernel, variant.experts.down);
  case StageKind::SharedUp:
    return buildSharedUp(kernel, variant.shared.up);
  case StageKind::SharedDown:
    return buildSharedDown(kernel, variant.shared.down);
  case StageKind::Reduce:
    return buildReduce(kernel);
  }
  llvm_unreachable("all stages are handled");
}

LogicalResult StepFormer::buildKernel(const std::vector<StageKind> &stages, StringRef name,
                                      const LaunchVariant &variant) {
  KernelBuilder kernel(module, step, name, locationOf(stages.front()));
  kernel.setShape(shapeOf(stages, problem, variant));
  for (StageKind stage : stages)
    if (failed(buildStage(kernel, stage, variant)))
      return failure();
  kernel.finish();
  return success();
}

LogicalResult StepFormer::buildLaunch(const std::vector<StageKind> &stages) {
  MLIRContext *context = module.getContext();
  std::string name = nameOf(stages);
  std::vector<LaunchVariant> variants = variantsOf(stages, problem, solution);
  SmallVector<Attribute> kernels;
  SmallVector<int64_t> maxRows;
  for (const LaunchVariant &variant : variants) {
    std::string kernel = name;
    if (variants.size() > 1)
      kernel += "_" + std::to_string(rowsOf(stages, variant));
    if (failed(buildKernel(stages, kernel, variant)))
      return failure();
    kernels.push_back(FlatSymbolRefAttr::get(context, kernel));
    maxRows.push_back(variant.maxRows == UINT32_MAX ? -1 : int64_t(variant.maxRows));
  }
  SmallVector<int32_t> ops;
  for (uint32_t op : opsOf(stages, step))
    ops.push_back(int32_t(op));
  OpBuilder builder(module.getBodyRegion());
  builder.setInsertionPointToEnd(module.getBody());
  tile::LaunchOp::create(builder, locationOf(stages.front()), name + "_launch",
                         builder.getArrayAttr(kernels), maxRows, ops);
  return success();
}

LogicalResult StepFormer::run() {
  for (const std::vector<StageKind> &stages :
       launchesOf(solution.fusion, step.ops.shared.has_value()))
    if (failed(buildLaunch(stages)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// What -comm-schedule decided, as lines of a schedule block.
static std::string settingsOf(comm::PlanOp plan) {
  comm::ScheduleAttr decided = plan.getScheduleAttr();
  if (!decided || !decided.getWindow() || !decided.getDepth())
    return "";
  std::string lines = "  algorithm staggered\n";
  if (int64_t window = *decided.getWindow()) // 0, all peers, is what no line asks for
    lines += "  window " + std::to_string(window) + "\n";
  return lines + "  depth " + std::to_string(*decided.getDepth()) + "\n";
}

/// Leaves the decision on the plan, where the request was.
static void recordFusion(comm::PlanOp plan, Fusion fusion) {
  comm::ScheduleAttr asked = plan.getScheduleAttr();
  if (!asked)
    return;
  plan.setScheduleAttr(comm::ScheduleAttr::get(
      plan.getContext(), asked.getAlgorithm(), asked.getWindow(), asked.getDepth(),
      comm::Fusion(fusion), asked.getCombine(), asked.getRates(), asked.getGroups(),
      asked.getEngine(), asked.getCross(), asked.getPipeline(), asked.getChunks(),
      asked.getSpray()));
}

namespace {
struct CommFormKernelsPass : impl::CommFormKernelsPassBase<CommFormKernelsPass> {
  using CommFormKernelsPassBase::CommFormKernelsPassBase;

  LogicalResult form(comm::PlanOp plan) {
    FailureOr<PlanFacts> facts = readFacts(plan);
    if (failed(facts))
      return failure();
    FailureOr<Step> step = readStep(plan, *facts);
    if (failed(step))
      return failure();
    KernelProblem problem = getProblem(plan, *facts, *step);
    if (failed(readTiles(plan, problem)))
      return failure();
    if (getOperation()->removeAttr(tile::kFewSumsAttrName))
      narrowTiles(problem);
    if (std::string reason = checkProblem(problem); !reason.empty())
      return plan.emitError() << reason;
    KernelSolution solution = solveKernelForm(problem);
    if (std::string reason = checkSolution(problem, solution); !reason.empty())
      return plan.emitError() << kInternalError << "kernels of plan '" << plan.getSymName()
                              << "': " << reason;
    if (report)
      llvm::errs() << solution.print(plan.getSymName().str(), settingsOf(plan));
    recordFusion(plan, solution.fusion);
    Builder builder(&getContext());
    getOperation()->setAttr(tile::kFormAttrName, builder.getStringAttr(nameOf(solution.fusion)));
    return StepFormer(getOperation(), plan, *step, problem, solution).run();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<StringAttr>(moe::kTargetAttrName);
    if (!target)
      return;
    auto plans = llvm::to_vector(module.getOps<comm::PlanOp>());
    if (plans.size() > 1) {
      InFlightDiagnostic error = plans[1].emitError()
                                 << kUnsupported << "kernels of more than one plan in a module";
      error.attachNote(plans[0].getLoc()) << "the first is here";
      return signalPassFailure();
    }
    module->setAttr(tile::kArchAttrName, target);
    for (comm::PlanOp plan : plans)
      if (failed(form(plan)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace moec
