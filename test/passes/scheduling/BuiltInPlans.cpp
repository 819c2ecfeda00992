//===- BuiltInPlans.cpp - The plans that -comm-schedule makes -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/passes/scheduling/BuiltInPlans.h"

#include "dialects/comm/CommOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "passes/scheduling/SerializePlan.h"

#include <stdexcept>

namespace moec::test {

using scheduling::Algorithm, scheduling::Combine;

std::string BuiltIn::name() const {
  return std::string(scheduling::nameOf(algorithm)) + " " + scheduling::nameOf(combine) + " " +
         std::to_string(nodes) + "x" + std::to_string(lanes) + " depth " + std::to_string(depth) +
         (copyEngine ? " engine copy" : "") + (crossByHost ? " by host" : "") +
         (pipeline ? " pipelined" : "") +
         (chunks > 1 ? " in " + std::to_string(chunks) + " chunks" : "") +
         (spray ? " sprayed" : "");
}

std::vector<BuiltIn> builtInsOn(uint32_t nodes, uint32_t lanes) {
  std::vector<BuiltIn> all;
  for (Combine combine : {Combine::Rows, Combine::Partial}) {
    all.push_back({Algorithm::StaggeredPut, combine, nodes, lanes});
    all.push_back({Algorithm::StaggeredPut, combine, nodes, lanes, 1, /*copyEngine=*/false,
                   /*crossByHost=*/false, /*pipeline=*/true});
    // Sums take all that rows do, and more.
    if (lanes > 1 && (nodes == 2 || (nodes > 2 && combine == Combine::Partial)))
      all.push_back({Algorithm::TwoTier, combine, nodes, lanes, 1, /*copyEngine=*/false,
                     /*crossByHost=*/false, /*pipeline=*/false, /*chunks=*/3});
    if (lanes == 2 && combine == Combine::Partial && nodes > 1)
      all.push_back({Algorithm::TwoTier, combine, nodes, lanes, 1, /*copyEngine=*/false,
                     /*crossByHost=*/false, /*pipeline=*/false, /*chunks=*/2, /*spray=*/true});
    if (nodes == 2 && lanes == 2)
      all.push_back({Algorithm::Staged, combine, nodes, lanes, 1, /*copyEngine=*/false,
                     /*crossByHost=*/false, /*pipeline=*/false, /*chunks=*/2});
    if (nodes > 1 && lanes > 1)
      for (Algorithm algorithm : {Algorithm::TwoTier, Algorithm::Staged, Algorithm::Birkhoff})
        all.push_back({algorithm, combine, nodes, lanes});
    if (nodes == 2 && lanes > 1)
      all.push_back({Algorithm::Staged, combine, nodes, lanes, 1, /*copyEngine=*/false,
                     /*crossByHost=*/true});
    if (nodes == 1) {
      all.push_back({Algorithm::Multicast, combine, nodes, lanes});
      all.push_back({Algorithm::StaggeredPut, combine, nodes, lanes, 1, /*copyEngine=*/true});
    }
  }
  if (nodes == 1)
    all.push_back({Algorithm::Multicast, Combine::Switch, nodes, lanes});
  return all;
}

static std::string abstractText(const BuiltIn &builtIn) {
  std::string ranks = std::to_string(builtIn.nodes * builtIn.lanes);
  std::string header = "comm.plan @p ranks " + ranks;
  bool isOneMachine = builtIn.algorithm == Algorithm::Staged;
  if (builtIn.nodes > 1 && !isOneMachine)
    header += " nodes " + std::to_string(builtIn.nodes);
  if (builtIn.algorithm == Algorithm::Birkhoff) // fewer than it would choose: to be quick
    header += " stages 3";
  header += " topk 2 depth 1 steps serial result rows schedule <";
  header += comm::stringifyAlgorithm(comm::Algorithm(builtIn.algorithm));
  header += ", depth = " + std::to_string(builtIn.depth);
  if (builtIn.combine != Combine::Rows)
    header += std::string(", combine = ") + scheduling::nameOf(builtIn.combine);
  if (builtIn.pipeline)
    header += ", pipeline = true";
  if (builtIn.chunks > 1)
    header += ", chunks = " + std::to_string(builtIn.chunks);
  if (builtIn.spray)
    header += ", spray = true";
  if (isOneMachine)
    header += ", groups = " + std::to_string(builtIn.nodes);
  if (builtIn.copyEngine)
    header += ", engine = copy";
  if (builtIn.crossByHost)
    header += ", cross = host";
  return header + R"(> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [)" +
         ranks + R"(] of 8 bytes
  %meta = comm.buffer local seq [)" +
         ranks + R"(] of 24 bytes
  %y = comm.buffer local slot [)" +
         ranks + R"(] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %shared = comm.buffer local slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)}, %x{A(r)}
        writes %out{A(r)} after(%co, %sh)
})";
}

plan::Plan makePlan(const BuiltIn &builtIn) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<comm::CommDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(abstractText(builtIn), &context);
  if (!module)
    throw std::runtime_error("the text of " + builtIn.name() + " is wrong");
  mlir::PassManager manager(&context);
  manager.addPass(createCommSchedulePass());
  if (mlir::failed(manager.run(*module)))
    throw std::runtime_error(builtIn.name() + " is not scheduled");
  mlir::FailureOr<plan::Plan> plan = serializePlan(*module->getOps<comm::PlanOp>().begin());
  if (mlir::failed(plan))
    throw std::runtime_error(builtIn.name() + " has no form in a module");
  return *plan;
}

} // namespace moec::test
