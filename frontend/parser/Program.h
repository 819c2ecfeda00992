//===- Program.h - A .moe program with every name resolved ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the front end hands to the compiler: one layer on one mesh, with the
// request for its placement and its schedule. All names are resolved, all
// ranges checked, everything that is not implemented has been refused. Each
// fact keeps the place that it was read from; a place with line 0 means that
// the fact is a default and nobody wrote it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_PROGRAM_H
#define MOEC_FRONTEND_PARSER_PROGRAM_H

#include "frontend/parser/Diagnostics.h"
#include "passes/fusion/KernelForm.h"
#include "passes/placement/ServeTurns.h"
#include "runtime/module/Layer.h"
#include "runtime/topology/Machine.h"

#include <memory>

namespace moec::frontend {

/// The hardware, as read.
struct Machine : topology::Machine {
  Location location;
};

struct Axis {
  std::string name;
  uint32_t size = 1;
  std::string link; ///< a link of the machine; empty = not said
  Location location;
};

/// Ranks in row-major order of the axes: the last one varies fastest.
struct Mesh {
  std::string name;
  std::vector<Axis> axes;
  Location location;
  uint32_t ranks() const {
    uint32_t product = 1;
    for (const Axis &axis : axes)
      product *= axis.size;
    return product;
  }
  /// Nodes that links join: all axes but the last, if one of them is over a link.
  uint32_t nodes() const {
    uint32_t product = 1;
    bool isJoined = false;
    for (size_t i = 0; i + 1 < axes.size(); ++i) {
      product *= axes[i].size;
      isJoined |= !axes[i].link.empty();
    }
    return isJoined ? product : 1;
  }
};

/// Where each part of the layer was written.
struct LayerLocations {
  Location layer;      ///< the block's first line: `layer NAME`
  Location hidden;     ///< hidden N
  Location experts;    ///< experts N
  Location activation; ///< activation EXPR of the experts
  Location shared;     ///< the shared block's first line
  Location sharedScale;
  Location router; ///< the word `router`
  Location logits;
  Location score;
  Location choose;
  Location groups;
  Location routingWeights; ///< weights EXPR in the router
  Location combine;
  Location tokensType;
  Location weightsType;
  Location combineType;
  Location checkpoint; ///< weights from FAMILY
};

/// How experts that no pin or list names are dealt to the ranks.
enum class PlacementRule : uint8_t {
  Linear,     ///< contiguous runs of experts in index order, sizes even to one
  RoundRobin, ///< the i-th such expert to rank i mod ranks
  None,       ///< there are none left: the lists name every expert
  ByLoad,     ///< by how often each was chosen: `auto load`
};

/// `auto load "H.csv"` and what else a placement by load is told.
struct LoadRequest {
  std::vector<std::vector<double>> loads; ///< [period][expert]
  std::optional<uint32_t> slots;          ///< on each gpu
  std::optional<uint32_t> redundant;      ///< copies beyond one of each expert
  std::optional<uint32_t> mostCopies;     ///< of one expert
  bool groupsOnNodes = false;
};

/// `pin expert E -> gpu R, ...`: a copy of the expert on each of these ranks.
/// A pinned expert lives only where it is pinned.
struct ExpertPin {
  uint32_t expert = 0;
  std::vector<uint32_t> ranks; ///< distinct, as written
  Location location;
};

/// `gpu R holds E, ...`: these experts in this order come first on the rank.
struct RankExperts {
  uint32_t rank = 0;
  std::vector<uint32_t> experts; ///< distinct, as written
  Location location;
};

/// `turns expert E from gpu S, .. -> gpu R, ..`: these copies serve these sources, one
/// after the other; the rest of the sources by `serve`.
struct ExpertTurns {
  uint32_t expert = 0;
  std::vector<uint32_t> sources; ///< distinct, over all statements of the expert
  std::vector<uint32_t> ranks;   ///< a rank may be there again
  Location location;
};

/// A rank's slots in order: its `holds` list, then the experts pinned to it in
/// the order of the pins, then the ones that `rule` deals to it. An expert that
/// a list or a pin names is not dealt.
struct PlacementRequest {
  std::string name; ///< empty if the block has none, or there is no block
  PlacementRule rule = PlacementRule::Linear;
  std::vector<ExpertPin> pins;
  std::vector<RankExperts> lists;
  std::optional<LoadRequest> load; ///< there exactly when the rule is ByLoad
  ServeRule serve = ServeRule::InTurn;
  std::vector<ExpertTurns> turns;
  Location location;
  Location ruleLocation;
};

enum class Algorithm : uint8_t {
  Auto,      ///< the compiler's choice
  Staggered, ///< one-sided puts, every rank starting at itself
  TwoTier,   ///< once to each node by a rail, then to its ranks
  Multicast, ///< once to all ranks, by a switch that copies
  Staged,    ///< once to each host bridge or socket of a machine, then to its ranks
  Birkhoff,  ///< the same in stages of one-to-one nodes, by all rails of a node evenly
};

/// What comes back to a token's rank.
enum class Combine : uint8_t {
  Rows,    ///< every expert's row
  Partial, ///< sums of a rank's, in two tiers a node's rows
  Switch,  ///< the sum of all ranks' sums, made by a switch
};

/// How; never what. Unset fields are the compiler's choice.
struct ScheduleRequest {
  std::string name;
  Algorithm algorithm = Algorithm::Auto;
  Combine combine = Combine::Rows;
  std::optional<bool> ratesBySize;          ///< rates sizes
  bool pipelinesExperts = false;            ///< pipeline experts
  bool spraysLanes = false;                 ///< spray lanes
  std::optional<bool> copyEngine;           ///< engine copy
  std::optional<bool> crossByHost;          ///< cross by host
  std::optional<uint32_t> window;           ///< peers in flight; 0 = all
  std::optional<uint32_t> depth;            ///< copies of each symmetric region
  std::optional<uint32_t> chunks;           ///< pieces of what crosses nodes or groups
  std::optional<uint32_t> maxTokensPerRank; ///< tokens at most N per gpu
  std::optional<fusion::Fusion> fusion;     ///< stages that share a launch
  /// Of the experts' products and the shared expert's, ascending.
  std::vector<fusion::TileRequest> expertTiles, sharedTiles;
  Location location;
  Location algorithmLocation;
  Location combineLocation;
  Location ratesLocation;
  Location pipelineLocation;
  Location engineLocation;
  Location crossLocation;
  Location windowLocation;
  Location depthLocation;
  Location chunksLocation;
  Location sprayLocation;
  Location tokensLocation;
  Location fusionLocation;                           ///< of the first `fuse`
  Location expertTilesLocation, sharedTilesLocation; ///< of the last `tile`
};

struct Program {
  /// Every file read: the text of each is what the module's provenance holds.
  std::shared_ptr<Sources> sources;
  std::optional<Machine> machine;
  Mesh mesh;
  moec::Layer layer;
  LayerLocations locations;
  PlacementRequest placement;
  ScheduleRequest schedule;

  uint32_t ranks() const { return mesh.ranks(); }
};

/// A machine and a mesh on it in place of the file's: those of a study.
struct Site {
  Machine machine;
  std::vector<Axis> axes;
};

struct ParseOptions {
  /// `--ranks N`: the mesh gets N ranks, whatever the file says: whole nodes of the file's
  /// size, or one axis of N where it has no nodes or N is at most one.
  std::optional<uint32_t> ranks = {};
  std::optional<Site> site = {}; ///< and then no `ranks`
  /// A file of machines alone is whole; the program then has no layer and no mesh.
  bool machinesWillDo = false;
  /// Statements of a schedule block, each in place of the file's of the same keyword, an
  /// algorithm in place of `chunks`, `spray` and `pipeline` too: "algorithm two_tier;
  /// combine partial". Messages about them name `optionsName`.
  std::string schedule = {};
};

/// Reads a program from files (.moe or its JSON form, told apart by content)
/// and what they import. Nothing if any error or unsupported feature was
/// reported; diagnostics.exitCode() then says which of the two.
std::optional<Program> parseProgram(const std::vector<std::string> &paths,
                                    const ParseOptions &options, Diagnostics &diagnostics);

/// The same for a text at hand; `name` is what messages call it, and relative
/// imports start in its folder.
std::optional<Program> parseProgramText(std::string text, std::string name,
                                        const ParseOptions &options, Diagnostics &diagnostics);

/// A machine alone: one that comes with moec, else the only `machine` block of a file
/// and its imports. Nothing if there is none, several, or an error was reported.
std::optional<Machine> parseMachine(const std::string &nameOrPath, Diagnostics &diagnostics);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_PROGRAM_H
