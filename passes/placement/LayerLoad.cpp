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

#include <numeric>

namespace moec {

using namespace mlir;

/// The first link within a node, and the one between nodes: that whose path is
/// `rail`, else one of that name.
static void readLinks(comm::TopologyAttr topology, LoadMachine &machine) {
  machine.lanes = topology.getGpusPerNode();
  for (comm::LinkAttr link : topology.getLinks()) {
    double rate = link.getMegabytesPerSecond() * 1e6;
    bool isRail = link.getPath() == comm::Path::Rail || link.getName() == "rail";
    double &known = isRail ? machine.railRate : machine.nodeRate;
    if (known == 0)
      known = rate;
  }
}

static LoadMachine machineOf(moe::LayerOp layer) {
  moe::MeshAttr mesh = layer.getMesh();
  LoadMachine machine;
  machine.ranks = mesh.getRanks();
  machine.memoryBytes = mesh.getMemoryBytes();
  machine.memoryRate = mesh.getMemoryRate() * 1e6;
  machine.processors = mesh.getMultiprocessors();
  if (auto topology = layer->getAttrOfType<comm::TopologyAttr>(kTopologyAttrName))
    readLinks(topology, machine);
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
