//===- Schedule.cpp - Turn abstract exchanges into puts, flags and waits --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the problem off the plan, has it solved and the solution judged, and
// applies it.
//===----------------------------------------------------------------------===//

#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"
#include "passes/scheduling/CheckSchedule.h"
#include "passes/scheduling/ExpandExchange.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace moec {
#define GEN_PASS_DEF_COMMSCHEDULEPASS
#include "passes/Passes.h.inc"

using namespace scheduling;

static_assert(int(comm::Algorithm::StaggeredPut) == int(Algorithm::StaggeredPut) &&
              int(comm::Algorithm::TwoTier) == int(Algorithm::TwoTier) &&
              int(comm::Algorithm::Multicast) == int(Algorithm::Multicast) &&
              int(comm::Algorithm::Staged) == int(Algorithm::Staged) &&
              int(comm::Algorithm::Birkhoff) == int(Algorithm::Birkhoff));
static_assert(int(comm::Combine::Rows) == int(Combine::Rows) &&
              int(comm::Combine::Partial) == int(Combine::Partial) &&
              int(comm::Combine::Switch) == int(Combine::Switch));

static InFlightDiagnostic unsupported(Operation *op) { return op->emitError() << kUnsupported; }

//===----------------------------------------------------------------------===//
// The problem
//===----------------------------------------------------------------------===//

static FailureOr<Exchange> findExchange(comm::PlanOp plan) {
  Exchange exchange;
  for (auto op : plan.getOps<comm::DispatchOp>()) {
    if (exchange.dispatch)
      return unsupported(op) << "a second comm.dispatch in one plan";
    exchange.dispatch = op;
  }
  for (auto op : plan.getOps<comm::CombineOp>()) {
    if (exchange.combine)
      return unsupported(op) << "a second comm.combine in one plan";
    exchange.combine = op;
  }
  if (exchange.combine && !exchange.dispatch)
    return unsupported(exchange.combine) << "a comm.combine without a comm.dispatch";
  if (!exchange.dispatch)
    return exchange;
  if (plan.getSteps() != comm::StepOrder::Serial)
    return unsupported(plan) << "steps " << comm::stringifyStepOrder(plan.getSteps())
                             << ", wanted serial";
  if (plan.getResult() != comm::SumTree::Rows)
    return unsupported(plan) << "result " << comm::stringifySumTree(plan.getResult())
                             << ", wanted rows";
  return exchange;
}

static uint64_t getRecordBytes(Value buffer) {
  return buffer.getDefiningOp<comm::BufferOp>().getBytesPerRecord();
}

static Topology getTopology(comm::TopologyAttr attr) {
  Topology topology{
      attr.getMachine().str(), uint32_t(attr.getNodes()), uint32_t(attr.getGpusPerNode()), {}};
  for (comm::LinkAttr link : attr.getLinks())
    topology.links.push_back({link.getName().str(), link.getPath() == comm::Path::Rail,
                              link.getMulticasts(), uint64_t(link.getMegabytesPerSecond()),
                              uint64_t(link.getLatencyNanoseconds())});
  return topology;
}

static std::optional<uint32_t> getNumber(std::optional<int64_t> asked) {
  if (!asked)
    return std::nullopt;
  return uint32_t(std::min<int64_t>(*asked, UINT32_MAX));
}

static ScheduleProblem getProblem(comm::PlanOp plan, Exchange exchange) {
  ScheduleProblem problem;
  problem.ranks = plan.getRanks();
  problem.nodes = plan.getNodes();
  problem.topK = plan.getTopk();
  problem.bytesPerToken = getRecordBytes(exchange.dispatch.getRows());
  if (exchange.combine)
    problem.bytesPerReturnedRow = getRecordBytes(exchange.combine.getRows());
  problem.serialSteps = plan.getSteps() == comm::StepOrder::Serial;
  if (auto topology = plan.getTopologyAttr())
    problem.topology = getTopology(topology);
  if (plan.getStages() > 1) // asked for by who wrote the plan
    problem.stages = uint32_t(plan.getStages());
  if (auto asked = plan.getScheduleAttr()) {
    if (asked.getAlgorithm() != comm::Algorithm::StaggeredPut) // that is the choice anyway
      problem.algorithm = Algorithm(asked.getAlgorithm());
    problem.combine = Combine(asked.getCombine());
    problem.ratesBySize = asked.getRates() == comm::Rates::Sizes;
    problem.groups = getNumber(asked.getGroups()).value_or(1);
    problem.pipelinesExperts = asked.getPipeline();
    problem.chunks = getNumber(asked.getChunks()).value_or(1);
    problem.sprays = asked.getSpray();
    problem.copyEngine = asked.getEngine() == comm::Engine::Copy;
    problem.crossByHost = asked.getCross() == comm::Crossing::Host;
    problem.window = getNumber(asked.getWindow());
    problem.depth = getNumber(asked.getDepth());
  }
  return problem;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct CommSchedulePass : impl::CommSchedulePassBase<CommSchedulePass> {
  using CommSchedulePassBase::CommSchedulePassBase;

  LogicalResult schedule(comm::PlanOp plan) {
    FailureOr<Exchange> exchange = findExchange(plan);
    if (failed(exchange))
      return failure();
    if (!exchange->dispatch)
      return success();
    ScheduleProblem problem = getProblem(plan, *exchange);
    if (std::string reason = checkProblem(problem); !reason.empty())
      return plan.emitError() << reason;
    ScheduleSolution solution = solveSchedule(problem);
    if (std::string reason = checkSolution(problem, solution); !reason.empty())
      return plan.emitError() << kInternalError << "schedule of plan '" << plan.getSymName()
                              << "': " << reason;
    if (report)
      llvm::errs() << solution.print(plan.getSymName().str());
    plan->removeAttr(kMachineAttrName); // whoever compares schedules has done so
    plan->removeAttr(kSaidAttrName);
    plan.setDepth(solution.depth);
    comm::ScheduleAttr asked = plan.getScheduleAttr();
    plan.setScheduleAttr(comm::ScheduleAttr::get(
        plan.getContext(), comm::Algorithm(solution.algorithm),
        solution.eachPeer ? std::nullopt : std::optional<int64_t>(solution.window), solution.depth,
        asked ? asked.getFuse() : comm::Fusion::Auto, comm::Combine(solution.combine),
        solution.ratesBySize ? comm::Rates::Sizes : comm::Rates::Equal,
        asked ? asked.getGroups() : std::nullopt,
        solution.copyEngine ? comm::Engine::Copy : comm::Engine::Sm,
        solution.crossByHost ? comm::Crossing::Host : comm::Crossing::Peer,
        solution.pipelinesExperts,
        solution.chunks > 1 ? std::optional(solution.chunks) : std::nullopt, solution.sprays));
    if (solution.algorithm == Algorithm::Staged)
      plan.setNodes(solution.groups);
    expandExchange(plan, *exchange, solution);
    return success();
  }

  void runOnOperation() override {
    for (auto plan : getOperation().getOps<comm::PlanOp>())
      if (failed(schedule(plan)))
        signalPassFailure(); // the other plans may have errors of their own
  }
};
} // namespace
} // namespace moec
