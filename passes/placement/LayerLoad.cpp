//===- LayerLoad.cpp - A layer of the IR as a problem of load -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/LayerLoad.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "passes/check/ClosedForm.h"
#include "passes/distribute/PlanFacts.h"
#include "runtime/topology/Machine.h"

namespace moec {

using namespace mlir;

/// NVLink, or the first link within a node; and the one between nodes, whose path is
/// `rail`, or its name.
static void readLinks(comm::TopologyAttr facts, LoadMachine &machine) {
  machine.lanes = facts.getGpusPerNode();
  for (comm::LinkAttr link : facts.getLinks()) {
    double rate = link.getMegabytesPerSecond() * 1e6;
    bool isRail = link.getPath() == comm::Path::Rail ||
                  std::string_view(link.getName()) == topology::railName;
    if (isRail && machine.railRate == 0)
      machine.railRate = rate;
    bool isFirst =
        machine.nodeRate == 0 && std::string_view(link.getName()) != topology::socketName;
    if (!isRail && (isFirst || std::string_view(link.getName()) == topology::nvlinkName))
      machine.nodeRate = rate;
  }
}

static LoadMachine machineOf(moe::LayerOp layer) {
  moe::MeshAttr mesh = layer.getMesh();
  LoadMachine machine;
  machine.ranks = mesh.getRanks();
  machine.memoryBytes = mesh.getMemoryBytes();
  machine.memoryRate = mesh.getMemoryRate() * 1e6;
  machine.processors = mesh.getMultiprocessors();
  if (auto facts = layer->getAttrOfType<comm::TopologyAttr>(kTopologyAttrName))
    readLinks(facts, machine);
  if (mesh.getNodes() > 1) // else those of the machine, which an axis need not name
    machine.lanes = machine.ranks / mesh.getNodes();
  return machine;
}

FailureOr<LoadProblem> loadProblemOf(moe::LayerOp layer, LoadWish wish) {
  FailureOr<moe::LayerAttr> form = closedForm(layer);
  if (failed(form))
    return failure();
  Layer described = moe::toLayer(*form, layer.getSymName());
  LoadMachine machine = machineOf(layer);
  if (std::optional<uint32_t> most = layer.getMaxTokens(); most && !wish.tokensPerRank)
    wish.tokensPerRank = most;
  LoadProblem problem = makeLoadProblem(described, machine, wish);
  // `algorithm auto`, which is decided when the places are: of the two ways between nodes
  // that of fewer bytes, which is what decides where there are many tokens.
  problem.costs.nodeDedup = layer->hasAttr(kMachineAttrName) && layer.getMesh().getNodes() > 1;
  if (moe::ScheduleAttr schedule = layer.getScheduleAttr()) {
    problem.costs.nodeDedup |= schedule.getAlgorithm() != moe::Algorithm::StaggeredPut;
    problem.costs.partialReturn = schedule.getCombine() == moe::Combine::Partial;
  }
  if (std::string fault = checkLoadProblem(problem); !fault.empty())
    return layer.emitError() << "request cannot be met: " << fault;
  std::vector<uint32_t> full(std::min(problem.slots[0], problem.experts));
  uint64_t needed = weightBytes(described, {{full}})[0];
  if (machine.memoryBytes && needed > machine.memoryBytes)
    return layer.emitError() << "request cannot be met: " << full.size() << " experts need "
                             << needed << " bytes of weights, machine '"
                             << layer.getMesh().getMachine() << "' has " << machine.memoryBytes;
  return problem;
}

} // namespace moec
