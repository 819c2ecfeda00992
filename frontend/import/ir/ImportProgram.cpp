//===- ImportProgram.cpp - From a resolved program to moe IR --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the program asks for becomes attributes of the layer; the mathematics is
// LayerImporter's.
//===----------------------------------------------------------------------===//

#include "frontend/import/ir/ImportProgram.h"
#include "dialects/comm/CommOps.h"
#include "frontend/import/ir/LayerImporter.h"
#include "passes/distribute/PlanFacts.h"
#include "runtime/topology/PcieTree.h"
#include <algorithm>
#include <cmath>

namespace moec {
using namespace mlir;

/// Rates and latencies become whole numbers, so that text keeps them exactly.
static int64_t whole(double value) {
  return static_cast<int64_t>(std::llround(std::clamp(value, 0.0, 9.0e15)));
}

static double valueOf(const std::optional<topology::Figure> &figure) {
  return figure ? figure->value : 0;
}

static moe::MeshAttr importMesh(const frontend::Program &program, MLIRContext *context) {
  std::string machine;
  uint64_t memory = 0; // the machine does not say
  int64_t rate = 0, multiprocessors = 0;
  if (program.machine) {
    machine = program.machine->name;
    memory = whole(valueOf(program.machine->memoryBytes));
    rate = whole(valueOf(program.machine->memoryBytesPerSecond) / 1e6);
    multiprocessors = program.machine->multiprocessors.value_or(0);
  }
  return moe::MeshAttr::get(context, program.mesh.name, machine, program.ranks(), memory, rate,
                            multiprocessors, program.mesh.nodes());
}

/// The last axis varies fastest: the links of the axes before it join nodes.
static bool joinsNodes(const frontend::Mesh &mesh, const std::string &link) {
  return llvm::any_of(ArrayRef(mesh.axes).drop_back(mesh.axes.empty() ? 0 : 1),
                      [&](const frontend::Axis &axis) { return axis.link == link; });
}

static comm::TopologyAttr importTopology(const frontend::Program &program, MLIRContext *context) {
  if (!program.machine)
    return {};
  const frontend::Machine &machine = *program.machine;
  SmallVector<comm::LinkAttr> links;
  for (const topology::Link &link : machine.links) {
    std::optional<double> rate = link.bytesPerSecond();
    if (!rate || whole(*rate / 1e6) < 1)
      continue; // nothing to schedule by
    comm::Path path = joinsNodes(program.mesh, link.name) ? comm::Path::Rail : comm::Path::NVLink;
    links.push_back(comm::LinkAttr::get(context, link.name, path, whole(*rate / 1e6),
                                        whole(link.latencySeconds() * 1e9),
                                        link.multicast.has_value()));
  }
  uint32_t ranks = program.ranks();
  uint32_t gpus = std::max(1u, machine.gpusPerNode.value_or(ranks));
  uint32_t nodes = std::max(1u, machine.nodes.value_or((ranks + gpus - 1) / gpus));
  return comm::TopologyAttr::get(context, machine.name, nodes, gpus, links);
}

/// Adds `number: [values]`, or the values to the entry that the number has.
static void addEntry(SmallVectorImpl<SmallVector<int64_t>> &entries, int64_t number,
                     ArrayRef<uint32_t> values) {
  auto *entry = llvm::find_if(entries, [&](auto &other) { return other.front() == number; });
  if (entry == entries.end()) {
    entries.push_back({number});
    entry = &entries.back();
  }
  entry->append(values.begin(), values.end());
}

static SmallVector<DenseI64ArrayAttr> toAttrs(ArrayRef<SmallVector<int64_t>> entries,
                                              MLIRContext *context) {
  SmallVector<DenseI64ArrayAttr> attributes;
  for (const SmallVector<int64_t> &entry : entries)
    if (entry.size() > 1) // `gpu 3 holds` and nothing is no request
      attributes.push_back(DenseI64ArrayAttr::get(context, entry));
  return attributes;
}

static moe::PlacementRule toRule(frontend::PlacementRule rule) {
  switch (rule) {
  case frontend::PlacementRule::Linear:
    return moe::PlacementRule::Linear;
  case frontend::PlacementRule::RoundRobin:
    return moe::PlacementRule::RoundRobin;
  case frontend::PlacementRule::None:
    return moe::PlacementRule::None;
  case frontend::PlacementRule::ByLoad:
    return moe::PlacementRule::ByLoad;
  }
  llvm_unreachable("unknown rule");
}

static std::optional<int64_t> wide(std::optional<uint32_t> value) {
  return value ? std::optional<int64_t>(*value) : std::nullopt;
}

static moe::LoadAttr importLoad(const frontend::LoadRequest &load, MLIRContext *context) {
  SmallVector<DenseF64ArrayAttr> counts;
  for (const std::vector<double> &period : load.loads)
    counts.push_back(DenseF64ArrayAttr::get(context, period));
  return moe::LoadAttr::get(context, counts, wide(load.slots), wide(load.redundant),
                            wide(load.mostCopies), load.groupsOnNodes);
}

static moe::PlacementRequestAttr importRequest(const frontend::PlacementRequest &request,
                                               MLIRContext *context) {
  SmallVector<SmallVector<int64_t>> holds, pins, turns;
  for (const frontend::RankExperts &list : request.lists)
    addEntry(holds, list.rank, list.experts);
  for (const frontend::ExpertPin &pin : request.pins)
    addEntry(pins, pin.expert, pin.ranks);
  for (const frontend::ExpertTurns &list : request.turns)
    for (uint32_t source : list.sources)
      llvm::append_range(turns.emplace_back(SmallVector<int64_t>{list.expert, source}), list.ranks);
  moe::LoadAttr load = request.load ? importLoad(*request.load, context) : moe::LoadAttr();
  return moe::PlacementRequestAttr::get(context, toRule(request.rule), load,
                                        toAttrs(holds, context), toAttrs(pins, context),
                                        moe::Serve(request.serve), toAttrs(turns, context));
}

static moe::Algorithm toAlgorithm(frontend::Algorithm algorithm) {
  switch (algorithm) {
  case frontend::Algorithm::Auto:
  case frontend::Algorithm::Staggered:
    return moe::Algorithm::StaggeredPut;
  case frontend::Algorithm::TwoTier:
    return moe::Algorithm::TwoTier;
  case frontend::Algorithm::Multicast:
    return moe::Algorithm::Multicast;
  case frontend::Algorithm::Staged:
    return moe::Algorithm::Staged;
  case frontend::Algorithm::Birkhoff:
    return moe::Algorithm::Birkhoff;
  }
  llvm_unreachable("unknown algorithm");
}

static moe::Combine toCombine(frontend::Combine combine) {
  switch (combine) {
  case frontend::Combine::Rows:
    return moe::Combine::Rows;
  case frontend::Combine::Partial:
    return moe::Combine::Partial;
  case frontend::Combine::Switch:
    return moe::Combine::Switch;
  }
  llvm_unreachable("unknown combine");
}

/// Groups of the one machine that a staged schedule joins.
static std::optional<int64_t> getGroups(const frontend::Program &program) {
  if (program.schedule.algorithm != frontend::Algorithm::Staged || !program.machine)
    return std::nullopt;
  return topology::stagingGroups(*program.machine, program.ranks());
}

static moe::ScheduleAttr importSchedule(const frontend::Program &program, MLIRContext *context) {
  const frontend::ScheduleRequest &request = program.schedule;
  moe::Algorithm algorithm = toAlgorithm(request.algorithm);
  bool bySize = request.ratesBySize.value_or(false);
  bool copies = request.copyEngine.value_or(false);
  bool byHost = request.crossByHost.value_or(false);
  bool isDefault = algorithm == moe::Algorithm::StaggeredPut && !bySize && !copies && !byHost &&
                   !request.pipelinesExperts && !request.chunks && !request.spraysLanes;
  if (!request.window && !request.depth && !request.fusion && isDefault &&
      request.combine == frontend::Combine::Rows)
    return {}; // all of it is the compiler's choice
  moe::Fusion fuse = request.fusion ? moe::Fusion(*request.fusion) : moe::Fusion::Auto;
  return moe::ScheduleAttr::get(
      context, wide(request.window), wide(request.depth), fuse, algorithm,
      toCombine(request.combine), bySize ? moe::Rates::Sizes : moe::Rates::Equal,
      getGroups(program), copies ? moe::Engine::Copy : moe::Engine::Sm,
      byHost ? moe::Crossing::Host : moe::Crossing::Peer, request.pipelinesExperts,
      wide(request.chunks), request.spraysLanes);
}

/// The source says `algorithm auto`, rather than nothing.
static bool isAlgorithmOpen(const frontend::ScheduleRequest &request) {
  return request.algorithm == frontend::Algorithm::Auto && request.algorithmLocation.isValid();
}

/// Statements that a choice leaves as they are; null: none.
static ArrayAttr importSaid(const frontend::ScheduleRequest &request, OpBuilder &builder) {
  SmallVector<StringRef> said;
  if (request.ratesBySize)
    said.push_back("rates");
  if (request.copyEngine)
    said.push_back("engine");
  if (request.crossByHost)
    said.push_back("cross");
  return said.empty() ? ArrayAttr() : builder.getStrArrayAttr(said);
}

/// Tiles of the schedule block; null: none.
static ArrayAttr importTiles(const frontend::ScheduleRequest &request, MLIRContext *context) {
  SmallVector<Attribute> tiles;
  auto add = [&](comm::TileUse use, const std::vector<fusion::TileRequest> &asked) {
    for (const fusion::TileRequest &tile : asked) {
      std::optional<int64_t> most;
      if (tile.maxRows != UINT32_MAX)
        most = tile.maxRows;
      auto operand = tile.swapped ? comm::TileOperand::Swapped : comm::TileOperand::Rows;
      tiles.push_back(comm::TileAttr::get(context, use, operand, tile.rows, most));
    }
  };
  add(comm::TileUse::Experts, request.expertTiles);
  add(comm::TileUse::Shared, request.sharedTiles);
  return tiles.empty() ? ArrayAttr() : ArrayAttr::get(context, tiles);
}

OwningOpRef<ModuleOp> importProgram(const frontend::Program &program, MLIRContext *context) {
  context->loadDialect<moe::MoeDialect, comm::CommDialect>();
  Places places(*program.sources, context);
  Location place = places.get(program.locations.layer);
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module(ModuleOp::create(place));
  if (program.sources->size() != 0)
    (*module)->setAttr(moe::kSourceAttrName, builder.getStringAttr(program.sources->name(0)));

  builder.setInsertionPointToStart(module->getBody());
  IntegerAttr maxTokens;
  if (program.schedule.maxTokensPerRank)
    maxTokens = builder.getI64IntegerAttr(*program.schedule.maxTokensPerRank);
  auto layer = moe::LayerOp::create(builder, place, builder.getStringAttr(program.layer.name),
                                    builder.getI64IntegerAttr(program.layer.experts),
                                    importMesh(program, context), maxTokens,
                                    importRequest(program.placement, context),
                                    /*placement=*/nullptr, importSchedule(program, context));
  if (comm::TopologyAttr topology = importTopology(program, context))
    layer->setAttr(kTopologyAttrName, topology);
  if (ArrayAttr tiles = importTiles(program.schedule, context))
    layer->setAttr(kTilesAttrName, tiles);
  if (isAlgorithmOpen(program.schedule) && program.machine) {
    layer->setAttr(kMachineAttrName,
                   builder.getStringAttr(topology::machineText(*program.machine)));
    if (ArrayAttr said = importSaid(program.schedule, builder))
      layer->setAttr(kSaidAttrName, said);
  }
  LayerImporter(program.layer, program.locations, places, builder).importBody(layer);
  return module;
}

} // namespace moec
