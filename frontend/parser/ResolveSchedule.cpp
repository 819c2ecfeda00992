//===- ResolveSchedule.cpp - Schedules ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "runtime/topology/PcieTree.h"

namespace moec::frontend {

static void resolveAlgorithm(const Statement &statement, ScheduleRequest &result,
                             Diagnostics &diagnostics) {
  const Value *algorithm = statement.find("algorithm");
  result.algorithmLocation = statement.location;
  if (!algorithm || algorithm->text == "auto")
    return;
  constexpr std::pair<std::string_view, Algorithm> known[] = {
      {"staggered", Algorithm::Staggered}, {"two_tier", Algorithm::TwoTier},
      {"staged", Algorithm::Staged},       {"multicast", Algorithm::Multicast},
      {"birkhoff", Algorithm::Birkhoff},
  };
  for (auto [name, value] : known)
    if (algorithm->text == name) {
      result.algorithm = value;
      return;
    }
  refuse(statement, "the algorithm '" + algorithm->text + "'",
         "implemented: auto, staggered, two_tier, staged, multicast, birkhoff", diagnostics);
}

/// What one `fuse` asks for; nothing if it is no fusion that there is.
static std::optional<fusion::Fusion> readFusion(const Expression &tasks) {
  if (tasks.isName("nothing"))
    return fusion::Fusion::Nothing;
  if (tasks.isName("everything"))
    return fusion::Fusion::Everything;
  if (isSum(tasks, "dispatch", "up"))
    return fusion::Fusion::DispatchUp;
  if (isSum(tasks, "down", "combine"))
    return fusion::Fusion::DownCombine;
  return std::nullopt;
}

/// Two of them can stand side by side if they have no stage in common.
static std::optional<fusion::Fusion> join(fusion::Fusion first, fusion::Fusion second) {
  using fusion::Fusion;
  bool both = (first == Fusion::DispatchUp && second == Fusion::DownCombine) ||
              (first == Fusion::DownCombine && second == Fusion::DispatchUp);
  return both ? std::optional(Fusion::DispatchUpDownCombine) : std::nullopt;
}

static void resolveFusion(const Statement &statement, ScheduleRequest &result,
                          Diagnostics &diagnostics) {
  const Value *tasks = statement.find("tasks");
  if (!tasks || !checkExpression(tasks->expression, ExpressionContext::Fuse, "fuse", diagnostics))
    return;
  std::optional<fusion::Fusion> fusion = readFusion(tasks->expression);
  if (!fusion)
    return refuse(statement, "fusing these tasks",
                  "implemented: fuse nothing, fuse everything, fuse dispatch + up, "
                  "fuse down + combine",
                  diagnostics);
  if (!result.fusion) {
    result.fusion = fusion;
    result.fusionLocation = statement.location;
    return;
  }
  std::optional<fusion::Fusion> both = join(*result.fusion, *fusion);
  if (both)
    result.fusion = both;
  else
    diagnostics.report(DiagnosticId::FusionsOverlap, statement.location, {})
        .at(result.fusionLocation, "first here");
}

static bool isImplemented(const fusion::TileRequest &tile) {
  for (uint32_t tokens : {8, 16, 32, 64})
    if (tile.swapped && tile.rows == tokens)
      return true;
  return !tile.swapped && (tile.rows == 64 || tile.rows == 128);
}

static void resolveTile(const Statement &statement, ScheduleRequest &result,
                        Diagnostics &diagnostics) {
  const Value *of = statement.find("of"), *operand = statement.find("operand");
  fusion::TileRequest tile;
  constexpr uint32_t most = UINT32_MAX - 1;
  auto tokens = readInteger(statement, "tokens", 1, 256, diagnostics);
  if (!of || !operand || !tokens)
    return;
  tile.swapped = operand->text == "swapped";
  tile.rows = *tokens;
  if (statement.find("most")) {
    auto limit = readInteger(statement, "most", 1, most, diagnostics);
    if (!limit)
      return;
    tile.maxRows = *limit;
  }
  if (!isImplemented(tile))
    return refuse(statement, "a tile of this many tokens",
                  "implemented: rows 64 or 128, swapped 8, 16, 32 or 64", diagnostics);
  bool shared = of->text == "shared";
  auto &tiles = shared ? result.sharedTiles : result.expertTiles;
  Location &last = shared ? result.sharedTilesLocation : result.expertTilesLocation;
  if (!tiles.empty() && (tiles.back().rows >= tile.rows || tiles.back().maxRows >= tile.maxRows)) {
    diagnostics
        .report(DiagnosticId::TilesDoNotGrow, statement.location,
                {of->text, "do not grow from one to the next"})
        .at(last, "the one before");
    return;
  }
  tiles.push_back(tile);
  last = statement.location;
}

/// Whatever number of rows there is, one tile is for it.
static void checkLastTile(const char *of, const std::vector<fusion::TileRequest> &tiles,
                          const Location &last, Diagnostics &diagnostics) {
  if (!tiles.empty() && tiles.back().maxRows != UINT32_MAX)
    diagnostics.report(DiagnosticId::TilesDoNotGrow, last,
                       {of, "must end with one without a limit"});
}

static void resolveSetting(const Statement &statement, ScheduleRequest &result,
                           Diagnostics &diagnostics) {
  std::string_view keyword = statement.name();
  const Value *order = statement.find("order");
  if (keyword == "algorithm") {
    resolveAlgorithm(statement, result, diagnostics);
  } else if (keyword == "window") {
    result.window = readInteger(statement, "peers", 0, plan::maxRanks, diagnostics);
    result.windowLocation = statement.location;
  } else if (keyword == "depth") {
    result.depth = readInteger(statement, "copies", 1, plan::maxDepth, diagnostics);
    result.depthLocation = statement.location;
  } else if (keyword == "chunks") {
    result.chunks = readInteger(statement, "pieces", 1, plan::maxChunks, diagnostics);
    result.chunksLocation = statement.location;
  } else if (keyword == "spray") {
    result.spraysLanes = true;
    result.sprayLocation = statement.location;
  } else if (keyword == "tokens") {
    result.maxTokensPerRank = readInteger(statement, "tokens", 1, maxTokensPerRank, diagnostics);
    result.tokensLocation = statement.location;
  } else if (keyword == "combine" && order) {
    result.combine = order->text == "switch"    ? Combine::Switch
                     : order->text == "partial" ? Combine::Partial
                                                : Combine::Rows;
    result.combineLocation = statement.location;
  } else if (const Value *by = statement.find("by"); keyword == "rates" && by) {
    result.ratesBySize = by->text == "sizes";
    result.ratesLocation = statement.location;
  } else if (keyword == "pipeline") {
    result.pipelinesExperts = true;
    result.pipelineLocation = statement.location;
  } else if (const Value *engine = statement.find("engine"); keyword == "engine" && engine) {
    result.copyEngine = engine->text == "copy";
    result.engineLocation = statement.location;
  } else if (const Value *way = statement.find("way"); keyword == "cross" && way) {
    result.crossByHost = way->text == "host";
    result.crossLocation = statement.location;
  } else if (keyword == "steps" && order && order->text != "serial") {
    refuse(statement, "more than one step in flight", "implemented: steps serial", diagnostics);
  } else if (keyword == "comm" && !statement.broken) {
    refuse(statement, "a share of multiprocessors for communication", "", diagnostics);
  } else if (keyword == "fuse") {
    resolveFusion(statement, result, diagnostics);
  } else if (keyword == "tile") {
    resolveTile(statement, result, diagnostics);
  }
}

/// What is missing for all ranks to be in one node of a machine; empty if nothing is.
static std::string findMissingNode(const Program &program) {
  uint32_t nodes = program.mesh.nodes(), ranks = program.ranks();
  if (!program.machine)
    return "the mesh is over no machine";
  const Machine &machine = *program.machine;
  if (nodes > 1)
    return "the mesh has " + std::to_string(nodes) + " of them";
  if (ranks > machine.gpusPerNode.value_or(ranks))
    return "machine '" + machine.name + "' has " + std::to_string(*machine.gpusPerNode) +
           " GPUs a node for " + std::to_string(ranks) + " ranks";
  return "";
}

/// What is missing for an exchange by the switch; empty if nothing is.
static std::string findMissingSwitch(const Program &program) {
  if (std::string missing = findMissingNode(program); !missing.empty())
    return missing;
  const Machine &machine = *program.machine;
  uint32_t ranks = program.ranks();
  if (!topology::hasSwitch(machine, ranks))
    return "machine '" + machine.name + "' has no link nvlink over all GPUs with `multicast`";
  return "";
}

void checkSwitch(const Program &program, Diagnostics &diagnostics) {
  const ScheduleRequest &schedule = program.schedule;
  bool multicasts = schedule.algorithm == Algorithm::Multicast;
  bool adds = schedule.combine == Combine::Switch;
  if (adds && !multicasts)
    diagnostics.report(DiagnosticId::SwitchWithoutMulticast, schedule.combineLocation, {});
  if (!multicasts && !adds)
    return;
  if (std::string missing = findMissingSwitch(program); !missing.empty())
    diagnostics.report(DiagnosticId::NoSwitch,
                       multicasts ? schedule.algorithmLocation : schedule.combineLocation,
                       {multicasts ? "algorithm multicast" : "combine switch", missing});
}

void checkTiers(const Program &program, Diagnostics &diagnostics) {
  const ScheduleRequest &schedule = program.schedule;
  bool isTwoTier = schedule.algorithm == Algorithm::TwoTier;
  if ((isTwoTier || schedule.algorithm == Algorithm::Birkhoff) && program.mesh.nodes() == 1)
    diagnostics.report(DiagnosticId::NoNodes, schedule.algorithmLocation,
                       {isTwoTier ? "two_tier" : "birkhoff"});
}

/// What is missing for stages within a machine; empty if nothing is.
static std::string findMissingStages(const Program &program) {
  if (std::string missing = findMissingNode(program); !missing.empty())
    return missing;
  const Machine &machine = *program.machine;
  uint32_t ranks = program.ranks();
  uint32_t groups = topology::stagingGroups(machine, ranks);
  std::string found = "machine '" + machine.name + "' ";
  if (groups == 1)
    return found + "parts its first " + std::to_string(ranks) + " GPUs into no such groups";
  return groups == ranks ? found + "has one GPU in each" : "";
}

void checkStages(const Program &program, Diagnostics &diagnostics) {
  const ScheduleRequest &schedule = program.schedule;
  bool isStaged = schedule.algorithm == Algorithm::Staged;
  std::string missing = isStaged ? findMissingStages(program) : "";
  if (!missing.empty())
    diagnostics.report(DiagnosticId::NoStages, schedule.algorithmLocation, {missing});
  if (!schedule.crossByHost.value_or(false))
    return;
  bool isOther = !isStaged && schedule.algorithm != Algorithm::Auto &&
                 schedule.algorithm != Algorithm::Staggered;
  if (isOther || program.mesh.nodes() > 1)
    diagnostics.report(DiagnosticId::NoCrossing, schedule.crossLocation,
                       {isOther ? "the algorithm is another"
                                : "the mesh has " + std::to_string(program.mesh.nodes())});
  else if (program.machine && !program.machine->hostMemoryBytesPerSecond)
    diagnostics.report(
        DiagnosticId::NoCrossing, schedule.crossLocation,
        {"machine '" + program.machine->name + "' does not say how fast its host_memory is"});
}

void checkEngine(const Program &program, Diagnostics &diagnostics) {
  const ScheduleRequest &schedule = program.schedule;
  bool isStraight =
      schedule.algorithm == Algorithm::Auto || schedule.algorithm == Algorithm::Staggered;
  if (schedule.copyEngine.value_or(false) && (!isStraight || program.mesh.nodes() > 1))
    diagnostics.report(DiagnosticId::NoCopyEngine, schedule.engineLocation,
                       {isStraight ? "the mesh has " + std::to_string(program.mesh.nodes())
                                   : "the algorithm is another"});
}

ScheduleRequest resolveSchedule(const Statement &block, Diagnostics &diagnostics) {
  ScheduleRequest result;
  result.location = block.location;
  if (const Value *name = block.find("name"))
    result.name = name->text;
  size_t reported = diagnostics.all().size();
  for (const Statement &statement : block.body)
    resolveSetting(statement, result, diagnostics);
  if (reported != diagnostics.all().size())
    return result; // the last tile may be one that was refused
  if (result.ratesBySize.value_or(false) && result.window == 1u)
    diagnostics.report(DiagnosticId::RatesOfOnePut, result.ratesLocation, {})
        .at(result.windowLocation, "one put at a time");
  bool isStraight = result.algorithm == Algorithm::Staggered || result.algorithm == Algorithm::Auto;
  if (result.pipelinesExperts && !isStraight)
    diagnostics.report(DiagnosticId::PipelineOfTiers, result.pipelineLocation, {})
        .at(result.algorithmLocation, "tokens come by way of others");
  bool isTwoHops = result.algorithm == Algorithm::TwoTier || result.algorithm == Algorithm::Staged;
  if (result.chunks.value_or(1) > 1 && !isTwoHops)
    diagnostics.report(DiagnosticId::ChunksOfOneHop, result.chunksLocation, {});
  if (result.spraysLanes &&
      (result.algorithm != Algorithm::TwoTier || result.chunks.value_or(1) < 2))
    diagnostics.report(DiagnosticId::SprayOfNoChunks, result.sprayLocation, {});
  checkLastTile("experts", result.expertTiles, result.expertTilesLocation, diagnostics);
  checkLastTile("shared", result.sharedTiles, result.sharedTilesLocation, diagnostics);
  return result;
}

} // namespace moec::frontend
